"""Applications around a tiny model, and servers of them in a thread, for the tests of what is served."""

import json
import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response

from token_classification import Predictor, __version__
from token_classification.arguments.serving import ServingArguments
from token_classification.serving import listen
from token_classification.serving.access_log import AccessLog
from token_classification.serving.app import build_app
from token_classification.serving.metrics import Metrics
from token_classification.serving.models import Models, ServedModel
from token_classification.serving.queue import TaggingQueue
from token_classification.serving.requests import read_json, respond, tag_texts

SECONDS = 60
"""Whatever waits in these tests waits no longer"""


def build_models(predictor: Predictor, metrics: Metrics | None = None, **options) -> Models:
    """Serve one predictor under two names; `options` are those of the queue."""
    metrics = metrics or Metrics()
    names = ("ner", "other")
    queues = {name: TaggingQueue(predictor, observer=metrics.observe(name), **options) for name in names}
    return Models({name: ServedModel(name, predictor, f"{name}-1", queues[name]) for name in names})


def build_served_app(
    predictor: Predictor, log: StringIO | None = None, queue_options: dict | None = None, **arguments
) -> FastAPI:
    """Build the application around a predictor, with `/probe` beside the protocols; `arguments`: ServingArguments."""
    metrics = Metrics()
    models = build_models(predictor, metrics, **(queue_options or {}))
    app = build_app(models, ServingArguments(**arguments), __version__, metrics=metrics, access_log=AccessLog(log))
    app.include_router(build_probe(models))
    return app


def build_probe(models: Models) -> APIRouter:
    """The plainest protocol: texts in, words and tags out; `/bug` has a bug, `/large` a large answer."""
    router = APIRouter(include_in_schema=False)

    @router.post("/probe/{name}")
    async def probe(request: Request, name: str) -> Response:
        texts = await read_json(request)
        model = models.choose(name)
        tagged = await tag_texts(request, model, texts if isinstance(texts, list) else [texts])
        return respond([model.predictor.list_tags(one) for one in tagged])

    @router.post("/bug")
    async def fail(request: Request) -> Response:
        raise KeyError(str(await read_json(request)))

    @router.get("/large")
    async def answer_at_length() -> Response:
        return respond("x" * 2**24)

    return router


@dataclass
class Served:
    """A server in a thread."""

    address: str
    server: listen.DrainingServer

    @property
    def place(self) -> tuple[str, int]:
        """Host and port."""
        host, port = self.address.removeprefix("http://").split(":")
        return host, int(port)


@contextmanager
def served_at(app: FastAPI, log: StringIO | None = None) -> Iterator[Served]:
    """Serve an application at a free port, and drain it at the end."""
    server = listen.build_server(app, AccessLog(log))
    addresses: queue.Queue[str] = queue.Queue()
    with listen.open_socket("127.0.0.1", 0) as listener:
        thread = threading.Thread(target=listen.run_server, args=(server, listener, addresses.put), daemon=True)
        thread.start()
        try:
            yield Served(addresses.get(timeout=SECONDS), server)
        finally:
            server.should_exit = True
            thread.join(SECONDS)
    assert not thread.is_alive()


def send_raw(place: tuple[str, int], *pieces: bytes) -> bytes:
    """Send bytes, and return everything that comes back until the server closes the connection."""
    with socket.create_connection(place, timeout=SECONDS) as connection:
        for piece in pieces:
            try:
                connection.sendall(piece)
            except (BrokenPipeError, ConnectionResetError):
                break  # it has answered already, and closed
        return read_until_closed(connection)


def read_until_closed(connection: socket.socket) -> bytes:
    """Return what comes until the other side closes."""
    received = bytearray()
    try:
        while piece := connection.recv(65536):
            received += piece
    except ConnectionResetError:
        pass  # closed with something of ours unread
    return bytes(received)


def write_request(
    body: bytes = b'["Anna left Paris ."]', path: bytes = b"/probe/ner", *headers: bytes, method: bytes = b"POST"
) -> bytes:
    """Return a request as it is sent; after its answer the connection is closed."""
    fixed = (b"Host: tests", b"Connection: close", b"Content-Type: application/json")
    size = b"Content-Length: %d" % len(body)
    return b"\r\n".join([method + b" " + path + b" HTTP/1.1", *fixed, size, *headers, b"", body])


def read_answers(received: bytes) -> list[tuple[int, object]]:
    """Return status and JSON of each answer in what a server sent."""
    answers = []
    while received:
        head, _, rest = received.partition(b"\r\n\r\n")
        [size] = [int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        answers.append((int(head[9:12]), json.loads(rest[:size])))
        received = rest[size:]
    return answers
