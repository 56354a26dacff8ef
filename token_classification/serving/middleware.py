"""Around every request: its id, the key, the limits, its line in the log, and an answer whatever happens inside."""

import asyncio
import logging
import time
import traceback
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from token_classification.arguments.serving import ServingArguments
from token_classification.serving.access_log import AccessLog
from token_classification.serving.auth import check_key, needs_key
from token_classification.serving.errors import RequestError
from token_classification.serving.exchange import KEY_IN_SCOPE, Exchange, choose_request_id, name_path
from token_classification.serving.limits import (
    LONGEST_HEAD,
    LimitedBody,
    check_declared_size,
    refuse_head,
    refuse_http,
)
from token_classification.serving.metrics import Metrics
from token_classification.serving.requests import respond_with_error

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Head:
    """What is looked at of a request's headers before it is routed."""

    size: int = 0
    """Bytes of all headers, with what stands between them"""
    request_id: bytes = b""
    authorization: bytes = b""
    declared_size: bytes = b""
    has_body: bool = False
    encoding: bytes = b"chunked"
    """How the body is sent where its size is not declared"""


class Answer:
    """Sends an answer on, with the request's id; closes the connection behind it if the body was not read."""

    __slots__ = ("_body", "_exchange", "_send", "is_started")

    def __init__(self, send: Send, exchange: Exchange, body: LimitedBody) -> None:
        self._send = send
        self._exchange = exchange
        self._body = body
        self.is_started = False

    async def send(self, message: Message) -> None:
        """Send a message, as ASGI's `send`."""
        if message["type"] == "http.response.start":
            self.is_started = True
            self._exchange.status = message["status"]
            headers = [*message.get("headers", ()), (b"x-request-id", self._exchange.request_id.encode())]
            if not self._body.is_complete:
                headers.append((b"connection", b"close"))
            await self._send({**message, "headers": headers})
        elif self._body.is_complete or message.get("more_body", False):
            await self._send(message)
        else:
            await self._send({**message, "more_body": True})
            await self._body.discard()
            await self._send({"type": "http.response.body"})


class ServingMiddleware:
    """The only middleware, in plain ASGI: what it does for each request costs little."""

    def __init__(self, app: ASGIApp, arguments: ServingArguments, metrics: Metrics, access_log: AccessLog) -> None:
        self._app = app
        self._key = arguments.api_key.encode() if arguments.api_key else None
        self._body_limit = arguments.max_body_bytes
        self._metrics = metrics
        self._access_log = access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; nothing is raised."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        head = read_head(scope["headers"])
        exchange = Exchange(scope["method"], choose_request_id(head.request_id))
        scope[KEY_IN_SCOPE] = exchange
        body = LimitedBody(scope, receive, self._body_limit, is_expected=head.has_body)
        answer = Answer(send, exchange, body)
        try:
            try:
                self._check(head, scope)
                await self._app(scope, body.receive, answer.send)
            except Exception as error:
                await _answer_error(scope, answer, exchange, error)
            except asyncio.CancelledError:
                # The server waits no longer for what is still being answered.
                await _answer_error(scope, answer, exchange, _refuse_shutdown())
        finally:
            exchange.path = name_path(scope)
            exchange.seconds = time.perf_counter() - started
            self._metrics.count_answer(exchange)
            self._access_log.write(exchange)

    def _check(self, head: Head, scope: Scope) -> None:
        """Check what can be known before a request is routed.

        Raises:
            RequestError: the key is wrong, or the request is too large.
        """
        if head.size + len(scope.get("raw_path") or b"") + len(scope["query_string"]) > LONGEST_HEAD:
            raise refuse_head()
        if self._key is not None and needs_key(scope["method"], scope["path"]):
            check_key(head.authorization, self._key)
        if head.encoding.strip().lower() != b"chunked":
            raise refuse_http()  # where such a body ends is not known
        check_declared_size(head.declared_size, self._body_limit)


def read_head(headers: Iterable[tuple[bytes, bytes]]) -> Head:
    """Pick what is looked at of a request's headers."""
    head = Head()
    for name, value in headers:
        head.size += len(name) + len(value) + 4
        if name == b"content-length":
            head.declared_size, head.has_body = value, value != b"0"
        elif name == b"transfer-encoding":
            head.has_body, head.encoding = True, value
        elif name == b"authorization":
            head.authorization = value
        elif name == b"x-request-id":
            head.request_id = value
    return head


async def _answer_error(scope: Scope, answer: Answer, exchange: Exchange, error: Exception) -> None:
    """Answer a request that could not be; the log gets the kind of a bug and its place, but no values."""
    if not isinstance(error, RequestError):
        places = "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)))
        logger.error("Request %s: %s\n%s", exchange.request_id, type(error).__name__, places.rstrip())
        error = RequestError(500, "internal_error", "a bug of the server; its log says more")
    exchange.error_type = error.error_type
    if not answer.is_started:
        await respond_with_error(error)(scope, _receive_nothing, answer.send)


def _refuse_shutdown() -> RequestError:
    return RequestError(503, "shutting_down", "the server is shutting down")


async def _receive_nothing() -> Message:
    return {"type": "http.disconnect"}
