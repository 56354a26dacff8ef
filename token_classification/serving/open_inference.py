"""Version 2 of the Open Inference Protocol, which clients of KServe and Triton speak.

A model has one input, `text`, and one output, `entities`: for each text the JSON of its entities, as
`[{"start": 0, "end": 4, "label": "PER", "score": 0.98, "text": "Anna"}, ...]`. Both are of type BYTES and one shape.
"""

import json
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from token_classification.arguments.serving import ServingArguments
from token_classification.serving.direct_route import DirectRoute
from token_classification.serving.errors import RequestError
from token_classification.serving.fields import read_choice, read_flag, read_object, refuse, show_name
from token_classification.serving.health import check_ready
from token_classification.serving.models import Models, ServedModel
from token_classification.serving.openapi import (
    Schema,
    describe_answers,
    describe_body,
    describe_list,
    describe_object,
    describe_path,
    describe_text,
)
from token_classification.serving.requests import decode_json, read_body, respond, tag_texts
from token_classification.serving.tensors import (
    DATATYPE,
    HEADER_LENGTH,
    TextTensor,
    cut_body,
    pack_texts,
    read_tensor,
)

INPUT, OUTPUT = "text", "entities"
BINARY = "application/octet-stream"
"""What JSON with the bytes of tensors behind it is sent as; clients that name no type are understood as well"""
EXAMPLE = {"inputs": [{"name": INPUT, "shape": [1], "datatype": DATATYPE, "data": ["Anna Smith moved to New York."]}]}


class ServerAnswer(BaseModel):
    """The server."""

    name: str
    version: str
    extensions: list[str]


class LiveAnswer(BaseModel):
    """The server runs."""

    live: bool


class ReadyAnswer(BaseModel):
    """The server takes texts."""

    ready: bool


class ModelReadyAnswer(BaseModel):
    """The model takes texts."""

    name: str
    ready: bool


class TensorAnswer(BaseModel):
    """A kind of tensor; a length of -1: any."""

    name: str
    datatype: str
    shape: list[int]


class ModelAnswer(BaseModel):
    """A model."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorAnswer]
    outputs: list[TensorAnswer]


class OutputAnswer(BaseModel):
    """The output: for each text the JSON of its entities."""

    name: str
    datatype: str
    shape: list[int]
    data: list[str]


class InferAnswer(BaseModel):
    """The answer of a model."""

    model_name: str
    model_version: str
    id: str | None = None
    outputs: list[OutputAnswer]


@dataclass(frozen=True)
class Question:
    """What a request asks for."""

    tensor: TextTensor
    id: str | None
    is_binary: bool
    """Whether the output is wanted as bytes behind the JSON"""


def build_router(models: Models, arguments: ServingArguments) -> APIRouter:
    """Build everything under `/v2`."""
    router = APIRouter(route_class=DirectRoute, prefix="/v2", tags=["Open Inference Protocol v2"])

    @router.get("", summary="The server", responses=describe_answers(ServerAnswer, "What the server can do"))
    async def describe_server(request: Request) -> Response:
        app = request.app
        return respond({"name": app.title, "version": app.version, "extensions": ["binary_tensor_data"]})

    @router.get("/health/live", summary="Does the server run?", responses=describe_answers(LiveAnswer, "It runs"))
    async def tell_live(request: Request) -> Response:
        return respond({"live": True})

    @router.get(
        "/health/ready", summary="Does the server take texts?", responses=describe_answers(ReadyAnswer, "It does")
    )
    async def tell_ready(request: Request) -> Response:
        check_ready(request)
        return respond({"ready": True})

    for path in ("/models/{name}", "/models/{name}/versions/{version}"):
        _add_model_routes(router, path, models, arguments)
    return router


def _add_model_routes(router: APIRouter, path: str, models: Models, arguments: ServingArguments) -> None:
    """Add what can be asked of a model, or of a version of it."""
    parameters = describe_path(models, with_version="{version}" in path)
    answers = describe_answers(InferAnswer, "For each text its entities, as JSON; bytes on request")
    answers[200]["content"] = {BINARY: {"schema": {"type": "string", "format": "binary"}}}

    @router.get(
        path,
        summary="What a model takes and gives",
        responses=describe_answers(ModelAnswer, "Its inputs and outputs"),
        openapi_extra=parameters,
    )
    async def describe_model(request: Request) -> Response:
        return respond(_describe_model(_choose(models, request)))

    @router.get(
        f"{path}/ready",
        summary="Does a model take texts?",
        responses=describe_answers(ModelReadyAnswer, "It does"),
        openapi_extra=parameters,
    )
    async def tell_model_ready(request: Request) -> Response:
        served = _choose(models, request)
        check_ready(request)
        return respond({"name": served.name, "ready": True})

    @router.post(
        f"{path}/infer",
        summary="Entities of texts, in a tensor",
        responses=answers,
        openapi_extra={**parameters, **describe_body(_describe_question(arguments), EXAMPLE)},
    )
    async def infer(request: Request) -> Response:
        served = _choose(models, request)
        json_part, binary = cut_body(
            await read_body(request, other_types=[BINARY]), request.headers.get(HEADER_LENGTH)
        )
        question = read_question(decode_json(json_part), binary)
        tagged = await tag_texts(request, served, question.tensor.texts)
        # Letters beyond ASCII are escaped: half characters too, which a text may have but UTF-8 has not.
        return _answer(served, question, [json.dumps(served.predictor.find_entities(one)) for one in tagged])


def read_question(body: object, binary: bytes) -> Question:
    """Read the body of a request.

    Args:
        body: Its JSON.
        binary: What stands behind that.

    Raises:
        RequestError: a field is missing, unknown or not what is accepted.
    """
    fields = read_object(body, "body", ("id", "parameters", "inputs", "outputs"), required=("inputs",))
    asked_id, inputs, outputs = fields.get("id"), fields["inputs"], fields.get("outputs", [])
    if asked_id is not None and not isinstance(asked_id, str):
        raise refuse("id", asked_id, "a text")
    if not isinstance(inputs, list) or len(inputs) != 1:
        raise refuse("inputs", inputs, f"a list of one input, {INPUT}")
    if not isinstance(outputs, list) or len(outputs) > 1:
        raise refuse("outputs", outputs, f"a list of one output, {OUTPUT}")
    parameters = read_object(fields.get("parameters", {}), "parameters", ("binary_data_output",))
    is_binary = read_flag(parameters.get("binary_data_output", False), "parameters.binary_data_output")
    for output in outputs:
        wanted = read_object(output, "outputs[0]", ("name", "parameters"), required=("name",))
        read_choice(wanted["name"], "outputs[0].name", (OUTPUT,))
        settings = read_object(wanted.get("parameters", {}), "outputs[0].parameters", ("binary_data",))
        is_binary = read_flag(settings.get("binary_data", is_binary), "outputs[0].parameters.binary_data")
    return Question(read_tensor(inputs[0], "inputs[0]", INPUT, binary), asked_id, is_binary)


def _choose(models: Models, request: Request) -> ServedModel:
    """Return the model that the path of a request names.

    Raises:
        RequestError: no such model, or it has another version.
    """
    served = models.choose(request.path_params["name"])
    version = request.path_params.get("version", served.version)
    if version != served.version:
        problem = f"model {served.name} has no version {show_name(version)}; served is {served.version}"
        raise RequestError(404, "unknown_version", problem)
    return served


def _describe_model(served: ServedModel) -> dict[str, object]:
    return {
        "name": served.name,
        "versions": [served.version],
        "platform": f"token_classification_{served.predictor.engine.backend}",
        "inputs": [{"name": INPUT, "datatype": DATATYPE, "shape": [-1]}],
        "outputs": [{"name": OUTPUT, "datatype": DATATYPE, "shape": [-1]}],
    }


def _answer(served: ServedModel, question: Question, found: list[str]) -> Response:
    """Answer with a text for each text, within the JSON or behind it."""
    output: dict[str, object] = {"name": OUTPUT, "datatype": DATATYPE, "shape": question.tensor.shape}
    answer: dict[str, object] = {"model_name": served.name, "model_version": served.version, "outputs": [output]}
    if question.id is not None:
        answer["id"] = question.id
    if not question.is_binary:
        output["data"] = found
        return respond(answer)
    packed = pack_texts(found)
    output["parameters"] = {"binary_data_size": len(packed)}
    header = json.dumps(answer).encode()
    return Response(header + packed, headers={HEADER_LENGTH: str(len(header))}, media_type=BINARY)


def _describe_question(arguments: ServingArguments) -> Schema:
    flag: Schema = {"type": "boolean"}
    size: Schema = {"type": "integer", "minimum": 0}
    tensor = describe_object(
        {
            "name": {"type": "string", "enum": [INPUT]},
            "shape": {"type": "array", "items": size, "description": "As many as there are texts, e.g. [2] or [2, 1]"},
            "datatype": {"type": "string", "enum": [DATATYPE]},
            "parameters": describe_object({"content_type": {"enum": ["str"]}}),
            "data": describe_list(describe_text(arguments), arguments),
        },
        required=["name", "shape", "datatype", "data"],
        description="The texts. Instead of `data` they may be sent as bytes behind the JSON: then the parameter "
        f"`binary_data_size` says how many, and the header `{HEADER_LENGTH}` where the JSON ends.",
    )
    output = describe_object(
        {"name": {"type": "string", "enum": [OUTPUT]}, "parameters": describe_object({"binary_data": flag})},
        required=["name"],
    )
    return describe_object(
        {
            "id": {"type": "string"},
            "parameters": describe_object({"binary_data_output": flag}),
            "inputs": {"type": "array", "items": tensor, "minItems": 1, "maxItems": 1},
            "outputs": {"type": "array", "items": output, "maxItems": 1},
        },
        required=["inputs"],
    )
