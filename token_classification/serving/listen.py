"""Listening at an address until a signal comes; then everything that was accepted is still answered."""

import asyncio
import errno
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import uvicorn
from fastapi import FastAPI

from token_classification.errors import UserError
from token_classification.serving.access_log import AccessLog
from token_classification.serving.connections import UNREAD_ANSWER_S, LimitedProtocol

BACKLOG = 2048
"""Connections that wait to be accepted"""
KEEP_ALIVE_S = 75
"""How long an idle connection is kept: longer than proxies keep theirs, so that they close first"""


class DrainingServer(uvicorn.Server):  # type: ignore[misc]  # an extra, which may be absent
    """uvicorn's server, which at the end also answers those who had connected, but were not accepted yet."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.server_state.is_draining = False
        self.announce: Callable[[str], None] = lambda address: None
        """Is told the URL once it can be used, and signals are listened to"""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept connections."""
        await super().startup(sockets)
        for listener in sockets or []:
            self.announce(name_address(listener))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, answer what was accepted, and return."""
        self.server_state.is_draining = True
        self.config.app.state.is_ready = False
        # A listener that is closed resets the connections that wait in its backlog: so they are taken over first,
        # through a second descriptor that keeps it open.
        listeners = [one.dup() for one in sockets or []]
        for server in self.servers:
            server.close()
        waiting = []
        for listener in listeners:
            waiting += accept_waiting(listener)
            listener.close()  # at once: whoever connects from here on is refused
        for connection in waiting:
            await asyncio.get_running_loop().connect_accepted_socket(self._build_protocol, connection)
        await super().shutdown(sockets)

    def _build_protocol(self) -> asyncio.Protocol:
        return self.config.http_protocol_class(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )


def accept_waiting(listener: socket.socket) -> list[socket.socket]:
    """Return the connections that wait to be accepted."""
    listener.setblocking(False)
    waiting = []
    try:
        while True:
            waiting.append(listener.accept()[0])
    except BlockingIOError:
        return waiting


def open_socket(host: str, port: int, reuse_port: bool = False) -> socket.socket:
    """Reserve an address; nobody can connect before the server listens.

    Args:
        host: A name or an address of this machine.
        port: 0: any free one.
        reuse_port: Whether other processes that say the same may listen there, too.

    Raises:
        UserError: there is no such address, or it is taken.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        opened = socket.socket(family, kind, protocol)
    except OSError as error:
        raise UserError(
            f"--host {host}: {error.strerror}; accepted: 127.0.0.1, 0.0.0.0 (every address of this machine), or a "
            "name or an address of it"
        ) from None
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse_port:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        with explaining_address(host, port):
            opened.bind(address)
    except BaseException:
        opened.close()
        raise
    return opened


@contextmanager
def explaining_address(host: str, port: int) -> Iterator[None]:
    """Say what to do about an address that can't be used.

    Raises:
        UserError: the system refused it.
    """
    try:
        yield
    except OSError as error:
        advice = {
            errno.EADDRINUSE: "another program listens there; give another --port, or --port 0 for any free one; "
            "processes of this command share a port if each of them has --reuse_port",
            errno.EACCES: "give a --port of 1024 or more",
            errno.EADDRNOTAVAIL: "no address of this machine; give --host 127.0.0.1, or 0.0.0.0 for all of them",
        }
        if error.errno not in advice:
            raise
        raise UserError(f"--host {host} --port {port}: {advice[error.errno]}") from None


def name_address(listener: socket.socket) -> str:
    """Return the URL of a listener."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def build_server(app: FastAPI, access_log: AccessLog) -> DrainingServer:
    """Build the server of an application.

    Args:
        app: The application.
        access_log: Where requests that are no HTTP are noted; the application notes the others.
    """
    return DrainingServer(
        uvicorn.Config(
            app,
            http=partial(LimitedProtocol, app.state.metrics, access_log),
            ws="none",
            lifespan="off",
            log_config=None,
            log_level=logging.ERROR,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=int(app.state.arguments.request_timeout_s * 2 + UNREAD_ANSWER_S),
        )
    )


def run_server(server: DrainingServer, listener: socket.socket, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; then answer everything that was accepted, and return. A second SIGINT ends it.

    Args:
        server: What `build_server` built.
        listener: The reserved address.
        announce: Is told the URL once it can be used, and a signal costs nobody an answer.
    """
    asyncio.run(_serve(server, listener, announce))


async def _serve(server: DrainingServer, listener: socket.socket, announce: Callable[[str], None]) -> None:
    host, port = listener.getsockname()[:2]
    # Not uvicorn's own: an error would be logged as a traceback there, and is what ends the command here.
    async with server.config.app.router.lifespan_context(server.config.app):
        with explaining_address(host, port):
            listener.listen(BACKLOG)
        server.announce = announce
        with _ignoring_late_signals():
            await server.serve([listener])


@contextmanager
def _ignoring_late_signals() -> Iterator[None]:
    """Ignore the signals that uvicorn, having done what they asked for, raises again; only a main thread has any."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda number, frame: None) for number in uvicorn.server.HANDLED_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
