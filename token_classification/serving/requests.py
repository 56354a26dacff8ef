"""What every protocol does with a request: read its JSON, have its texts tagged, answer with JSON."""

import asyncio
import json
from collections.abc import Collection, Mapping, Sequence
from math import isfinite
from typing import NoReturn

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from token_classification.arguments.decoding import Decoder
from token_classification.arguments.serving import ServingArguments
from token_classification.inference.predictor import TaggedText
from token_classification.inference.texts import Taggable, count_characters
from token_classification.serving.errors import RequestError
from token_classification.serving.exchange import find_exchange
from token_classification.serving.models import ServedModel

DEEPEST_NESTING = 64
"""Levels of lists and objects in a request"""
CLIENT_GONE = 499
"""nginx's status for a client that did not wait; only the log and the metrics see it"""


async def read_json(request: Request) -> object:
    """Read the body of a request as JSON.

    Raises:
        RequestError: 408, 413 or 415 as `read_body`, 400 as `decode_json`.
    """
    return decode_json(await read_body(request))


async def read_body(request: Request, other_types: Collection[str] = ()) -> bytes:
    """Read the body of a request.

    Args:
        request: The request.
        other_types: What its body may be beside JSON.

    Raises:
        RequestError: 408 if it does not arrive in time; 413 if it is too large; 415 if it says that it is something
            that is not accepted.
    """
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    is_json = kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))
    # A page of another site could send the types of forms and plain text without asking.
    if not is_json and kind not in other_types:
        raise RequestError(415, "unsupported_media_type", "accepted is JSON; send Content-Type: application/json")
    seconds = request.app.state.arguments.request_timeout_s
    try:
        async with asyncio.timeout(seconds):
            return await request.body()
    except TimeoutError:
        raise RequestError(408, "slow_client", f"the body did not arrive within {seconds:g} seconds") from None
    except ClientDisconnect:
        raise RequestError(CLIENT_GONE, "client_gone", "the client went away while it sent the body") from None


def decode_json(body: bytes) -> object:
    """Return what JSON says.

    Raises:
        RequestError: 400 if it is no JSON, has NaN or numbers beyond all bounds, or is nested too deeply.
    """
    try:
        content = _DECODER.decode(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise _refuse_json(f"the body is not UTF-8 (byte {error.start:,})") from None
    except json.JSONDecodeError as error:
        raise _refuse_json(f"the body is not JSON: {error.msg} (character {error.pos:,})") from None
    except RecursionError:
        raise _refuse_depth() from None
    except _WrongNumberError as error:
        raise _refuse_json(str(error)) from None
    # Each level needs a bracket, so most requests need no closer look.
    if body.count(b"[") + body.count(b"{") > DEEPEST_NESTING:
        _check_depth(content)
    return content


async def tag_texts(
    request: Request, model: ServedModel, texts: Sequence[Taggable], decoder: Decoder | None = None
) -> list[TaggedText]:
    """Tag the texts of a request; if its client goes away, they are dropped.

    Args:
        request: Whose texts these are.
        model: What tags them.
        texts: Texts, or lists of words.
        decoder: As `--decoder` of `run_ner.py`; None: what the model was opened with.

    Raises:
        RequestError: 400 if something is neither a text nor a list of words; 413 if there are too many texts or one is
            too long; 429 if the queue is full; 503 while the server shuts down; 504 if it takes too long.
    """
    arguments: ServingArguments = request.app.state.arguments
    characters = _measure_texts(texts, arguments)
    exchange = find_exchange(request)
    exchange.texts += len(texts)
    exchange.characters += characters
    request.app.state.metrics.count_texts(model.name, len(texts), characters)
    task, is_gone = asyncio.current_task(), False

    async def watch() -> None:
        nonlocal is_gone
        while (await request.receive())["type"] != "http.disconnect":
            pass
        is_gone = True
        if task is not None:
            task.cancel()

    watcher = asyncio.create_task(watch())
    try:
        async with asyncio.timeout(arguments.request_timeout_s):
            return await model.queue.tag(texts, decoder)
    except TimeoutError:
        seconds = f"{arguments.request_timeout_s:g} seconds"
        raise RequestError(504, "timeout", f"no answer within {seconds}; send fewer or shorter texts") from None
    except asyncio.CancelledError:
        if task is None or not is_gone:
            raise
        task.uncancel()
        raise RequestError(CLIENT_GONE, "client_gone", "the client did not wait for the answer") from None
    finally:
        watcher.cancel()


def respond(payload: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    r"""Return a JSON answer; half characters, which a text can have but UTF-8 cannot, are written as `\ud83d`.

    Raises:
        ValueError: a number is NaN or infinite.
    """
    body = _ENCODER.encode(payload).encode("utf-8", errors="backslashreplace")
    return Response(body, status, headers, media_type="application/json")


def respond_with_error(error: RequestError) -> Response:
    """Return the answer to a request that is refused."""
    return respond({"error": error.message, "error_type": error.error_type}, error.status, error.headers)


def _measure_texts(texts: Sequence[Taggable], arguments: ServingArguments) -> int:
    """Return the number of characters of some texts.

    Raises:
        RequestError: too many texts, one that is too long, or something that is no text.
    """
    if len(texts) > arguments.max_texts_per_request:
        found = f"{len(texts):,} texts in one request"
        raise RequestError(413, "too_many_texts", f"{found}; accepted are {arguments.max_texts_per_request:,}")
    characters = 0
    for place, text in enumerate(texts):
        try:
            size = count_characters(text)
        except TypeError:
            found = f"text {place} is neither a string nor a list of strings"
            raise RequestError(400, "invalid_request", f"{found}; accepted is text, or a list of its words") from None
        if size > arguments.max_text_characters:
            found = f"text {place} has {size:,} characters"
            raise RequestError(413, "text_too_long", f"{found}; accepted are {arguments.max_text_characters:,}")
        characters += size
    return characters


class _WrongNumberError(ValueError):
    """A number in JSON that no double can hold."""


def _refuse_constant(name: str) -> NoReturn:
    raise _WrongNumberError(f"{name} is no JSON; accepted are finite numbers")


def _read_integer(digits: str) -> int:
    # Beyond 4,300 digits Python itself refuses, because the time grows with their square.
    if len(digits) > 300:
        raise _WrongNumberError(f"a number has {len(digits):,} digits; accepted are 300")
    return int(digits)


def _read_number(digits: str) -> float:
    number = float(digits)
    if not isfinite(number):
        raise _WrongNumberError("a number is too large; accepted are those up to 1.7e308")
    return number


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_int=_read_integer, parse_float=_read_number)
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _refuse_json(found: str) -> RequestError:
    return RequestError(400, "invalid_json", found)


def _refuse_depth() -> RequestError:
    return _refuse_json(f"the body is nested too deeply; accepted are {DEEPEST_NESTING} levels")


def _check_depth(content: object) -> None:
    """Look at one level of nested lists and objects after the other.

    Raises:
        RequestError: there are too many.
    """
    level = [content]
    for _ in range(DEEPEST_NESTING):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer if isinstance(outer, list) else ())
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise _refuse_depth()
