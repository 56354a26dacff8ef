"""A record with its text redacted: no other field may tell what was replaced, and what changes can be put back."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from token_classification.errors import DataError
from token_classification.inference.answers import Answer
from token_classification.inference.records import Record
from token_classification.inference.tool_documents import is_label_field
from token_classification.redaction.redacted_text import NamedSpan, Original, RedactedText, restore_text


@dataclass(frozen=True)
class RedactedRecord:
    """The fields of a redacted record, and the entry of the mapping that gives them back."""

    fields: dict[str, object]
    column: str
    """The field of the text"""
    entry: dict[str, object]
    left_out: tuple[str, ...]
    """Fields that are not written, because they hold labels or something that was replaced"""


def redact_record(
    answer: Answer, spans: Sequence[NamedSpan], redacted: RedactedText, blank: str | None
) -> RedactedRecord:
    """Return an answered record with its redacted text.

    Args:
        answer: The record, and its text with words.
        spans: What is replaced in the text.
        redacted: The text with its substitutes.
        blank: What a field that may not be written becomes; None: it is left out.
    """
    record, column = answer.record, answer.record.column
    is_text = isinstance(record.text, str)
    substitutes = [redacted.text[start : start + length] for start, length, _ in redacted.originals]
    text: object = redacted.text if is_text else redact_words(answer, spans, substitutes)
    names = _match_names({original for _, _, original in redacted.originals})
    left_out = tuple(
        name
        for name, value in record.fields.items()
        if name != column and (is_label_field(name, value, record) or _holds_name(value, names))
    )
    fields: dict[str, object] = {}
    for name, value in record.fields.items():
        if name == column:
            fields[name] = text
        elif name not in left_out:
            fields[name] = value
        elif blank is not None:
            fields[name] = blank
    changed = {name: record.fields[name] for name in (*left_out, *(() if is_text else (column,)))}
    entry: dict[str, object] = {"line": record.line, "digest": digest_text(text)}
    if is_text:
        entry["originals"] = redacted.originals
    if changed:
        entry |= {"fields": changed, "names": list(record.fields)}
    return RedactedRecord(fields, column, entry, left_out)


def restore_fields(record: Record, entry: Mapping[str, object], place: str) -> dict[str, object]:
    """Return the fields of a redacted record as they were; fields that were added since stay at the end.

    Raises:
        DataError: its text is not the one that was written.
    """
    if digest_text(record.text) != entry["digest"]:
        raise DataError(
            f"{place}: not the text that redact wrote here; accepted: the file as it was written, with the mapping of "
            "the same run; restore from an unchanged copy"
        )
    fields = dict(record.fields)
    if isinstance(record.text, str):
        originals = [Original(*found) for found in entry["originals"]]  # type: ignore[attr-defined]
        fields[record.column] = restore_text(record.text, originals)
    changed: Mapping[str, object] = entry.get("fields", {})  # type: ignore[assignment]
    names: Sequence[str] = entry.get("names", [])  # type: ignore[assignment]
    known = {name: changed.get(name, fields.get(name)) for name in names if name in changed or name in fields}
    return known | {name: value for name, value in fields.items() if name not in known}


def redact_words(answer: Answer, spans: Sequence[NamedSpan], substitutes: Sequence[str]) -> list[str]:
    """Return the words of a record that is a list of words, with those of each substitute in the place of a name's."""
    words: list[str] = []
    given, covered_to = 0, 0
    for start, end in answer.tagged.spans:
        while given < len(spans) and spans[given].start < end:
            words += substitutes[given].split()
            covered_to = spans[given].end
            given += 1
        if start >= covered_to:
            words.append(answer.tagged.text[start:end])
    return words


def digest_text(text: object) -> str:
    """Return what tells a text, or a list of words, from all others."""
    parts = [text] if isinstance(text, str) else text
    digest = hashlib.sha256()
    for part in parts:  # type: ignore[attr-defined]
        encoded = str(part).encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()[:32]


def _match_names(names: set[str]) -> re.Pattern[str] | None:
    """Return a pattern that finds any of some names as whole words, in any case and with any white space."""
    if not names:
        return None
    alternatives = (r"\s+".join(map(re.escape, name.split())) for name in names)
    return re.compile(rf"(?<!\w)(?:{'|'.join(filter(None, alternatives)) or '(?!)'})(?!\w)", re.IGNORECASE)


def _holds_name(value: object, names: re.Pattern[str] | None) -> bool:
    return names is not None and any(names.search(text) for text in _list_texts(value))


def _list_texts(value: object) -> Iterator[str]:
    """Yield all texts in a value, names of fields and numbers included."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield str(name)
            yield from _list_texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _list_texts(part)
    else:
        yield str(value)
