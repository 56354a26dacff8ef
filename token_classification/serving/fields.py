"""The fields of a JSON body: what is accepted, and refusals that name the place, what was found and what is accepted.

Texts are checked by hand: a library of schemas refuses half characters, which are answered here.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

from token_classification.arguments.decoding import Decoder
from token_classification.inference.texts import TextOrWords
from token_classification.nearest_names import did_you_mean
from token_classification.output_text import make_printable
from token_classification.serving.errors import RequestError

UNPROCESSABLE = 422
"""The JSON can be read, but its fields are not those that are accepted"""

DECODERS: tuple[Decoder, ...] = get_args(Decoder)
LONGEST_SHOWN_NAME = 60


def refuse(place: str, found: object, accepted: str) -> RequestError:
    """Return the refusal of a value, which names its kind, never a text itself.

    >>> print(refuse("inputs[3]", 5, "a text"))
    inputs[3]: found a number; accepted is a text
    """
    return RequestError(UNPROCESSABLE, "invalid_field", f"{place}: found {_name_kind(found)}; accepted is {accepted}")


def read_object(
    value: object, place: str, accepted: Sequence[str], required: Sequence[str] = ()
) -> Mapping[str, object]:
    """Return an object with fields that are all known; one that is null counts as left out.

    Args:
        value: What was found.
        place: Where, for the refusal.
        accepted: All the fields that it may have.
        required: Those that it must have.

    Raises:
        RequestError: it is no object, or a field is unknown or missing.
    """
    if not isinstance(value, dict):
        raise refuse(place, value, f"an object with {', '.join(accepted)}")
    for name in value:
        if name not in accepted:
            raise _refuse_name("unknown_field", place, name, accepted)
    fields = {name: content for name, content in value.items() if content is not None}
    for name in required:
        if name not in fields:
            raise RequestError(UNPROCESSABLE, "missing_field", f"{place}: {name} is missing; {_list_names(accepted)}")
    return fields


def read_choice(value: object, place: str, accepted: Sequence[str]) -> str:
    """Return one of some names.

    Raises:
        RequestError: it is none of them.
    """
    if not isinstance(value, str):
        raise refuse(place, value, f"one of {', '.join(accepted)}")
    if value not in accepted:
        raise _refuse_name("invalid_field", place, value, accepted)
    return value


def read_decoder(value: object, place: str) -> Decoder:
    """Return the decoder that a request asks for.

    Raises:
        RequestError: there is none of this name.
    """
    name = read_choice(value, place, DECODERS)
    return next(decoder for decoder in DECODERS if decoder == name)


def read_texts(value: object, place: str, of: Literal["texts", "texts or lists of words"]) -> Sequence[TextOrWords]:
    """Return a list of texts, or one in which a text may also be a list of its words.

    Raises:
        RequestError: it is something else.
    """
    if not isinstance(value, list):
        raise refuse(place, value, f"a list of {of}")
    for number, text in enumerate(value):
        if isinstance(text, str):
            continue
        if of == "texts":
            raise refuse(f"{place}[{number}]", text, "a text")
        if not isinstance(text, list):
            raise refuse(f"{place}[{number}]", text, "a text or a list of words")
        for word_number, word in enumerate(text):
            if not isinstance(word, str):
                raise refuse(f"{place}[{number}][{word_number}]", word, "a word")
    return value


def read_flag(value: object, place: str) -> bool:
    """Return true or false.

    Raises:
        RequestError: it is something else.
    """
    if not isinstance(value, bool):
        raise refuse(place, value, "true or false")
    return value


def read_count(value: object, place: str) -> int:
    """Return a whole number from 0 on; 2.0 is one, as in JSON schemas.

    Raises:
        RequestError: it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refuse(place, value, "a whole number from 0 on")
    if value < 0 or value != value // 1:
        raise RequestError(
            UNPROCESSABLE, "invalid_field", f"{place}: found {value!r:.20}; accepted is a whole number from 0 on"
        )
    return int(value)


def show_name(name: str) -> str:
    """Return a name that a client sent as part of a message: short, and with nothing that controls a terminal."""
    return make_printable(name if len(name) <= LONGEST_SHOWN_NAME else f"{name[:LONGEST_SHOWN_NAME]}...")


def _refuse_name(error_type: str, place: str, name: str, accepted: Sequence[str]) -> RequestError:
    problem = f"{place}: {show_name(name)} is unknown; {_list_names(accepted)}"
    question = did_you_mean(name, accepted, otherwise="")
    return RequestError(UNPROCESSABLE, error_type, f"{problem}; {question}" if question else problem)


def _name_kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "a text"
    if isinstance(value, int | float):
        return "a number"
    return "a list" if isinstance(value, list) else "an object"


def _list_names(names: Sequence[str]) -> str:
    return f"accepted {'are' if len(names) > 1 else 'is'} {', '.join(names)}"
