"""`infer`: tags behind the words of some texts on the screen, or the entities of a file of any size in a file."""

import json
import logging
from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig

from token_classification.data.text_lines import read_lines
from token_classification.errors import UserError
from token_classification.inference.predictor import Predictor
from token_classification.inference.words_of_text import Span
from token_classification.tao.models import open_model

logger = logging.getLogger(__name__)


def infer(spec: DictConfig, results: Path, key: str | None) -> None:
    """Tag the queries of the spec, print them as NeMo does, and write predictions.txt and predictions.jsonl.

    Raises:
        UserError: no queries.
    """
    queries = read_queries(spec)
    with open_model(spec.restore_from, key) as folder:
        predictor = open_predictor(folder, spec)
    tagged = predictor.tag_texts(queries)
    pad_label = spec.model.dataset.pad_label
    lines = [format_query(query, row.spans, row.tags, pad_label) for query, row in zip(queries, tagged, strict=True)]
    for query, result in zip(queries, lines, strict=True):
        print(f"Query : {query}\nResult: {result}\n")
    (results / "predictions.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    with open(results / "predictions.jsonl", "w", encoding="utf-8") as file:
        for row in tagged:
            record = {"text": row.text, "entities": predictor.find_entities(row)}
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
    logger.info("Predictions saved to %s", results / "predictions.txt")


def open_predictor(folder: Path, spec: DictConfig) -> Predictor:
    """The predictor that a spec asks for."""
    max_length = spec.model.dataset.max_seq_length
    return Predictor.from_pretrained(folder, max_seq_length=max_length if max_length > 0 else None)


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


def format_query(query: str, spans: Sequence[Span], tags: Sequence[str], pad_label: str) -> str:
    """`santa[B-LOC] clara[I-LOC].`: the tag of a word behind it; punctuation has none, and runs of blanks are one.

    The original splits off a last character that is no letter, which makes `2021` into `202` and `1` (T24).
    """
    parts, place = [], 0
    for (start, end), tag in zip(spans, tags, strict=True):
        parts.append(query[place:end])
        if tag != pad_label and any(map(str.isalnum, query[start:end])):
            parts.append(f"[{tag}]")
        place = end
    return " ".join("".join([*parts, query[place:]]).split())
