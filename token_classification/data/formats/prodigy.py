"""Prodigy's JSON lines: `text`, `tokens`, `spans`, and an `answer` to each example."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from token_classification.data.formats.json_lines import load_records
from token_classification.data.formats.record_columns import DOCUMENT_COLUMN
from token_classification.data.formats.records import name_value
from token_classification.data.formats.span_records import (
    RecordWriter,
    build_words,
    describe_id,
    note_columns,
    read_id,
    read_spans,
    read_text_field,
)
from token_classification.data.problems import Kind, Problem
from token_classification.data.spans.annotators import (
    MAJORITY,
    explain_choice,
    explain_older,
    refuse_unknown_annotator,
)
from token_classification.data.spans.document import Answer, SpanDocument, SpanFile, Written
from token_classification.data.spans.words import PlacedSpan, find_document_words, place_spans
from token_classification.data.words_of_text import Offsets

ACCEPTED, REJECTED, IGNORED = "accept", "reject", "ignore"
OWN_FIELDS = ("text", "tokens", "spans", "answer")
ANNOTATOR_FIELDS = ("_annotator_id", "_session_id")
BINARY_VIEW = "ner"
"""The view of recipes that show one span to be accepted or rejected, and say nothing about the rest of the text"""


def read_prodigy(
    path: Path, text_column: str | None = None, label_column: str | None = None, annotator: str | None = None
) -> SpanFile:
    """Return the accepted examples of a data set of Prodigy; an example without an answer counts as accepted.

    Of a text with examples of several annotators all are read, or those of the annotator who is asked for, or for a
    vote (`majority`) the newest of each.

    Raises:
        DataError: it is no JSON, or there is no such annotator.
    """
    records, problems = load_records(path)
    file = SpanFile(path, [], problems, notes=note_columns(path, "Prodigy", text_column, label_column))
    answers: Counter[object] = Counter()
    binary = 0
    for line, record in records:
        document, wrong = _read_example(record, path, line)
        problems += wrong
        answer = record.get("answer", ACCEPTED)
        if wrong or document is None:
            continue
        if answer not in (ACCEPTED, REJECTED, IGNORED):
            text = f"'answer' is {name_value(answer)}; accepted: accept, reject or ignore; correct it"
            problems.append(document.report(Kind.BROKEN_RECORD, text))
            continue
        answers[answer] += 1
        if answer == ACCEPTED:
            binary += record.get("_view_id") == BINARY_VIEW
            file.documents.append(document)
    if answers[REJECTED] or answers[IGNORED]:
        file.notes.append(
            f"{path}: {answers[REJECTED]:,} rejected and {answers[IGNORED]:,} ignored examples are left out, "
            f"{answers[ACCEPTED]:,} accepted ones are read"
        )
    if binary:
        file.notes.append(
            f"{path}: {binary:,} examples were accepted for one span (view 'ner'): what else is in these texts counts "
            "as no entity; label them in full (prodigy ner.manual or ner.correct) if that is not so"
        )
    if not file.documents and answers and not problems:
        text = "no example was accepted; accepted: one with the answer accept, or more; label some, then export anew"
        problems.append(Problem(Kind.BROKEN_RECORD, path, records[0][0], text))
    return _choose_annotators(file, annotator)


def _choose_annotators(file: SpanFile, annotator: str | None) -> SpanFile:
    """Return a file with the examples of those annotators who are asked for."""
    named = [(document, _name_annotator(document)) for document in file.documents]
    if annotator is not None:
        refuse_unknown_annotator(annotator, (name for _, names in named for name in names), file.path)
    if annotator not in (None, MAJORITY):
        kept = [document for document, names in named if annotator in names]
        others = len(named) - len(kept)
        notes = [f"{file.path}: {others:,} examples that are not of {annotator} are left out"] if others else []
        return replace(file, documents=kept, notes=[*file.notes, *notes])
    answers: dict[tuple[object, str], dict[str, SpanDocument]] = {}
    rest = []
    for document, names in named:
        if not names:
            rest.append(document)
            continue
        of_text = answers.setdefault((document.meta.get("_input_hash"), document.text), {})
        of_text[names[0]] = max(of_text.get(names[0], document), document, key=_tell_time)
    several = [of_text for of_text in answers.values() if len(of_text) > 1]
    if annotator is None:
        names = sorted({name for of_text in several for name in of_text})
        note = f"{file.path}: {len(several):,} texts have examples of several annotators, each of which is read"
        return replace(file, notes=[*file.notes, *([f"{note}; {explain_choice(names)}"] if several else [])])
    documents = [
        replace(_forget_annotator(document) if len(of_text) > 1 else document, answer=Answer(number, name))
        for number, of_text in enumerate(answers.values())
        for name, document in of_text.items()
    ]
    older = explain_older(file.path, len(named) - len(documents) - len(rest))
    documents = sorted(documents + rest, key=lambda document: document.line)
    return replace(file, documents=documents, notes=[*file.notes, *older])


def _name_annotator(document: SpanDocument) -> list[str]:
    """Return what the annotator of an example is called: by name, and by session."""
    found = (document.meta.get(name) for name in ANNOTATOR_FIELDS)
    return [value for value in dict.fromkeys(found) if isinstance(value, str) and value]


def _tell_time(document: SpanDocument) -> tuple[float, int]:
    time = document.meta.get("_timestamp")
    return (time if isinstance(time, int | float) else 0, document.line)


def _forget_annotator(document: SpanDocument) -> SpanDocument:
    """Return an example without what is true of its annotator only."""
    of_one = (*ANNOTATOR_FIELDS, "_timestamp", "_task_hash")
    return document.with_meta({name: value for name, value in document.meta.items() if name not in of_one})


def _read_example(record: Mapping[str, object], path: Path, line: int) -> tuple[SpanDocument | None, list[Problem]]:
    text, wrong = read_text_field(record, "text")
    meta = {name: value for name, value in record.items() if name not in OWN_FIELDS}
    document = SpanDocument(text, (), path, line, read_id(record), meta=meta)
    if wrong:
        return None, [document.report(Kind.BROKEN_RECORD, wrong)]
    items = record.get("spans") or []
    if not isinstance(items, list):
        text = f"'spans' is {name_value(items)}; accepted: a list of spans; correct or remove the record"
        return None, [document.report(Kind.BROKEN_RECORD, text)]
    spans, problems = read_spans(document, items, "spans")
    words = _read_tokens(document, record.get("tokens"))
    if isinstance(words, str):
        return None, [*problems, document.report(Kind.BROKEN_RECORD, words)]
    return replace(document, spans=spans, words=words), problems


def _read_tokens(document: SpanDocument, tokens: object) -> tuple[Offsets, ...] | str | None:
    """Return the words of an example, None where it has no tokens, or what is wrong with them."""
    if not tokens:
        return None
    rule = "accepted: tokens as Prodigy writes them, with start and end; export the file anew"
    if not isinstance(tokens, list):
        return f"'tokens' is {name_value(tokens)}; {rule}"
    places = []
    for number, token in enumerate(tokens, 1):
        start, end = (token.get("start"), token.get("end")) if isinstance(token, dict) else (None, None)
        if type(start) is not int or type(end) is not int:
            return f"token {number} has no start and end; {rule}"
        places.append((start, end))
    return build_words(document, places)


def write_prodigy(documents: Sequence[SpanDocument]) -> Written:
    """Return documents as Prodigy imports them: with tokens, unless a span cuts one.

    Examples are accepted ones, unless a model proposed their spans or nobody did: then a person has to answer.
    """
    writer = RecordWriter()
    without_tokens = 0
    for document in documents:
        words = find_document_words(document)
        placed = place_spans(document, words)
        own = describe_id(document, "id" if "id" in document.meta else DOCUMENT_COLUMN) | {"text": document.text}
        is_exact = not placed.problems and all(_ends_with_words(item, words) for item in placed.placed)
        if is_exact:
            own["tokens"] = _list_tokens(document.text, words)
        without_tokens += not is_exact
        firsts = {item.span: (item.start, item.end - 1) for item in placed.placed} if is_exact else {}
        spans = []
        for span in document.spans:
            fields: dict[str, object] = {"start": span.start, "end": span.end, "label": span.label}
            if span in firsts:
                fields |= dict(zip(("token_start", "token_end"), firsts[span], strict=True))
            fields |= {} if span.score is None else {"score": span.score}
            fields |= {} if document.prediction is None else {"source": document.prediction.model}
            spans.append(fields | ({} if span.span_id is None else {"id": span.span_id}))
        own["spans"] = spans
        is_predicted = document.prediction or any(span.score is not None for span in document.spans)
        if document.is_labelled and not is_predicted:
            own["answer"] = ACCEPTED
        writer.add(document, own)
    if without_tokens:
        writer.notes.append(
            f"{without_tokens:,} documents have no tokens because a span begins or ends inside one: show these with "
            "Prodigy's option highlight-chars, or expand the spans to whole words"
        )
    return writer.finish()


def _ends_with_words(item: PlacedSpan, words: Sequence[Offsets]) -> bool:
    return (item.span.start, item.span.end) == (words[item.start][0], words[item.end - 1][1])


def _list_tokens(text: str, words: Sequence[Offsets]) -> list[dict[str, object]]:
    return [
        {"text": text[start:end], "start": start, "end": end, "id": number, "ws": text[end : end + 1] == " "}
        for number, (start, end) in enumerate(words)
    ]
