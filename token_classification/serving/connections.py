"""Connections to clients that are slow or send garbage without end: uvicorn's protocol, with limits of its own."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from token_classification.serving.access_log import AccessLog
from token_classification.serving.errors import RequestError
from token_classification.serving.exchange import Exchange
from token_classification.serving.limits import BROKEN_BODY, LONGEST_HEAD, refuse_head, refuse_http
from token_classification.serving.metrics import Metrics
from token_classification.serving.requests import respond_with_error
from token_classification.serving.transport import OnePacketTransport

HEAD_S = 10.0
"""How long a client may take to send an address and headers"""
LAST_REQUEST_S = 0.2
"""How long an idle connection is kept while the server shuts down: a request may be on its way"""
UNREAD_ANSWER_S = 60.0
"""How long an answer may wait for a client that does not read it, once it no longer fits into a buffer"""
NO_METHOD = "-"
"""Stands in the log for the method of a request that could not be read so far"""


class LimitedProtocol(HttpToolsProtocol):  # type: ignore[misc]  # uvicorn is an extra, which may be absent
    """A connection whose client may neither dawdle nor send without end, and that loses no request at the end."""

    def __init__(self, metrics: Metrics, access_log: AccessLog, **more: Any) -> None:  # noqa: ANN401 - uvicorn's
        super().__init__(**more)
        self._metrics = metrics
        self._access_log = access_log
        self._is_in_head = False
        self._head_size = 0
        self._head_timer: asyncio.TimerHandle | None = None
        self._unread_timer: asyncio.TimerHandle | None = None
        self._is_refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Take a connection, whose first request must come soon."""
        super().connection_made(OnePacketTransport(transport))
        self._expect_head()
        if self.server_state.is_draining:
            self.shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of a connection."""
        self._expect_no_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; what comes before a request runs is counted, and must end soon."""
        if self._is_refused:
            return
        super().data_received(data)
        if self.transport.is_closing() or self._is_refused:
            return
        if self._is_in_head or self._is_idle():
            self._head_size += len(data)
            if self._head_size > LONGEST_HEAD:
                self._refuse(refuse_head())
            elif self._head_timer is None:
                self._expect_head()
        else:
            self._expect_no_head()

    def on_message_begin(self) -> None:
        """Begin to read a request."""
        super().on_message_begin()
        self._is_in_head = True

    def on_headers_complete(self) -> None:
        """Start to answer a request; its body may still be on its way."""
        super().on_headers_complete()
        self._is_in_head = False
        self._head_size = 0
        if self.server_state.is_draining:
            self.cycle.keep_alive = False

    def on_response_complete(self) -> None:
        """Go on with the next request."""
        self.transport.flush()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        if not self._is_idle() and self.cycle.more_body:
            # The application, which reads the body, answers.
            self._is_refused, self.cycle.keep_alive = True, False
            self.scope[BROKEN_BODY] = True
            self.cycle.message_event.set()
        else:
            self._refuse(refuse_http())

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection; cut one whose client has not read its answer, for which closing would wait."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            super().timeout_keep_alive_handler()

    def pause_writing(self) -> None:
        """Wait for a client that does not read its answer, but not for ever."""
        super().pause_writing()
        self._unread_timer = self.loop.call_later(UNREAD_ANSWER_S, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on: the client reads, or is gone."""
        super().resume_writing()
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None

    def shutdown(self) -> None:
        """End the connection behind the request that is being answered or on its way."""
        if self._is_idle():
            self.loop.call_later(LAST_REQUEST_S, self._close_if_idle)
        else:
            self.cycle.keep_alive = False

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _close_if_idle(self) -> None:
        if self._is_idle() and not self._is_in_head:
            self.transport.close()

    def _expect_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_S, self._give_up)

    def _expect_no_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        """Close a connection on which no request has come; one that has begun is told."""
        if not self._is_idle():
            self._expect_head()  # a request is being answered; the next one has begun and waits
        elif self._head_size:
            self._refuse(RequestError(408, "slow_client", f"no request arrived within {HEAD_S:g} seconds"))
        else:
            self.transport.close()

    def _refuse(self, error: RequestError) -> None:
        """Answer and close; for what never becomes a request. One before it that is being answered gets its answer."""
        self._is_refused = True
        exchange = Exchange(NO_METHOD, status=error.status, error_type=error.error_type)
        self._metrics.count_answer(exchange)
        self._access_log.write(exchange)
        if not self._is_idle():
            self.cycle.keep_alive = False
            self.transport.pause_reading()
            return
        answer = respond_with_error(error)
        headers = b"".join(b"%s: %s\r\n" % pair for pair in [*answer.raw_headers, (b"connection", b"close")])
        self.transport.write(STATUS_LINE[error.status] + headers + b"\r\n" + answer.body)
        self.transport.close()
