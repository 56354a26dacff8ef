"""GLiNER's training data: `tokenized_text`, and `ner` with first and last word (both inclusive) and label."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from token_classification.data.formats.json_kinds import GLINER_SPANS, GLINER_WORDS
from token_classification.data.formats.json_lines import load_records
from token_classification.data.formats.record_columns import DOCUMENT_COLUMN
from token_classification.data.formats.records import has_lone_surrogate, name_value
from token_classification.data.formats.span_records import (
    RecordWriter,
    describe_id,
    note_columns,
    note_scores,
    read_id,
)
from token_classification.data.problems import Kind, Problem
from token_classification.data.spans.document import Span, SpanDocument, SpanFile, Written
from token_classification.data.spans.words import find_document_words, place_spans
from token_classification.data.words_of_text import Offsets


def read_gliner(path: Path, text_column: str | None = None, label_column: str | None = None) -> SpanFile:
    """Return the documents of a file of GLiNER; their words are joined by blanks.

    Raises:
        DataError: it is no JSON.
    """
    records, problems = load_records(path)
    notes = note_columns(path, "GLiNER", text_column, label_column)
    file = SpanFile(path, [], problems, any(GLINER_SPANS in record for _, record in records), notes)
    for line, record in records:
        meta = {name: value for name, value in record.items() if name not in (GLINER_WORDS, GLINER_SPANS)}
        document = SpanDocument("", (), path, line, read_id(record), meta=meta)
        words = record.get(GLINER_WORDS)
        wrong = _explain_words(words)
        if wrong or not isinstance(words, list):
            problems.append(document.report(Kind.BROKEN_RECORD, f"{wrong}; accepted: a list of words; correct it"))
            continue
        places: list[Offsets] = []
        for word in words:
            start = places[-1][1] + 1 if places else 0
            places.append((start, start + len(word)))
        spans, found = _read_ner(document, record, places, is_needed=file.is_labelled)
        problems += found
        if found:
            continue
        kept = tuple(place for place, word in zip(places, words, strict=True) if word.strip())
        file.documents.append(SpanDocument(" ".join(words), spans, path, line, document.doc_id, kept, meta))
    return file


def _explain_words(words: object) -> str | None:
    if not isinstance(words, list):
        return f"{GLINER_WORDS!r} is {name_value(words)}"
    wrong = [number for number, word in enumerate(words, 1) if not isinstance(word, str) or not word]
    if wrong:
        return f"word {wrong[0]} of {GLINER_WORDS!r} is {name_value(words[wrong[0] - 1])}"
    halved = any(map(has_lone_surrogate, words))
    return f"{GLINER_WORDS!r} holds half a character (a lone surrogate)" if halved else None


def _read_ner(
    document: SpanDocument, record: Mapping[str, object], places: Sequence[Offsets], *, is_needed: bool
) -> tuple[tuple[Span, ...], list[Problem]]:
    """Return the spans of a record, and what is wrong with those that are none."""
    items = record.get(GLINER_SPANS)
    if items is None and not is_needed:
        return (), []
    if not isinstance(items, list):
        text = f"{GLINER_SPANS!r} is {name_value(items)}; accepted: a list of [first, last, label]; correct the record"
        return (), [document.report(Kind.BROKEN_RECORD, text)]
    spans, problems = [], []
    for number, item in enumerate(items, 1):
        is_sound = isinstance(item, list) and len(item) == 3 and type(item[0]) is type(item[1]) is int
        if not (is_sound and isinstance(item[2], str) and item[2].strip() and not has_lone_surrogate(item[2])):
            found = name_value(item) if not isinstance(item, list) else str(item)
            text = f'span {number} is {found:.200}; accepted: [first word, last word, "label"]; correct or remove it'
            problems.append(document.report(Kind.BROKEN_SPAN, text))
        elif not 0 <= item[0] <= item[1] < len(places):
            text = (
                f"span {number} is {item!s:.200}, but the words are 0 to {len(places) - 1}; accepted: first and last "
                "word, both inclusive; correct or remove it"
            )
            problems.append(document.report(Kind.BROKEN_SPAN, text))
        else:
            spans.append(Span(places[item[0]][0], places[item[1]][1], item[2]))
    return tuple(spans), problems


def write_gliner(documents: Sequence[SpanDocument]) -> Written:
    """Return documents as a JSON list that GLiNER trains on; a span that cuts a word is a problem."""
    writer = RecordWriter(notes=note_scores(documents))
    respaced = 0
    for document in documents:
        words = find_document_words(document)
        placed = place_spans(document, words)
        writer.problems += placed.problems
        respaced += _is_respaced(document.text, words)
        ner = [[item.start, item.end - 1, item.span.label] for item in placed.placed]
        own: dict[str, object] = {GLINER_WORDS: [document.text[start:end] for start, end in words], GLINER_SPANS: ner}
        writer.add(document, own | describe_id(document, "id" if "id" in document.meta else DOCUMENT_COLUMN))
    if respaced:
        writer.notes.append(
            f"{respaced:,} texts have something else than one blank between two words; this format holds words only"
        )
    return writer.finish_list()


def _is_respaced(text: str, words: Sequence[Offsets]) -> bool:
    """Tell whether a text is another one than its words with one blank between each two."""
    edges = (words[0][0], len(text) - words[-1][1]) if words else (len(text), 0)
    return any(edges) or any(text[before[1] : after[0]] != " " for before, after in pairwise(words))
