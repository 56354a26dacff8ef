"""JSON that may be hostile: whatever is wrong with it is one kind of error, and no key stands twice in an object."""

import json
import re
from collections import Counter
from collections.abc import Iterator

BLANKS = re.compile(r"[ \t\n\r]*")


class UnreadableJSONError(json.JSONDecodeError):
    """JSON by its syntax that can't be taken: nested too deeply, a number of thousands of digits, a key twice."""


def skip_blanks(text: str, at: int) -> int:
    """Return the place of the next character that means something."""
    return at + len(BLANKS.match(text, at)[0])  # type: ignore[index]  # it matches everywhere


def decode_json(text: str, at: int = 0) -> tuple[object, int]:
    """Return the value that begins at a place of a text, and the place behind it.

    Raises:
        json.JSONDecodeError: it is no JSON.
        UnreadableJSONError: it can't be taken.
    """
    try:
        return DECODER.raw_decode(text, at)
    except json.JSONDecodeError:
        raise
    except RecursionError:
        raise UnreadableJSONError("nested too deeply", text, at) from None
    except ValueError as error:  # a key twice, or Python's limit of the digits of a number
        reason = str(error) if isinstance(error, _RepeatedKeyError) else "a number of thousands of digits"
        raise UnreadableJSONError(reason, text, at) from None


def parse_json(text: str) -> object:
    """Return the value that a text holds.

    Raises:
        json.JSONDecodeError: as `decode_json` does.
    """
    value, end = decode_json(text, skip_blanks(text, 0))
    end = skip_blanks(text, end)
    if end < len(text):
        raise json.JSONDecodeError("Extra data", text, end)
    return value


def iterate_values(text: str) -> Iterator[object]:
    """Yield the values of JSON lines, or of a list, up to the first one that can't be read."""
    at = skip_blanks(text, 0)
    in_list = text.startswith("[", at)
    at = skip_blanks(text, at + in_list)
    while at < len(text) and not text.startswith("]", at):
        try:
            value, at = decode_json(text, at)
        except json.JSONDecodeError:
            return
        yield value
        at = skip_blanks(text, at)
        if in_list and text.startswith(",", at):
            at = skip_blanks(text, at + 1)


class _RepeatedKeyError(ValueError):
    pass


def _build_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    built = dict(pairs)
    if len(built) != len(pairs):
        counts = Counter(name for name, _ in pairs)
        repeated = counts.most_common(1)[0][0]
        raise _RepeatedKeyError(f"the key {repeated[:80]!r} twice")
    return built


DECODER = json.JSONDecoder(object_pairs_hook=_build_object)
