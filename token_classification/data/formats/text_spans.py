"""Character spans as JSON, a text in each record: `{"text": "Anna left", "spans": [{"start": 0, "end": 4, ...}]}`.

Read are the shapes of all versions of doccano, too: `label`, `labels`, `entities` or `annotations`; spans are lists or
objects.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from token_classification.data.formats.json_kinds import SPAN_COLUMNS, SPAN_TEXT_COLUMNS, holds_spans
from token_classification.data.formats.json_lines import Records, load_records
from token_classification.data.formats.record_columns import (
    explain_missing_column,
    list_columns,
)
from token_classification.data.formats.records import name_value
from token_classification.data.formats.span_records import (
    RecordWriter,
    build_words,
    choose_id_column,
    describe_id,
    read_id,
    read_spans,
    read_text_field,
)
from token_classification.data.problems import Kind, Problem
from token_classification.data.spans.annotators import MAJORITY, explain_choice, refuse_unknown_annotator
from token_classification.data.spans.document import Answer, SpanDocument, SpanFile, Written
from token_classification.errors import DataError

WORD_OFFSETS = "word_offsets"
"""Where our own files keep the words of a text"""


def read_text_spans(
    path: Path, text_column: str | None = None, label_column: str | None = None, annotator: str | None = None
) -> SpanFile:
    """Return the documents of a file with a text and a list of spans in each record.

    Fields that are neither stay with the document (`relations` among them). Where spans have a `user`, those of all
    are read, or those of the annotator who is asked for; for a vote (`majority`) each user's are a document.

    Raises:
        DataError: it is no JSON, or a column or the annotator is not there.
    """
    records, problems = load_records(path)
    if not records:
        return SpanFile(path, [], problems)
    found = list(dict.fromkeys(name for _, record in records for name in record))
    texts = text_column or next((name for name in SPAN_TEXT_COLUMNS if name in found), None)
    if texts is None or texts not in found:
        accepted = SPAN_TEXT_COLUMNS
        raise DataError(explain_missing_column("texts", found, text_column, path, accepted, "--text_column_name"))
    spans, notes = _choose_span_column(records, found, label_column, path)
    file = SpanFile(path, [], problems, is_labelled=spans is not None, notes=notes)
    records, answers, notes = _choose_users(records, spans, annotator, path)
    file.notes += notes
    for (line, record), answer in zip(records, answers, strict=True):
        document, wrong = _read_record(record, path, line, texts, spans)
        problems += wrong
        if document:
            file.documents.append(replace(document, answer=answer))
    return file


def _choose_users(
    records: Records, column: str | None, annotator: str | None, path: Path
) -> tuple[Records, Sequence[Answer | None], list[str]]:
    """Return the records with the spans of those users who are asked for, the answers they are, and notes.

    Old versions of doccano put spans of all users into one list. Who found nothing in a text is not there.
    """
    users = [list(dict.fromkeys(filter(None, map(_name_user, _list_spans(record, column))))) for _, record in records]
    names = sorted({name for found in users for name in found})
    if annotator is not None:
        refuse_unknown_annotator(annotator, names, path)
    several = sum(len(found) > 1 for found in users)
    if annotator is None:
        note = f"{path}: {several:,} texts have spans of several users; those of all are read; {explain_choice(names)}"
        return records, [None] * len(records), [note] if several else []
    chosen: Records = []
    answers: list[Answer | None] = []
    for number, ((line, record), found) in enumerate(zip(records, users, strict=True)):
        for name in found if annotator == MAJORITY else [annotator] if annotator in found else []:
            spans = [item for item in _list_spans(record, column) if _name_user(item) == name]
            chosen.append((line, {**record, str(column): spans}))
            answers.append(Answer(number, name) if annotator == MAJORITY else None)
        if not found:
            chosen.append((line, record))
            answers.append(None)
    others = sum(annotator not in found for found in users if found)
    note = f"{path}: {others:,} texts in which {annotator} marked nothing, but others did, are left out"
    notes = [note] if others and annotator != MAJORITY else []
    if several and annotator == MAJORITY:
        notes.append(f"{path}: a user who marked nothing in a text is not in the file, and so has no vote")
    return chosen, answers, notes


def _list_spans(record: Mapping[str, object], column: str | None) -> list[object]:
    items = None if column is None else record.get(column)
    return items if isinstance(items, list) else []


def _name_user(item: object) -> str | None:
    user = item.get("user") if isinstance(item, dict) else None
    return str(user) if isinstance(user, str | int) and user != "" else None


def _choose_span_column(
    records: Sequence[tuple[int, Mapping[str, object]]], found: Sequence[str], asked: str | None, path: Path
) -> tuple[str | None, list[str]]:
    """Return the name of the field with the spans (None: no record has any), and a note on another one.

    Raises:
        DataError: the field asked for is not there.
    """
    if asked is not None and asked not in found:
        raise DataError(explain_missing_column("spans", found, asked, path, SPAN_COLUMNS, "--label_column_name"))
    if asked is not None:
        return asked, []
    counts = Counter(name for _, record in records for name in SPAN_COLUMNS if holds_spans(record.get(name)))
    filled = [name for name in SPAN_COLUMNS if counts[name]]
    empty = [name for name in SPAN_COLUMNS if any(record.get(name) == [] for _, record in records)]
    notes = [
        f"{path}: spans are read from {filled[0]!r}; {name!r} holds some, too: for those, --label_column_name {name}"
        for name in filled[1:]
    ]
    return next(iter(filled or empty), None), notes


def _read_record(
    record: Mapping[str, object], path: Path, line: int, text_column: str, span_column: str | None
) -> tuple[SpanDocument | None, list[Problem]]:
    text, wrong = read_text_field(record, text_column)
    used = (text_column, span_column, WORD_OFFSETS)
    meta = {name: value for name, value in record.items() if name not in used}
    document = SpanDocument(text, (), path, line, read_id(record), meta=meta)
    if wrong:
        return None, [document.report(Kind.BROKEN_RECORD, wrong)]
    words = _read_words(document, record)
    if isinstance(words, str):
        return None, [document.report(Kind.BROKEN_RECORD, words)]
    document = replace(document, words=words)
    if span_column is None:
        return document, []
    items = record.get(span_column)
    if not isinstance(items, list):
        there = name_value(items) if span_column in record else f"not there (the record has {list_columns([*record])})"
        text = f"{span_column!r} is {there}; accepted: a list of spans, [] for none; write it, or remove the record"
        return None, [document.report(Kind.BROKEN_RECORD, text)]
    spans, problems = read_spans(document, items, span_column)
    return None if problems else replace(document, spans=spans), problems


def _read_words(document: SpanDocument, record: Mapping[str, object]) -> tuple[tuple[int, int], ...] | str | None:
    """Return the words of a record, None where it names none, or what is wrong with them."""
    pairs = record.get(WORD_OFFSETS)
    if pairs is None:
        return None
    if not isinstance(pairs, list) or not all(map(_is_pair, pairs)):
        return f"{WORD_OFFSETS!r} is no list of [start, end]; accepted: one pair for each word; remove the field"
    return build_words(document, [(start, end) for start, end in pairs])


def _is_pair(item: object) -> bool:
    return isinstance(item, list) and len(item) == 2 and all(type(offset) is int for offset in item)


def write_text_spans(documents: Sequence[SpanDocument]) -> Written:
    """Return documents as JSON lines with everything that is known about them."""
    writer = RecordWriter()
    for document in documents:
        items = []
        for span in document.spans:
            item: dict[str, object] = {"start": span.start, "end": span.end, "label": span.label}
            item |= {} if span.score is None else {"score": span.score}
            items.append(item | ({} if span.span_id is None else {"id": span.span_id}))
        own = describe_id(document, choose_id_column(document)) | {"text": document.text, "spans": items}
        if document.prediction is not None:
            own |= {"model_version": document.prediction.model, "score": document.prediction.score}
        if document.words is not None:
            own[WORD_OFFSETS] = [[start, end] for start, end in document.words]
        writer.add(document, own)
    return writer.finish()
