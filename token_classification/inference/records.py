"""What is read of a file that is to be tagged: records with a text or a list of words, and bad ones with a reason."""

from collections.abc import Mapping
from dataclasses import dataclass

TEXT_COLUMNS = ("text", "tokens", "words")
"""Where the text of a record is looked for, first choice first"""


@dataclass(frozen=True)
class Record:
    """A text, or a list of words, with the fields that it came with."""

    line: int
    """Where it begins in the file: line, or row of a Parquet file, from 1"""
    text: str | list[str]
    fields: Mapping[str, object]
    gold: list[str] | None = None
    """Tags that the words had already (CoNLL)"""


@dataclass(frozen=True)
class BadRecord:
    """A record that can't be tagged."""

    line: int
    reason: str
    found: str
    """The beginning of what stands there"""


def make_record(line: int, fields: Mapping[str, object], text_column: str | None) -> Record | BadRecord:
    """Take the text out of a record; without a named column it is the first of `TEXT_COLUMNS` that is there."""
    column = text_column or next((name for name in TEXT_COLUMNS if name in fields), TEXT_COLUMNS[0])
    if column not in fields:
        found = ", ".join(map(repr, fields)) or "nothing"
        return make_bad_record(line, f"no {column!r} (the record has {found}); choose with text_column=NAME", fields)
    text = fields[column]
    if isinstance(text, str) or (isinstance(text, list) and all(isinstance(word, str) for word in text)):
        return Record(line, text, fields)
    kind = "null" if text is None else f"of type {type(text).__name__}"
    return make_bad_record(line, f"{column!r} is {kind}; accepted: a text, or a list of words", fields)


def make_bad_record(line: int, reason: str, found: object) -> BadRecord:
    """A bad record, of which a readable beginning is kept."""
    return BadRecord(line, reason, f"{found!r:.200}")


def add_results(record: Record, results: Mapping[str, object]) -> dict[str, object]:
    """The fields of a record, then the results; a field of the same name as one of those is kept as `input_NAME`."""
    kept = {f"input_{name}" if name in results else name: value for name, value in record.fields.items()}
    return kept | dict(results)
