"""`infer`: tags behind the words of a text, and entities with their places in it."""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from omegaconf import DictConfig

from token_classification.data.scheme_conversion import find_entities
from token_classification.data.sentences import Sentences
from token_classification.data.text_lines import read_lines
from token_classification.errors import UserError
from token_classification.tao.assess import predict
from token_classification.tao.models import open_model

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class QueryWord:
    """A word of a query, without the punctuation around it: `(clara).` has the core `clara`."""

    start: int
    core_start: int
    core_end: int
    end: int


def infer(spec: DictConfig, results: Path, key: str | None) -> None:
    """Tag the queries of the spec, print them as NeMo does, and write predictions.txt and predictions.jsonl.

    Raises:
        UserError: no queries.
    """
    queries = read_queries(spec)
    words = [find_words(query) for query in queries]
    pieces = [split_pieces(query, row) for query, row in zip(queries, words, strict=True)]
    tokens = [[query[start:end] for start, end in row] for query, row in zip(queries, pieces, strict=True)]
    sentences = Sentences(tokens, None, list(range(1, len(queries) + 1)))
    source = Path(spec.input_file or "input_batch")
    with open_model(spec.restore_from, key) as folder:
        outcome = predict(folder, sentences, source, spec, results)
    borders = np.cumsum([0, *map(len, tokens)])
    scores = [outcome.scores[start:end].tolist() for start, end in pairwise(borders)]
    tagged = [
        format_query(query, row, dict(zip(places, tags, strict=True)), spec.model.dataset.pad_label)
        for query, row, places, tags in zip(queries, words, pieces, outcome.tags, strict=True)
    ]
    for query, result in zip(queries, tagged, strict=True):
        print(f"Query : {query}\nResult: {result}\n")
    (results / "predictions.txt").write_text("".join(f"{line}\n" for line in tagged), encoding="utf-8")
    with open(results / "predictions.jsonl", "w", encoding="utf-8") as file:
        for row in zip(queries, pieces, outcome.tags, scores, strict=True):
            file.write(json.dumps(list_entities(*row), ensure_ascii=False) + "\n")
    logger.info("Predictions saved to %s", results / "predictions.txt")


def read_queries(spec: DictConfig) -> list[str]:
    """The queries of `input_batch`, or the lines of `input_file`.

    Raises:
        UserError: neither, or both.
    """
    if (spec.input_batch is None) == (spec.input_file is None):
        raise UserError(
            "infer needs input_batch (a list of texts in the spec) or input_file=FILE (a text per line), one of them."
        )
    if spec.input_batch is not None:
        return list(spec.input_batch)
    lines = read_lines(Path(spec.input_file))
    return lines[:-1] if lines[-1] == "" else lines


def find_words(query: str) -> list[QueryWord]:
    """The words between blanks; punctuation around a letter or digit is not part of the core.

    The original splits off the last character if it is no letter, which makes `2021` into `202` and `1` (T24).
    """
    words, start = [], 0
    for text in query.split():
        start = query.index(text, start)
        inner = [place for place, character in enumerate(text) if character.isalnum()]
        first, last = (inner[0], inner[-1] + 1) if inner else (0, len(text))
        words.append(QueryWord(start, start + first, start + last, start + len(text)))
        start += len(text)
    return words


def split_pieces(query: str, words: Sequence[QueryWord]) -> list[tuple[int, int]]:
    """What the model reads: cores, and each punctuation mark around them by itself, as in training data."""
    pieces = []
    for word in words:
        pieces += [(place, place + 1) for place in range(word.start, word.core_start)]
        pieces.append((word.core_start, word.core_end))
        pieces += [(place, place + 1) for place in range(word.core_end, word.end)]
    return pieces


def format_query(query: str, words: Sequence[QueryWord], tags: dict[tuple[int, int], str], pad_label: str) -> str:
    """`santa[B-LOC] clara[I-LOC].`: the tag of a word behind its core, punctuation behind the tag."""
    formatted = []
    for word in words:
        tag = tags[word.core_start, word.core_end]
        label = "" if tag == pad_label else f"[{tag}]"
        formatted.append(f"{query[word.start : word.core_end]}{label}{query[word.core_end : word.end]}")
    return " ".join(formatted)


def list_entities(query: str, pieces: Sequence[tuple[int, int]], tags: Sequence[str], scores: Sequence[float]) -> dict:
    """A query with its entities: `text[start:end]` is the entity, its score the product of its words' scores."""
    entities = []
    for entity in find_entities(tags):
        start, end = pieces[entity.start][0], pieces[entity.end - 1][1]
        score = float(np.prod(scores[entity.start : entity.end]))
        entities.append({"start": start, "end": end, "label": entity.type, "score": score, "text": query[start:end]})
    return {"text": query, "entities": entities}
