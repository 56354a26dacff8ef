"""Records of a file to be tagged: a text or a list of words each; bad ones have a reason."""

import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from token_classification.data.formats.json_kinds import GLINER_WORDS, SPAN_TEXT_COLUMNS
from token_classification.data.formats.record_columns import DOCUMENT_COLUMN, TEXT_COLUMNS
from token_classification.data.formats.records import is_sound_document

LONGEST_RECORD = 2**24
"""Bytes. A longer record is a bomb or another kind of file, not a text that somebody wrote; it would fill memory"""
MOST_LEVELS = 100
"""Nested lists and objects: readers and writers of JSON and Parquet give up after a few hundred"""

_quotes = reprlib.Repr()
_quotes.maxstring, _quotes.maxother, _quotes.maxlevel = 200, 200, 3


class RecordError(Exception):
    """One record can't be read or written; the others can."""


@dataclass(frozen=True)
class Record:
    """A text, or a list of words, with the fields that it came with."""

    line: int
    """Where it begins in the file: line, or row of a Parquet file, from 1"""
    text: str | list[str]
    fields: Mapping[str, object]
    gold: list[str] | None = None
    """Tags that the words already have in the file"""
    size: int = field(default=0, compare=False)
    """Its bytes in the file, as far as known"""
    column: str = field(default="text", compare=False)
    """The field that holds the text"""
    doc_id: str | None = field(default=None, compare=False)
    """The document that it is a part of; None: it is one by itself"""
    before: Sequence[str] = field(default=(), compare=False)
    after: Sequence[str] = field(default=(), compare=False)
    """Words around it in its document, where the model reads them"""
    number: int | None = field(default=None, compare=False)
    """Its place in all of the input, where the results say it"""


@dataclass(frozen=True)
class BadRecord:
    """A record that can't be tagged."""

    line: int
    reason: str
    found: str
    """How the record starts"""


def make_record(line: int, fields: Mapping[str, object], text_column: str | None, size: int = 0) -> Record | BadRecord:
    """Take the text out of a record; without a named column it is the first usual one that is there."""
    columns = (*TEXT_COLUMNS, *SPAN_TEXT_COLUMNS, GLINER_WORDS)
    column = text_column or next((name for name in columns if name in fields), TEXT_COLUMNS[0])
    if column not in fields:
        found = f"{', '.join(map(repr, fields)) or 'nothing':.200}"
        return make_bad_record(line, f"no {column!r} (the record has {found}); choose the column of the texts", fields)
    text = fields[column]
    if isinstance(text, str) or (isinstance(text, list) and all(isinstance(word, str) for word in text)):
        document = fields.get(DOCUMENT_COLUMN)
        doc_id = str(document) if document is not None and is_sound_document(document) else None
        return Record(line, text, fields, size=size, column=column, doc_id=doc_id)
    kind = "null" if text is None else f"of type {type(text).__name__}"
    return make_bad_record(line, f"{column!r} is {kind}; accepted: a text, or a list of words", fields)


def make_bad_record(line: int, reason: object, found: object) -> BadRecord:
    """Return a bad record with a readable beginning of what was found."""
    return BadRecord(line, f"{reason!s:.500}", _quotes.repr(found[:200] if isinstance(found, bytes) else found))


def check_levels(value: object) -> None:
    """Count nested lists and objects, without recursion.

    Raises:
        RecordError: there are too many levels.
    """
    level = [value]
    for _ in range(MOST_LEVELS):
        level = [*chain.from_iterable(_list_parts(part) for part in level if isinstance(part, list | dict))]
        if not level:
            return
    raise RecordError(f"nested deeper than {MOST_LEVELS} levels; make it flatter")


def _list_parts(value: list[object] | dict[object, object]) -> list[object]:
    return list(value.values()) if isinstance(value, dict) else value


def add_results(record: Record, results: Mapping[str, object]) -> dict[str, object]:
    """Return the fields of a record, then the results; a field with the name of a result becomes `input_NAME`."""
    kept: dict[str, object] = {}
    for name, value in record.fields.items():
        free = name
        while free in results or free in kept or (free != name and free in record.fields):
            free = f"input_{free}"
        kept[free] = value
    return kept | dict(results)
