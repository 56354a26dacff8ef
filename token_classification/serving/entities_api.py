"""The server's own protocol, `POST /v1/entities`: everything that `Predictor` can do, on texts or lists of words.

{"texts": ["Anna left Paris."], "threshold": 0.5, "words": true}
-> {"model": "ner", "version": "ner-1f0c2a9b", "results": [{"entities": [{"start": 0, "end": 4, "label": "PER",
    "score": 0.98, "text": "Anna"}], "words": [{"start": 0, "end": 4, "tag": "B-PER", "score": 0.99, ...}, ...]}]}
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from token_classification.arguments.decoding import Decoder
from token_classification.arguments.serving import ServingArguments
from token_classification.errors import UserError
from token_classification.inference.neighbours import put_in_context
from token_classification.inference.predictor import Predictor
from token_classification.inference.texts import Taggable, TextOrWords
from token_classification.serving.direct_route import DirectRoute
from token_classification.serving.errors import RequestError
from token_classification.serving.fields import (
    DECODERS,
    UNPROCESSABLE,
    read_decoder,
    read_flag,
    read_object,
    read_texts,
    refuse,
)
from token_classification.serving.models import Models
from token_classification.serving.openapi import (
    Schema,
    describe_answers,
    describe_body,
    describe_list,
    describe_object,
    describe_text,
    list_labels,
    list_names,
)
from token_classification.serving.requests import read_json, respond, tag_texts

LONGEST_REFUSAL = 500
"""Characters of a message that repeats what a client sent"""
FIELDS = ("texts", "document", "model", "threshold", "decoder", "words")
EXAMPLE = {"texts": ["Anna Smith moved to New York.", ["She", "lives", "in", "Paris", "."]], "threshold": 0.5}


class EntityAnswer(BaseModel):
    """An entity: `text[start:end]` of the whole text is its own `text`."""

    start: int
    end: int
    label: str
    score: float
    text: str


class WordAnswer(BaseModel):
    """A word, its tag and the probability of the tag."""

    start: int
    end: int
    tag: str
    score: float
    text: str


class TextAnswer(BaseModel):
    """What was found in one text; `words` only where they are asked for."""

    entities: list[EntityAnswer]
    words: list[WordAnswer] | None = None


class Answer(BaseModel):
    """The results of all texts, in their order."""

    model: str
    version: str
    results: list[TextAnswer]


@dataclass(frozen=True)
class Question:
    """What a request asks for; None: what the server was started with."""

    texts: Sequence[TextOrWords]
    document: bool
    model: str | None
    threshold: object | None
    decoder: Decoder | None
    words: bool


def build_router(models: Models, arguments: ServingArguments) -> APIRouter:
    """Build `POST /v1/entities`."""
    router = APIRouter(route_class=DirectRoute, tags=["Entities"])

    @router.post(
        "/v1/entities",
        summary="Entities of texts, and on request their words with tags and scores",
        responses=describe_answers(
            Answer, "Positions count code points of the text; for a list of words, of the words joined by blanks."
        ),
        openapi_extra=describe_body(_describe_question(models, arguments), EXAMPLE),
    )
    async def answer(request: Request) -> Response:
        question = read_question(await read_json(request))
        served = models.choose(question.model)
        predictor = set_threshold(served.predictor, question.threshold)
        texts: Sequence[Taggable] = question.texts
        size = predictor.engine.aligner.context
        if question.document and size:
            names = [served.name] * len(texts)
            texts = await asyncio.to_thread(put_in_context, question.texts, names, predictor.words, size)
        tagged = await tag_texts(request, served, texts, question.decoder)
        results: list[dict[str, object]] = [{"entities": predictor.find_entities(one)} for one in tagged]
        if question.words:
            for result, one in zip(results, tagged, strict=True):
                result["words"] = predictor.list_tags(one)
        return respond({"model": served.name, "version": served.version, "results": results})

    return router


def read_question(body: object) -> Question:
    """Read the body of a request.

    Raises:
        RequestError: a field is missing, unknown or not what is accepted.
    """
    fields = read_object(body, "body", FIELDS, required=("texts",))
    model = fields.get("model")
    if model is not None and not isinstance(model, str):
        raise refuse("model", model, "the name of a served model")
    decoder = fields.get("decoder")
    return Question(
        texts=read_texts(fields["texts"], "texts", "texts or lists of words"),
        document=read_flag(fields.get("document", False), "document"),
        model=model,
        threshold=fields.get("threshold"),
        decoder=None if decoder is None else read_decoder(decoder, "decoder"),
        words=read_flag(fields.get("words", False), "words"),
    )


def set_threshold(predictor: Predictor, threshold: object | None) -> Predictor:
    """Return the predictor with the threshold of a request in place of its own; None: its own.

    Raises:
        RequestError: it is no probability, or a label that the model does not have is given one.
    """
    if threshold is None:
        return predictor
    if isinstance(threshold, bool) or not isinstance(threshold, int | float | Mapping):
        raise refuse("threshold", threshold, "a number from 0 to 1, or an object with one for each label")
    try:
        return predictor.set_threshold(threshold)
    except UserError as error:
        raise RequestError(UNPROCESSABLE, "invalid_field", f"{error!s:.{LONGEST_REFUSAL}}") from error


def _describe_question(models: Models, arguments: ServingArguments) -> Schema:
    text = describe_text(arguments)
    words = {"type": "array", "items": {"type": "string"}, "description": "A text that is a list of words already"}
    probability = {"type": "number", "minimum": 0, "maximum": 1}
    labels = list_labels(models)
    fields = {
        "texts": describe_list({"anyOf": [text, words]}, arguments),
        "model": {
            "type": "string",
            "enum": list_names(models),
            "description": "Name of a served model; the first one if it is left out.",
        },
        "document": {
            "type": "boolean",
            "default": False,
            "description": "Whether the texts are one document, in its order: models that were trained with context "
            "then read the neighbours of each text with it. Others answer as without.",
        },
        "threshold": {
            "anyOf": [
                probability,
                {"type": "object", "properties": dict.fromkeys(labels, probability), "additionalProperties": False},
            ],
            "description": "Lowest score of an entity, or one for each label (0 for those that are left out), instead "
            "of what the server was started with.",
        },
        "decoder": {
            "type": "string",
            "enum": list(DECODERS),
            "description": "How tags are chosen; what the server was started with if it is left out.",
        },
        "words": {
            "type": "boolean",
            "default": False,
            "description": "Also list the words of each text, with their tags and the tags' probabilities.",
        },
    }
    return describe_object(fields, required=["texts"])
