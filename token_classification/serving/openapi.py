"""What the protocols share in the OpenAPI document, which names the models, labels and limits of this very server."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from token_classification.arguments.serving import ServingArguments
from token_classification.inference.entities import list_entity_labels
from token_classification.serving.models import Models

Schema = dict[str, Any]

REFUSALS = {
    400: "The body is not JSON",
    401: "The key is missing or wrong",
    404: "No such model",
    408: "The body did not arrive in time",
    413: "The body, a text or the list of texts is too long",
    415: "The body has a type that is not accepted",
    422: "A field is not accepted",
    429: "The queue is full; `Retry-After` says when to try again",
    431: "The address and the headers are too long",
    500: "A text could not be tagged",
    503: "The server is starting or shutting down",
    504: "The answer took longer than the server waits",
}


class ErrorAnswer(BaseModel):
    """What every refusal looks like."""

    error: str
    error_type: str


def describe_answers(answer: object, description: str) -> dict[int | str, Schema]:
    """Describe the answers to a request, refusals too.

    Args:
        answer: A pydantic model, or a type of them.
        description: What the answer is.
    """
    described: dict[int | str, Schema] = {200: {"model": answer, "description": description}}
    for status, text in REFUSALS.items():
        described[status] = {"model": ErrorAnswer, "description": text}
    return described


def describe_body(schema: Schema, example: object) -> Schema:
    """Describe the JSON body of a request, which is read by hand, in the form of FastAPI's `openapi_extra`."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}}


def describe_object(fields: Mapping[str, Schema], required: Sequence[str] = (), description: str = "") -> Schema:
    """Describe an object; fields that it need not have may also be null."""
    return {
        "type": "object",
        "description": description,
        "additionalProperties": False,
        "required": list(required),
        "properties": {
            name: field if name in required else {"anyOf": [field, {"type": "null"}]} for name, field in fields.items()
        },
    }


def describe_text(arguments: ServingArguments) -> Schema:
    """Describe a text."""
    return {"type": "string", "maxLength": arguments.max_text_characters}


def describe_list(item: Schema, arguments: ServingArguments) -> Schema:
    """Describe a list of texts."""
    return {"type": "array", "items": item, "maxItems": arguments.max_texts_per_request}


def list_names(models: Models) -> list[str]:
    """List the names of the served models."""
    return [served.name for served in models]


def list_labels(models: Models) -> list[str]:
    """List the labels of the entities that any of the served models finds."""
    return sorted({label for served in models for label in list_entity_labels(served.predictor.engine.label_set)})


def describe_path(models: Models, with_version: bool = False) -> Schema:
    """Describe the parts of a path that vary, in the form of FastAPI's `openapi_extra`."""
    names = {"name": list_names(models)}
    if with_version:
        names["version"] = [served.version for served in models]
    return {
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string", "enum": accepted}}
            for name, accepted in names.items()
        ]
    }
