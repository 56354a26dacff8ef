"""What formats with a JSON record for each text share: how texts, ids and spans are read, and records written."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from token_classification.data.formats.json_kinds import ENDS, STARTS
from token_classification.data.formats.record_columns import DOCUMENT_COLUMN
from token_classification.data.formats.records import has_lone_surrogate, is_sound_document, name_value
from token_classification.data.problems import Kind, Problem
from token_classification.data.spans.document import Span, SpanDocument, Written
from token_classification.data.words_of_text import Offsets
from token_classification.output_text import dump_json, quote_path

ID_COLUMNS = (DOCUMENT_COLUMN, "id")
"""Where a document's id is looked for, first choice first"""


def read_text_field(record: Mapping[str, object], name: str) -> tuple[str, str | None]:
    """Return the text of a record, and what is wrong with it (None: nothing)."""
    text = record.get(name)
    if not isinstance(text, str):
        return "", f"{name!r} is {name_value(text)}; accepted: a text; correct or remove the record"
    if has_lone_surrogate(text):
        return "", f"{name!r} holds half a character (a lone surrogate); accepted: whole characters; correct the text"
    return text, None


def read_id(record: Mapping[str, object]) -> str | None:
    """Return the id of a record as text; None where it has none that could name it."""
    found = (record.get(name) for name in ID_COLUMNS)
    return next((str(value) for value in found if value is not None and is_sound_document(value)), None)


def read_spans(document: SpanDocument, items: Sequence[object], column: str) -> tuple[tuple[Span, ...], list[Problem]]:
    """Return the spans of a record's list, and what is wrong with those that are none."""
    spans, problems = [], []
    for number, item in enumerate(items, 1):
        found = _read_span(item, document.path, column)
        if isinstance(found, Span):
            spans.append(found)
        else:
            problems.append(document.report(Kind.BROKEN_SPAN, f"span {number} of {column!r}: {found}"))
    return tuple(spans), problems


def _read_span(item: object, path: Path, column: str) -> Span | str:
    """Return a span, or what is wrong with it."""
    rule = 'accepted: [start, end, "label"] or {"start": 0, "end": 4, "label": "PER"}; correct or remove it'
    if isinstance(item, list) and len(item) == 3:
        fields: dict[str, object] = dict(zip(("start", "end", "label"), item, strict=True))
    elif isinstance(item, dict):
        fields = item
    else:
        return f"{name_value(item)}; {rule}"
    start = next((fields[name] for name in STARTS if name in fields), None)
    end = next((fields[name] for name in ENDS if name in fields), None)
    for name, offset in (("start", start), ("end", end)):
        if not isinstance(offset, int) or isinstance(offset, bool):
            return f"its {name} is {name_value(offset)}, not a whole number; {rule}"
    label = fields.get("label")
    if isinstance(label, int) and not isinstance(label, bool):
        return f"its label is the number {label}; {explain_numbers(path, column)}"
    if not isinstance(label, str) or not label.strip() or has_lone_surrogate(label):
        return f"its label is {name_value(label)}; {rule}"
    score, surface, span_id = fields.get("score"), fields.get("text"), fields.get("id")
    return Span(
        start,  # type: ignore[arg-type]  # checked above
        end,  # type: ignore[arg-type]
        label,
        float(score) if isinstance(score, int | float) and not isinstance(score, bool) else None,
        None if span_id is None else str(span_id),
        surface if isinstance(surface, str) else None,
    )


def note_columns(path: Path, tool: str, text_column: str | None, label_column: str | None) -> list[str]:
    """Say that a choice of columns is not used for a format whose fields are always called the same."""
    typed = {"--text_column_name": text_column, "--label_column_name": label_column}
    unused = [f"{flag} {name}" for flag, name in typed.items() if name is not None]
    return [f"{path}: {' and '.join(unused)} is not used: {tool} always calls its fields the same"] if unused else []


def explain_numbers(path: Path, column: str) -> str:
    """Say what to do about labels that are numbers: old versions of doccano wrote the ids of their labels."""
    query = f'.{column}[]?.label |= ({{"1": "PER", "2": "LOC"}}[tostring])'
    return (
        "accepted: names of labels; export the project anew (doccano: JSONL), or put the names in their place with: "
        f"jq -c '{query}' {quote_path(path)} > NAMED.jsonl"
    )


def build_words(document: SpanDocument, words: Iterable[Offsets]) -> tuple[Offsets, ...] | str:
    """Return the words that a record names, without those of blanks; or what is wrong with them."""
    kept, last = [], 0
    for number, (start, end) in enumerate(words, 1):
        if not last <= start <= end <= len(document.text):
            return (
                f"token {number} ({start} to {end}) is not behind the one before it, or not in the text "
                f"({len(document.text)} characters); accepted: tokens in the order of the text; export the file anew"
            )
        last = end
        if document.text[start:end].strip():
            kept.append((start, end))
    return tuple(kept)


@dataclass
class RecordWriter:
    """Collects the records of documents as lines of JSON, and what they can't hold."""

    is_ascii: bool = False
    """Whether other characters than those of ASCII are escaped, for readers that guess encodings"""
    lines: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    hidden: Counter[str] = field(default_factory=Counter)

    def add(self, document: SpanDocument, own: Mapping[str, object]) -> None:
        """Add a document: the fields of the format, then the others that it came with."""
        self.add_record(document, self.merge(document, own))

    def merge(self, document: SpanDocument, own: Mapping[str, object]) -> dict[str, object]:
        """Return the fields of the format with those that a document came with; of one name it is the format's."""
        fields = ((name, value) for name, value in own.items() if name not in ID_COLUMNS)
        self.hidden.update(name for name, value in fields if document.meta.get(name, value) != value)
        return {**own, **{name: value for name, value in document.meta.items() if name not in own}}

    def add_record(self, document: SpanDocument, record: Mapping[str, object]) -> None:
        """Add a document's record as it is."""
        try:
            line = json.dumps(record, allow_nan=False) if self.is_ascii else dump_json(record, indent=None)
        except ValueError as error:
            text = f"can't be written as JSON ({error}); accepted: finite numbers; correct the record"
            self.problems.append(document.report(Kind.BROKEN_RECORD, text))
            return
        self.lines.append(line + "\n")

    def finish(self) -> Written:
        """Return the file."""
        for name, count in self.hidden.items():
            self.notes.append(f"the field {name!r} of {count:,} documents is left out: this format has its own")
        return Written("".join(self.lines), self.problems, self.notes)

    def finish_list(self) -> Written:
        """Return the file as one list of the records."""
        return replace(self.finish(), content="[\n" + ",\n".join(line[:-1] for line in self.lines) + "\n]\n")


def choose_id_column(document: SpanDocument) -> str:
    """Return the name under which a document's id is written: the one it was read under, else our own."""
    return "id" if DOCUMENT_COLUMN not in document.meta and "id" in document.meta else DOCUMENT_COLUMN


def describe_id(document: SpanDocument, name: str) -> dict[str, object]:
    """Return the field of a document's id under a name: as it stood in its file, if it stood under that name."""
    if document.doc_id is None:
        return {}
    original = document.meta.get(name)
    return {name: original if original is not None and str(original) == document.doc_id else document.doc_id}


def note_scores(documents: Iterable[SpanDocument]) -> list[str]:
    """Say how many scores, and which models' names, a format without them leaves out."""
    documents = list(documents)
    count = sum(span.score is not None for document in documents for span in document.spans)
    notes = [f"{count:,} scores of spans are left out: this format has none"] if count else []
    models = dict.fromkeys(document.prediction.model for document in documents if document.prediction)
    return notes + [f"the model's name ({name}) is left out: this format has no place for it" for name in models]


def note_fields(documents: Iterable[SpanDocument]) -> list[str]:
    """Say how many documents have fields that a format without any leaves out."""
    count = sum(bool(document.meta.keys() - set(ID_COLUMNS)) for document in documents)
    return [f"{count:,} documents have other fields; they are left out: this format has none"] if count else []
