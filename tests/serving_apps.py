"""Applications around a tiny model, and servers of them in a thread, for the tests of what is served."""

import asyncio
import queue
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
    """The plainest protocol: a list of texts in, their words and tags out; `/bug` has a bug."""
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


def run(awaitable) -> object:
    """Run a coroutine of a test, with a limit."""
    return asyncio.run(asyncio.wait_for(awaitable, SECONDS))
