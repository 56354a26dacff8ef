"""The page at `/`: a browser sees the entities of a text in colours. Other clients get another answer there.

The page knows nothing of the models, so that it needs no key: its script asks for them.
"""

import base64
import hashlib
from importlib import resources

from fastapi import APIRouter, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.datastructures import Headers
from starlette.routing import Match
from starlette.types import Scope

from token_classification.arguments.serving import ServingArguments
from token_classification.data.formats.record_columns import TEXT_COLUMNS
from token_classification.inference.entities import list_entity_labels
from token_classification.reporting.web_page import SERVED_GUARD, WebPage, build_web_page
from token_classification.serving.models import Models, ServedModel
from token_classification.serving.openapi import describe_answers
from token_classification.serving.requests import respond

TEXTS_PER_REQUEST = 32
"""So that a file of texts shows how far it is, and can be cancelled"""


class ServedModelAnswer(BaseModel):
    """A served model, and the labels that its entities can have."""

    name: str
    version: str
    labels: list[str]


class ServedModelsAnswer(BaseModel):
    """The served models; the first one answers where no name is given."""

    models: list[ServedModelAnswer]


class BrowserRoute(APIRoute):  # type: ignore[misc]  # FastAPI is taken as untyped
    """A route for who asks for HTML by name; everybody else goes on to the other routes of its path."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match a request as any route does, if it accepts HTML."""
        if scope["type"] != "http" or "text/html" not in Headers(scope=scope).get("accept", ""):
            return Match.NONE, {}
        return super().matches(scope)


def build_router(models: Models, arguments: ServingArguments) -> APIRouter:
    """Build `GET /` for browsers, and `GET /v1/models`, which the page asks for."""
    router = APIRouter(tags=["Entities"])
    page = build_page(arguments)
    headers = list_headers(page)

    async def show_page() -> Response:
        return Response(page.text, media_type="text/html; charset=utf-8", headers=headers)

    router.add_api_route("/", show_page, include_in_schema=False, route_class_override=BrowserRoute)

    @router.get(
        "/v1/models",
        summary="The served models and their labels",
        responses=describe_answers(ServedModelsAnswer, "The models in the order of the command line"),
    )
    async def list_models() -> Response:
        return respond({"models": [describe_model(served) for served in models]})

    return router


def describe_model(served: ServedModel) -> dict[str, object]:
    """Describe a model in the form of `ServedModelAnswer`."""
    labels = list_entity_labels(served.predictor.engine.label_set)
    return {"name": served.name, "version": served.version, "labels": labels}


def build_page(arguments: ServingArguments) -> WebPage:
    """Build the page, which has the look of the report."""
    data = {
        "text_columns": TEXT_COLUMNS,
        "texts_per_request": min(TEXTS_PER_REQUEST, arguments.max_texts_per_request),
    }
    folder = resources.files("token_classification.serving") / "page"
    return build_web_page(folder, "serve", "Find entities", data, SERVED_GUARD)


def list_headers(page: WebPage) -> dict[str, str]:
    """List the headers that forbid the page everything but its own style and script, and requests to its server."""
    policy = {
        "default-src": "'none'",
        "style-src": f"'{_hash(page.style)}'",
        "script-src": f"'{_hash(page.script)}'",
        "connect-src": "'self'",
        "img-src": "data:",  # the empty icon, without which browsers ask for /favicon.ico
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",  # no text ever becomes markup
        "trusted-types": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-cache",
        "Vary": "Accept",
    }


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
