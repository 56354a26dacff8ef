"""The application: the protocols around some models, and what is the same for all of them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Match

from token_classification.arguments.serving import ServingArguments
from token_classification.errors import UserError
from token_classification.serving import entities_api, health, huggingface, label_studio, open_inference, page
from token_classification.serving.access_log import AccessLog
from token_classification.serving.errors import RequestError
from token_classification.serving.exchange import find_exchange
from token_classification.serving.metrics import Metrics
from token_classification.serving.middleware import ServingMiddleware
from token_classification.serving.models import Models, ServedModel
from token_classification.serving.requests import respond_with_error

PROTOCOLS: tuple[Callable[[Models, ServingArguments], APIRouter], ...] = (
    page.build_router,
    huggingface.build_router,
    entities_api.build_router,
    open_inference.build_router,
    label_studio.build_router,
)
"""What builds the routes of each protocol; the page is first: it leaves to others what does not ask for HTML"""


def build_app(
    models: Models,
    arguments: ServingArguments,
    version: str,
    *,
    metrics: Metrics | None = None,
    access_log: AccessLog | None = None,
) -> FastAPI:
    """Build the application; its lifespan starts the queues, warms the models up, and drains the queues at the end.

    Args:
        models: What is served.
        arguments: Limits and the key.
        version: Of this package, to tell clients.
        metrics: What the queues of the models report to, too.
        access_log: Where a line for each request goes; None: nowhere.
    """
    metrics = metrics or Metrics()
    app = FastAPI(
        title="token_classification",
        version=version,
        # Their pages load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=run_queues,
        # What it would send to others, and asks for at each request.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        middleware=[
            Middleware(
                ServingMiddleware, arguments=arguments, metrics=metrics, access_log=access_log or AccessLog(None)
            )
        ],
    )
    app.state.models, app.state.arguments, app.state.metrics, app.state.is_ready = models, arguments, metrics, False
    for model in models:
        metrics.watch_queue(model.name, partial(getattr, model.queue, "depth"))
    app.add_exception_handler(RequestError, answer_request_error)
    app.add_exception_handler(HTTPException, answer_http_error)
    app.add_exception_handler(RequestValidationError, answer_validation_error)
    # Not by `include_router`, which looks for the route of a request router by router, and takes four times as long.
    app.router.routes += health.build_router(models).routes
    for build_router in PROTOCOLS:
        app.router.routes += build_router(models, arguments).routes
    return app


@asynccontextmanager
async def run_queues(app: FastAPI) -> AsyncIterator[None]:
    """Start the queues and warm the models up; at the end answer what waits."""
    models: Models = app.state.models
    for model in models:
        model.queue.start()
    try:
        for model in models:
            await warm_up(model)
        app.state.is_ready = True
        yield
    finally:
        app.state.is_ready = False
        await asyncio.gather(*(model.queue.drain() for model in models))


async def warm_up(model: ServedModel) -> None:
    """Have a model tag a few texts, so that the first request does not wait for what is done once.

    Raises:
        UserError: it can't.
    """
    try:
        await model.queue.warm_up()
    except RequestError as error:
        raise UserError(
            f"model {model.name}: {error.message}; the log above says what went wrong. A model that works answers: "
            'token_classification infer -m MODEL --text "Anna Smith moved to Berlin."'
        ) from error


async def answer_request_error(request: Request, error: RequestError) -> Response:
    """Answer a request that is refused."""
    find_exchange(request).error_type = error.error_type
    return respond_with_error(error)


async def answer_http_error(request: Request, error: HTTPException) -> Response:
    """Answer a path that leads nowhere, or a method that it does not have."""
    status = HTTPStatus(error.status_code)
    message = "no such path; /openapi.json lists what there is" if status == 404 else status.phrase.lower()
    headers = {"Allow": ", ".join(list_methods(request))} if status == 405 else error.headers
    return await answer_request_error(request, RequestError(int(status), status.name.lower(), message, headers))


def list_methods(request: Request) -> list[str]:
    """List the methods that a request's path takes; Starlette itself names those of one route only."""
    return [
        method
        for method in ("GET", "POST")
        if any(route.matches({**request.scope, "method": method})[0] == Match.FULL for route in request.app.routes)
    ]


async def answer_validation_error(request: Request, error: RequestValidationError) -> Response:
    """Answer a request whose parameters are of the wrong kind; what was sent is not repeated."""
    found = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
    return await answer_request_error(request, RequestError(422, "invalid_request", found))
