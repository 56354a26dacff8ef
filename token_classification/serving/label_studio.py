"""Label Studio's ML backend: predictions for the tasks of a project, one for each task, in their order.

Label Studio is told `http://HOST:PORT` (or `http://HOST:PORT/models/NAME`), and adds `/health`, `/setup`, `/predict`,
`/versions` and `/webhook`. It sends `Accept: */*`, and never asks for `/`, where its own servers give their health.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from token_classification.arguments.serving import ServingArguments
from token_classification.inference.entities import list_entity_labels
from token_classification.inference.predictor import TaggedText, cut_into_chunks
from token_classification.output_text import make_printable
from token_classification.serving.direct_route import DirectRoute
from token_classification.serving.errors import RequestError
from token_classification.serving.fields import refuse, show_name
from token_classification.serving.health import check_ready
from token_classification.serving.label_config import TextField, read_label_config
from token_classification.serving.models import Models, ServedModel
from token_classification.serving.requests import read_json, respond, tag_texts

logger = logging.getLogger(__name__)

Prediction = dict[str, Any]


def build_router(models: Models, arguments: ServingArguments) -> APIRouter:
    """Build the routes that Label Studio calls: below `/` for the first model, below `/models/NAME` for each."""
    router, backend = APIRouter(route_class=DirectRoute), APIRouter(route_class=DirectRoute, include_in_schema=False)

    def choose_model(request: Request) -> ServedModel:
        return models.choose(request.path_params.get("name"))

    async def check_health(request: Request) -> Response:
        model = choose_model(request)
        check_ready(request)
        return respond({"status": "UP", "model_class": model.name, "model_version": model.version})

    async def set_up(request: Request) -> Response:
        model, body = choose_model(request), _read_object(await read_json(request))
        _read_config(body.get("schema"), model)
        return respond({"model_version": model.version})

    async def list_versions(request: Request) -> Response:
        return respond({"versions": [choose_model(request).version]})

    async def predict(request: Request) -> Response:
        return await _predict(request, choose_model(request), arguments)

    async def hear_of_change(request: Request) -> Response:
        choose_model(request)
        if _read_object(await read_json(request)).get("action") == "START_TRAINING":
            raise RequestError(501, "no_training", "this server tags texts, it does not train; export the annotations")
        return respond({"status": "ignored"})

    # Browsers get the page here, since they ask for HTML by name.
    router.get("/", summary="The same as /ready, with what answers first", tags=["health"])(check_health)
    backend.get("/models/{name}/health")(check_health)
    for prefix in ("", "/models/{name}"):
        backend.post(f"{prefix}/setup")(set_up)
        backend.get(f"{prefix}/versions")(list_versions)
        backend.post(f"{prefix}/predict")(predict)
        backend.post(f"{prefix}/webhook")(hear_of_change)
    router.include_router(backend)
    return router


async def _predict(request: Request, model: ServedModel, arguments: ServingArguments) -> Response:
    body = _read_object(await read_json(request))
    fields = _read_config(body.get("label_config"), model)
    tasks = _read_tasks(body.get("tasks"))
    texts = [_find_text(task, place, field) for place, task in enumerate(tasks) for field in fields]
    tagged = [one for some in _cut(texts, arguments) for one in await tag_texts(request, model, some)]
    left_out: Counter[str] = Counter()
    rows = [tagged[start : start + len(fields)] for start in range(0, len(tagged), len(fields))]
    results = [_write_prediction(model, fields, row, left_out) for row in rows]
    return respond({"results": results, "left_out": left_out})


def _read_config(config: object, model: ServedModel) -> list[TextField]:
    """Read a project's configuration; Label Studio shows its users the status of a refusal only, so it is logged."""
    try:
        return read_label_config(config, list_entity_labels(model.predictor.engine.label_set))
    except RequestError as error:
        logger.warning("Label Studio: %s", make_printable(error.message))
        raise


def _read_object(body: object) -> Mapping[str, Any]:
    if not isinstance(body, dict):
        raise refuse("body", body, "an object, as Label Studio sends it")
    return body


def _read_tasks(tasks: object) -> Sequence[Mapping[str, Any]]:
    if not isinstance(tasks, list):
        raise refuse("tasks", tasks, 'a list of tasks, e.g. [{"id": 1, "data": {"text": "..."}}]')
    for place, task in enumerate(tasks):
        if not isinstance(task, dict):
            raise refuse(f"tasks[{place}]", task, 'a task, e.g. {"id": 1, "data": {"text": "..."}}')
    return tasks


def _find_text(task: Mapping[str, Any], place: int, field: TextField) -> str:
    """Find what a <Text> tag shows of a task; as in Label Studio, a whole path is looked up as a name first."""
    data = task.get("data")
    if isinstance(data, dict) and field.path in data:
        data = data[field.path]
    else:
        for key in field.path.split("."):
            data = data.get(key) if isinstance(data, dict) else None
    if not isinstance(data, str):
        raise refuse(f"tasks[{place}].data.{show_name(field.path)}", data, "a text, since <Text> shows it")
    return data


def _cut(texts: Sequence[str], arguments: ServingArguments) -> Iterator[Sequence[str]]:
    """Cut the texts into pieces that a request may have: Label Studio sends all tasks that are selected at once."""
    most = arguments.max_texts_per_request
    for chunk in cut_into_chunks(texts, len):
        yield from (chunk[start : start + most] for start in range(0, len(chunk), most))


def _write_prediction(
    model: ServedModel, fields: Sequence[TextField], row: Sequence[TaggedText], left_out: Counter[str]
) -> Prediction:
    """Write the prediction for a task; each task has one, since Label Studio matches them by their number.

    Its score is that of the least sure word, so that Label Studio's uncertainty sampling finds what to look at first,
    whether something was found in it or not.

    Args:
        model: The model.
        fields: The texts of each task.
        row: Those of this task.
        left_out: Is added the number of entities whose label the project does not have.
    """
    regions = []
    for field, tagged in zip(fields, row, strict=True):
        for entity in model.predictor.find_entities(tagged):
            name = field.labels.get(entity["label"])
            if name is None:
                left_out[entity["label"]] += 1
                continue
            # Label Studio counts code points, as Python does: its editor spreads texts into `[...text]`.
            value = {"start": entity["start"], "end": entity["end"], "text": entity["text"], "labels": [name.label]}
            region = {"from_name": name.tag, "to_name": field.tag, "type": "labels", "value": value}
            regions.append(region | {"score": entity["score"]})
    scores = [tagged.least_score for tagged in row if tagged.least_score is not None]
    return {"result": regions, "score": min(scores, default=None), "model_version": model.version}
