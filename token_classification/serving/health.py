"""Whether the server lives, whether it takes requests, and its metrics."""

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import PlainTextResponse, Response

from token_classification.serving.errors import RequestError
from token_classification.serving.models import Models
from token_classification.serving.requests import respond


def check_ready(request: Request) -> None:
    """Make sure that all models have been warmed up, and that the server is not shutting down.

    Raises:
        RequestError: 503.
    """
    if not request.app.state.is_ready:
        raise RequestError(503, "not_ready", "the models are being warmed up, or the server is shutting down")


def build_router(models: Models) -> APIRouter:
    """Build the routes that orchestrators and Prometheus ask."""
    router = APIRouter(tags=["health"])

    @router.get("/live", summary="Whether the process answers")
    async def live() -> Response:
        return respond({"status": "UP"})

    @router.get("/ready", summary="Whether requests will be answered at once: 503 until the models are warm")
    async def ready(request: Request) -> Response:
        check_ready(request)
        return respond({"status": "UP"})

    @router.get("/health", summary="The same as /ready, with what is served")
    async def health(request: Request) -> Response:
        check_ready(request)
        versions = {model.name: model.version for model in models}
        return respond({"status": "UP", "version": request.app.version, "models": versions})

    @router.get("/metrics", summary="Metrics in the text format of Prometheus", response_class=PlainTextResponse)
    async def metrics(request: Request) -> Response:
        return Response(request.app.state.metrics.write_out(), media_type=CONTENT_TYPE_LATEST)

    return router
