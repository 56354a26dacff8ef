"""Answers as documents of annotation tools: a line of JSON each while texts are tagged, the tool's file at the end.

Each of these files is one JSON value, an archive or a folder, or says something about all documents. So it is written
once all answers are on disk, as Parquet is.
"""

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from token_classification.data.formats.json_kinds import (
    ENTS,
    GLINER_SPANS,
    GLINER_WORDS,
    RELATIONS,
    SPAN_COLUMNS,
    holds_spans,
    is_prodigy,
    is_spacy,
)
from token_classification.data.formats.prodigy import OWN_FIELDS
from token_classification.data.formats.record_columns import list_tag_columns
from token_classification.data.formats.spacy_json import GROUPS, TOKENS
from token_classification.data.formats.span_files import SPAN_WRITERS
from token_classification.data.formats.span_records import read_id
from token_classification.data.formats.text_spans import WORD_OFFSETS
from token_classification.data.spans.document import Prediction, Span, SpanDocument
from token_classification.data.whole_files import sync_file, sync_folder, write_whole
from token_classification.errors import DataError, UserError, list_problems
from token_classification.inference.entities import TextEntity
from token_classification.inference.predictor import TaggedText
from token_classification.inference.records import Record, RecordError

SUFFIXES = {
    "label_studio": ".json",
    "gliner": ".json",
    "spacy": ".spacy",
    "brat": "",
    "webanno": "",
    "inline_xml": ".xml",
}
"""Tool -> how the name of its file ends; nothing: it is a folder. All others read JSON lines"""

LABEL_COLUMNS = (*SPAN_COLUMNS, GLINER_SPANS, ENTS, *list_tag_columns("ner"))
"""Fields in which labels stand"""


def name_tool_file(tool: str) -> str:
    """Return the name of the file or folder with the results."""
    return f"predictions{SUFFIXES.get(tool, '.jsonl')}"


def describe_document(record: Record, tagged: TaggedText, entities: Iterable[TextEntity]) -> dict[str, object]:
    """Return what is known about an answered record; the model's spans take the place of those that it came with."""
    labels = {name for name, value in record.fields.items() if is_label_field(name, value, record)}
    is_labelled = record.gold is not None or any(record.fields[name] for name in labels.intersection(LABEL_COLUMNS))
    return {
        "line": record.line,
        "text": tagged.text,
        "doc_id": read_id(record.fields),
        "words": tagged.spans,
        "spans": [make_span(entity)[:4] for entity in entities],
        "score": tagged.least_score,
        "had_labels": is_labelled,
        "meta": {name: value for name, value in record.fields.items() if name not in labels | {record.column}},
    }


def make_span(entity: TextEntity) -> Span:
    """Return an entity as a span of a document."""
    return Span(entity["start"], entity["end"], entity["label"], entity["score"])


def is_label_field(name: str, value: object, record: Record) -> bool:
    """Tell whether a field says which entities there are in the text, or belongs to what says so."""
    if is_spacy(record.fields):
        return name in (ENTS, GROUPS, TOKENS)
    if is_prodigy(record.fields):
        return name in OWN_FIELDS or name.startswith("_")
    if not isinstance(value, list):
        return False
    if name in SPAN_COLUMNS and (not value or holds_spans(value)):
        return True
    if name in list_tag_columns("ner"):
        return isinstance(record.text, list) and len(value) == len(record.text)
    return name in (RELATIONS, WORD_OFFSETS) or (name == GLINER_SPANS and record.column == GLINER_WORDS)


def build_document(found: Mapping[str, Any], model: str) -> SpanDocument:
    """Return the document that `describe_document` describes, once it has been JSON."""
    return SpanDocument(
        found["text"],
        tuple(Span(*span) for span in found["spans"]),
        Path(),
        found["line"],
        found["doc_id"],
        tuple((start, end) for start, end in found["words"]),
        found["meta"],
        prediction=Prediction(model, found["score"]),
    )


def refuse_unwritable(line: bytes, tool: str) -> None:
    """Find out early whether a tool's file can hold the document that a line describes.

    Raises:
        RecordError: it can't.
    """
    if problems := SPAN_WRITERS[tool]([build_document(json.loads(line), "")]).problems:
        raise RecordError(problems[0].text)


def refuse_labels(labels: Iterable[str], tool: str) -> None:
    """Find out before the work whether a tool's file can hold spans with the labels of a model.

    Raises:
        UserError: it can't hold one of them.
        ImportError: what writes this file is not installed.
    """
    probes = [SpanDocument("text", (Span(0, 4, label),), Path(), 1, words=((0, 4),)) for label in labels]
    if problems := SPAN_WRITERS[tool](probes).problems:
        raise UserError(f"{tool}: the labels of the model do not fit: {problems[0].text}, or write for another tool")


def write_tool_file(source: Path, target: Path, tool: str, model: str) -> list[str]:
    """Write the documents that lines of JSON describe as a tool's file or folder, which appears whole or not at all.

    Args:
        source: The lines.
        target: The file, or the folder, which may be there from a run that was killed.
        tool: One of `SPAN_WRITERS`.
        model: Name and version of the model.

    Returns:
        Notes on what the format can't hold.

    Raises:
        DataError: documents that it can hold one by one do not fit into it together.
    """
    documents, had_labels = [], 0
    # Bytes, because only a newline ends a line.
    with open(source, "rb") as file:
        for line in file:
            found = json.loads(line)
            documents.append(build_document(found, model))
            had_labels += found["had_labels"]
    written = SPAN_WRITERS[tool](documents)
    if written.problems:
        raise DataError(list_problems([*map(str, written.problems)]))
    if isinstance(written.content, str | bytes):
        write_whole(target, written.content)
    else:
        _write_folder(target, written.content)
    labels = f"{had_labels:,} documents came with labels; the model's are written in their place"
    return [*([labels] if had_labels else []), *written.notes]


def _write_folder(target: Path, files: Mapping[str, str | bytes]) -> None:
    """Write the files of a folder, which is to be given its name when all are there."""
    if target.exists():
        shutil.rmtree(target)
    for name, content in files.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        sync_file(path)
    sync_folder(target)
