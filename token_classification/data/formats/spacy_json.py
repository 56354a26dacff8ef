"""spaCy's JSON: what `Doc.to_json` gives, training examples as pairs, and the paragraphs of version 2.

- `{"text": "Anna left", "ents": [{"start": 0, "end": 4, "label": "PER"}], "tokens": [{"id": 0, "start": 0, ...}]}`
- `["Anna left", {"entities": [[0, 4, "PER"]]}]`, also as `{"classes": [...], "annotations": [...]}`
- `{"id": 0, "paragraphs": [{"raw": "Anna left", "sentences": [{"tokens": [{"orth": "Anna", "ner": "U-PER"}, ...]}]}]}`
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from token_classification.data.entities import find_entities
from token_classification.data.formats.docbin import ENTITIES, GROUP, build_docs
from token_classification.data.formats.json_kinds import PAIRS, PARAGRAPHS, is_pair
from token_classification.data.formats.json_lines import Records, load_items
from token_classification.data.formats.record_columns import explain_missing_column
from token_classification.data.formats.span_records import (
    RecordWriter,
    build_words,
    choose_id_column,
    describe_id,
    note_scores,
    read_id,
    read_spans,
    read_text_field,
)
from token_classification.data.problems import BrokenFileError, Kind, Problem
from token_classification.data.schemes import OUTSIDE
from token_classification.data.spans.document import Span, SpanDocument, SpanFile, Written
from token_classification.data.words_of_text import Offsets
from token_classification.errors import DataError

GROUPS, TOKENS, SENTENCES = "spans", "tokens", "sentences"


def read_spacy_json(path: Path, text_column: str | None = None, label_column: str | None = None) -> SpanFile:
    """Return the documents of a file of spaCy's JSON.

    Args:
        path: A list, or JSON lines.
        text_column: Can't be chosen.
        label_column: The span group to take, or `ents`; by default the entities if there are any.

    Raises:
        DataError: it is no JSON, or has no such group.
    """
    items, problems = load_items(path)
    records = list(_unfold(items))
    name, notes = _choose_group(records, label_column, path)
    file = SpanFile(path, [], problems, is_labelled=name is not None, notes=notes)
    for line, record in records:
        document, wrong = _read_record(path, line, record, name)
        problems += wrong
        if not wrong:
            file.documents.append(document)
    return file


def read_spacy_json_texts(path: Path, text_column: str | None = None) -> Iterator[SpanDocument | DataError]:
    """Yield the texts of a file without spans; in place of a broken one, the error.

    Raises:
        DataError: it is no JSON.
    """
    items, problems = load_items(path)
    yield from (BrokenFileError([problem], None) for problem in problems)
    for line, record in _unfold(items):
        document, wrong = _read_record(path, line, record, None)
        yield BrokenFileError(wrong, None) if wrong else replace(document, spans=())


def _unfold(items: Sequence[tuple[int, object]]) -> Iterator[tuple[int, dict[str, object]]]:
    """Yield a record for each text, with the line at which what holds it begins."""
    for line, item in items:
        if isinstance(item, list) and is_pair(item):
            yield line, {"text": item[0], ENTITIES: item[1]["entities"]}
        elif isinstance(item, dict) and isinstance(pairs := item.get(PAIRS), list):
            yield from _unfold([(line, pair) for pair in pairs if pair is not None])
        elif isinstance(item, dict) and isinstance(paragraphs := item.get(PARAGRAPHS), list):
            for number, paragraph in enumerate(paragraphs, 1):
                known = paragraph if isinstance(paragraph, dict) else {}
                doc_id = f"{item.get('id', line)}-{number}" if len(paragraphs) > 1 else item.get("id", line)
                yield line, {SENTENCES: [], **known, "id": doc_id}
        else:
            yield line, item if isinstance(item, dict) else {"text": item}


def _choose_group(records: Records, asked: str | None, path: Path) -> tuple[str | None, list[str]]:
    """Return the name of the spans to take (None: no text has any), and notes on others.

    Raises:
        DataError: the group asked for is not there.
    """
    counts: dict[str, int] = {}
    for _, record in records:
        for name, spans in _list_groups(record).items():
            counts[name] = counts.get(name, 0) + len(spans)
    if asked is not None and asked not in counts:
        accepted = (ENTITIES, GROUP)
        raise DataError(explain_missing_column("spans", [*counts], asked, path, accepted, "--label_column_name"))
    filled = sorted((name for name in counts if counts[name]), key=lambda name: name != ENTITIES)
    chosen = asked or next(iter([*filled, *counts]), None)
    notes = [
        f"{path}: spans of {chosen!r} are read, {counts[name]:,} of {name!r} are not: --label_column_name {name} does"
        for name in filled
        if name != chosen
    ]
    return chosen, notes


def _list_groups(record: Mapping[str, object]) -> dict[str, list[object]]:
    """Return the lists of spans of a text by name; the tags of a paragraph's tokens are its entities."""
    groups = record.get(GROUPS)
    named = {ENTITIES: record.get(ENTITIES, record.get(SENTENCES)), **(groups if isinstance(groups, dict) else {})}
    return {name: spans for name, spans in named.items() if isinstance(spans, list)}


def _read_record(
    path: Path, line: int, record: Mapping[str, object], group: str | None
) -> tuple[SpanDocument, list[Problem]]:
    """Return a text with the spans of a group, and what is wrong with it."""
    document = SpanDocument("", (), path, line, read_id(record))
    if SENTENCES in record and "text" not in record:
        return _read_paragraph(document, record)
    return _read_doc(document, record, group)


def _read_doc(
    document: SpanDocument, record: Mapping[str, object], group: str | None
) -> tuple[SpanDocument, list[Problem]]:
    """Return a text with the spans of a group."""
    text, wrong = read_text_field(record, "text")
    meta = {name: value for name, value in record.items() if name not in ("text", ENTITIES, GROUPS, TOKENS)}
    document = replace(document, text=text, meta=meta)
    tokens = record.get(TOKENS)
    if wrong is None and tokens is not None:
        words = _read_tokens(document, tokens)
        wrong = words if isinstance(words, str) else None
        document = document if isinstance(words, str) else replace(document, words=words)
    if wrong is not None:
        return document, [document.report(Kind.BROKEN_RECORD, wrong)]
    groups = _list_groups(record)
    if group is None or group not in groups:
        return replace(document, is_labelled=False), []
    spans, problems = read_spans(document, groups[group], group)
    return replace(document, spans=spans), problems


def _read_tokens(document: SpanDocument, tokens: object) -> tuple[Offsets, ...] | str:
    """Return the places of a text's tokens, or what is wrong with them."""
    if not isinstance(tokens, list) or not all(map(_has_place, tokens)):
        return f"{TOKENS!r} is no list of tokens with start and end; accepted: what Doc.to_json gives; write it anew"
    return build_words(document, [(token["start"], token["end"]) for token in tokens])


def _has_place(token: object) -> bool:
    return isinstance(token, dict) and type(token.get("start")) is int and type(token.get("end")) is int


def _list_items(found: object, name: str) -> list[Any]:
    """Return the list that a field of an object holds; an empty one where it holds none."""
    items = found.get(name) if isinstance(found, dict) else None
    return items if isinstance(items, list) else []


def _read_paragraph(document: SpanDocument, record: Mapping[str, object]) -> tuple[SpanDocument, list[Problem]]:
    """Return the text of a paragraph with the entities that the tags of its tokens mark."""
    tokens = [token for sentence in _list_items(record, SENTENCES) for token in _list_items(sentence, TOKENS)]
    if not tokens or not all(isinstance(token, dict) and isinstance(token.get("orth"), str) for token in tokens):
        text = f"{SENTENCES!r} has no tokens with 'orth'; accepted: what spaCy 2 trained on; correct or remove it"
        return document, [document.report(Kind.BROKEN_RECORD, text)]
    joined = " ".join(token["orth"] for token in tokens)
    text, wrong = read_text_field({"raw": record.get("raw") or joined}, "raw")
    document = replace(document, text=text)
    places: list[Offsets] = []
    for token in tokens:
        start = text.find(token["orth"], places[-1][1] if places else 0)
        places.append((start, start + len(token["orth"])))
        if start < 0:
            wrong = wrong or f"the token {token['orth']!r:.80} is not in 'raw'; accepted: its text; correct it"
    if wrong is not None:
        return document, [document.report(Kind.BROKEN_RECORD, wrong)]
    tags = [str(token.get("ner") or OUTSIDE) for token in tokens]
    entities = find_entities([OUTSIDE if tag == "-" else tag for tag in tags])
    spans = tuple(Span(places[one.start][0], places[one.end - 1][1], one.type) for one in entities)
    return replace(document, spans=spans, words=tuple(place for place in places if text[slice(*place)].strip())), []


def write_spacy_json(documents: Sequence[SpanDocument]) -> Written:
    """Return documents as lines of what `Doc.to_json` gives; `Doc.from_json` reads them.

    Raises:
        ImportError: spaCy is not installed.
    """
    docs, problems, notes = build_docs(documents)
    writer = RecordWriter(problems=problems, notes=note_scores(documents) + notes)
    for document, doc in zip(documents, docs, strict=True):
        own = doc.to_json() | {TOKENS: [{"id": one.i, "start": one.idx, "end": one.idx + len(one)} for one in doc]}
        writer.add(document, describe_id(document, choose_id_column(document)) | own)
    return writer.finish()
