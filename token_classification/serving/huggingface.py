"""The protocol of Hugging Face's inference API: what `huggingface_hub.InferenceClient.token_classification` speaks.

    {"inputs": "Anna left Paris.", "parameters": {"aggregation_strategy": "simple"}}
    -> [{"entity_group": "PER", "score": 0.98, "word": "Anna", "start": 0, "end": 4}, ...]

Words are tagged whole here, so `simple`, `first`, `average` and `max` mean the same: the entities of `Predictor`.
"""

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from token_classification.arguments.serving import ServingArguments
from token_classification.data.schemes import OUTSIDE
from token_classification.inference.entities import TextEntity, score_words
from token_classification.inference.predictor import Predictor, TaggedText
from token_classification.inference.texts import TextOrWords
from token_classification.serving.direct_route import DirectRoute
from token_classification.serving.fields import read_choice, read_count, read_object, read_texts, refuse
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
from token_classification.serving.requests import read_json, respond, tag_texts

STRATEGIES = ("none", "simple", "first", "average", "max")
PARAMETERS = ("aggregation_strategy", "ignore_labels", "stride")
Found = dict[str, Any]
"""A word or a group of words, as in the answer"""
EXAMPLE = {"inputs": "Anna Smith moved to New York.", "parameters": {"aggregation_strategy": "simple"}}


class Group(BaseModel):
    """An entity."""

    entity_group: str
    score: float
    word: str
    start: int
    end: int


class Word(BaseModel):
    """A word with its tag; `index` counts the words of the text from 1."""

    entity: str
    score: float
    index: int
    word: str
    start: int
    end: int


class InfoAnswer(BaseModel):
    """A model, in the words of the client's `get_endpoint_info`."""

    model_id: str
    model_sha: str
    model_pipeline_tag: str
    version: str


@dataclass(frozen=True)
class Question:
    """What a request asks for."""

    texts: Sequence[TextOrWords]
    is_list: bool
    strategy: str
    ignored: Collection[str]


def build_router(models: Models, arguments: ServingArguments) -> APIRouter:
    """Build `POST /` for the first model, and `POST /models/NAME`."""
    router = APIRouter(route_class=DirectRoute, tags=["Hugging Face"])
    answers = describe_answers(
        list[Group] | list[Word] | list[list[Group]] | list[list[Word]],
        "One list for a text, a list of such lists for a list of texts. Positions count code points.",
    )
    body = describe_body(_describe_question(arguments), EXAMPLE)

    @router.post(
        "/", summary="Entities in the form of Hugging Face's API: first model", responses=answers, openapi_extra=body
    )
    async def answer_first(request: Request) -> Response:
        return await _answer(request, models.choose(None))

    @router.post(
        "/models/{name}",
        summary="Entities in the form of Hugging Face's API: model of this name",
        responses=answers,
        openapi_extra={**describe_path(models), **body},
    )
    async def answer_named(request: Request) -> Response:
        return await _answer(request, models.choose(request.path_params["name"]))

    _add_descriptions(router, models)
    return router


def _add_descriptions(router: APIRouter, models: Models) -> None:
    """Add what the client's `get_endpoint_info` asks below an address; `health_check` is Label Studio's, too."""
    answers = describe_answers(InfoAnswer, "Its name, its version and that of the server")

    @router.get("/info", summary="The first model", responses=answers)
    async def describe_first(request: Request) -> Response:
        return _describe_model(request, models.choose(None))

    @router.get("/models/{name}/info", summary="A model", responses=answers, openapi_extra=describe_path(models))
    async def describe_named(request: Request) -> Response:
        return _describe_model(request, models.choose(request.path_params["name"]))


def _describe_model(request: Request, served: ServedModel) -> Response:
    answer = {"model_id": served.name, "model_sha": served.version, "model_pipeline_tag": "token-classification"}
    return respond(answer | {"version": request.app.version})


async def _answer(request: Request, served: ServedModel) -> Response:
    question = read_question(await read_json(request))
    tagged = await tag_texts(request, served, question.texts)
    list_found = list_words if question.strategy == "none" else list_groups
    found = [list_found(served.predictor, one, question.ignored) for one in tagged]
    return respond(found if question.is_list else found[0])


def read_question(body: object) -> Question:
    """Read the body of a request.

    Raises:
        RequestError: a field is missing, unknown or not what is accepted.
    """
    fields = read_object(body, "body", ("inputs", "parameters"), required=("inputs",))
    inputs = fields["inputs"]
    is_list = isinstance(inputs, list)
    if not is_list and not isinstance(inputs, str):
        raise refuse("inputs", inputs, "a text or a list of texts")
    parameters = read_object(fields.get("parameters", {}), "parameters", PARAMETERS)
    ignored = parameters.get("ignore_labels", [OUTSIDE])
    if not isinstance(ignored, list) or not all(isinstance(label, str) for label in ignored):
        raise refuse("parameters.ignore_labels", ignored, 'a list of labels, e.g. ["O"]')
    if "stride" in parameters:
        read_count(parameters["stride"], "parameters.stride")
    return Question(
        texts=read_texts(inputs if is_list else [inputs], "inputs", "texts"),
        is_list=is_list,
        strategy=read_choice(
            parameters.get("aggregation_strategy", "simple"), "parameters.aggregation_strategy", STRATEGIES
        ),
        ignored=frozenset(ignored),
    )


def list_words(predictor: Predictor, tagged: TaggedText, ignored: Collection[str]) -> list[Found]:
    """List the words of a text whose tags are not ignored, as `aggregation_strategy="none"` does."""
    return [
        {"entity": tag["tag"], "score": tag["score"], "index": index, **_place(tagged, tag["start"], tag["end"])}
        for index, tag in enumerate(predictor.list_tags(tagged), 1)
        if tag["tag"] not in ignored
    ]


def list_groups(predictor: Predictor, tagged: TaggedText, ignored: Collection[str]) -> list[Found]:
    """List the entities of a text whose labels are not ignored; if `O` is not, also what is outside of entities."""
    entities = predictor.find_entities(tagged)
    groups = [
        {
            "entity_group": entity["label"],
            "score": entity["score"],
            **_place(tagged, entity["start"], entity["end"]),
        }
        for entity in entities
        if entity["label"] not in ignored
    ]
    if OUTSIDE not in ignored:
        groups = sorted([*groups, *_list_outside(predictor, tagged, entities)], key=lambda group: group["start"])
    return groups


def _list_outside(predictor: Predictor, tagged: TaggedText, entities: Sequence[TextEntity]) -> list[Found]:
    """List the longest runs of words that are outside of entities, marked by the tags or proposed."""
    runs, word_scores = [], [tag["score"] for tag in predictor.list_tags(tagged)]
    starts = [entity["start"] for entity in entities]

    def is_outside_at(place: int) -> bool:
        start, end = tagged.spans[place]
        before = bisect_right(starts, start) - 1
        return tagged.tags[place] == OUTSIDE and not (before >= 0 and end <= entities[before]["end"])

    for is_outside, group in groupby(range(len(tagged.tags)), key=is_outside_at):
        places = list(group)
        if is_outside:
            score = score_words([word_scores[place] for place in places])
            start, end = tagged.spans[places[0]][0], tagged.spans[places[-1]][1]
            runs.append({"entity_group": OUTSIDE, "score": score, **_place(tagged, start, end)})
    return runs


def _place(tagged: TaggedText, start: int, end: int) -> Found:
    return {"word": tagged.text[start:end], "start": start, "end": end}


def _describe_question(arguments: ServingArguments) -> Schema:
    text = describe_text(arguments)
    parameters: dict[str, Schema] = {
        "aggregation_strategy": {
            "type": "string",
            "enum": list(STRATEGIES),
            "default": "simple",
            "description": "`none`: words with their tags. All others: entities; words are tagged whole, so they "
            "mean the same.",
        },
        "ignore_labels": {
            "type": "array",
            "items": {"type": "string"},
            "default": [OUTSIDE],
            "description": "Tags (`none`) or labels that are left out.",
        },
        "stride": {
            "type": "integer",
            "minimum": 0,
            "description": "Changes nothing: texts of any length are read whole, in windows that overlap by what the "
            "model was trained with.",
        },
    }
    return describe_object(
        {"inputs": {"anyOf": [text, describe_list(text, arguments)]}, "parameters": describe_object(parameters)},
        required=["inputs"],
    )
