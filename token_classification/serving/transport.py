"""What stands between uvicorn's protocol and the socket of a connection."""

import asyncio
from typing import Any

ANSWER, CONTINUE, END_OF_HEAD = b"HTTP/1.1 ", b"HTTP/1.1 100 ", b"\r\n\r\n"


class OnePacketTransport:
    """Sends the head of an answer together with the beginning of its body: one call of the system, one packet.

    uvicorn writes both by themselves, which costs a second call, and wakes a client twice.
    """

    __slots__ = ("_head", "_transport", "abort", "get_extra_info", "get_write_buffer_size", "is_closing")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""
        self.abort = transport.abort
        self.get_extra_info = transport.get_extra_info
        self.get_write_buffer_size = transport.get_write_buffer_size
        self.is_closing = transport.is_closing

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the transport has
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write; the head of an answer waits for what follows."""
        if self._head:
            self._transport.write(self._head + data)
            self._head = b""
        elif data.endswith(END_OF_HEAD) and data.startswith(ANSWER) and not data.startswith(CONTINUE):
            self._head = data
        else:
            self._transport.write(data)

    def flush(self) -> None:
        """Write a head that nothing followed."""
        if self._head:
            self.write(b"")

    def close(self) -> None:
        """Close, once everything is written."""
        self.flush()
        self._transport.close()
