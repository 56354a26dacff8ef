"""How much of a request is read before it is refused, whether its size was declared or not."""

import asyncio

from starlette.types import Message, Receive, Scope

from token_classification.serving.errors import RequestError

LONGEST_HEAD = 32 * 1024
"""Bytes of a request's address and headers together"""
BROKEN_BODY = "token_classification.broken_body"
"""What the connection marks a request with whose body is not what its headers promise"""
LINGER_S = 1.0
"""How long a refused body is read on"""


class LimitedBody:
    """The body of a request, up to a limit."""

    __slots__ = ("_limit", "_receive", "_scope", "is_complete", "size")

    def __init__(self, scope: Scope, receive: Receive, limit: int, *, is_expected: bool) -> None:
        self._scope = scope
        self._receive = receive
        self._limit = limit
        self.is_complete = not is_expected
        """Whether the whole body has been read, so that the next request can follow on the same connection"""
        self.size = 0

    async def receive(self) -> Message:
        """Return the next message, as ASGI's `receive`.

        Raises:
            RequestError: the body is larger than the limit, or no body at all.
        """
        message = await self._receive()
        if BROKEN_BODY in self._scope:
            raise refuse_http()
        if message["type"] == "http.request":
            self._note(message)
            if self.size > self._limit:
                raise refuse_body(self._limit)
        return message

    async def discard(self) -> None:
        """Read on for a moment and forget what comes.

        A connection that is closed with something unread is reset, which may cost a client that is still sending the
        answer that says why. Reading as much again as the limit costs no more than a body that is accepted.
        """
        try:
            async with asyncio.timeout(LINGER_S):
                while not self.is_complete and BROKEN_BODY not in self._scope and self.size <= 2 * self._limit:
                    message = await self._receive()
                    if message["type"] != "http.request":
                        return
                    self._note(message)
        except TimeoutError:
            return

    def _note(self, message: Message) -> None:
        self.size += len(message.get("body", b""))
        self.is_complete = not message.get("more_body", False)


def check_declared_size(declared: bytes, limit: int) -> None:
    """Check what a `Content-Length` promises, before anything is read.

    Raises:
        RequestError: it is too much.
    """
    # More digits than the limit has are too many, whatever they are.
    if declared.isdigit() and (len(declared) > 18 or int(declared) > limit):
        raise refuse_body(limit)


def refuse_body(limit: int) -> RequestError:
    """Return the refusal of a body that is too large."""
    return RequestError(413, "body_too_large", f"the body is too large; accepted are {limit:,} bytes")


def refuse_http() -> RequestError:
    """Return the refusal of what is no HTTP."""
    return RequestError(400, "invalid_http", "this is no valid HTTP request")


def refuse_head() -> RequestError:
    """Return the refusal of an address and headers that are too long."""
    message = f"the address and the headers are too long; accepted are {LONGEST_HEAD:,} bytes"
    return RequestError(431, "headers_too_large", message)
