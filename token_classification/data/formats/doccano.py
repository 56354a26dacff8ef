"""What doccano imports: JSON lines of `text` and `label`, or of `entities` and `relations` where there are relations.

What it exports is read as any text with spans is (`text_spans.py`).
"""

from collections.abc import Iterable, Sequence
from itertools import count, pairwise

from token_classification.data.formats.json_kinds import RELATIONS
from token_classification.data.formats.span_records import RecordWriter, describe_id, note_scores
from token_classification.data.spans.document import SpanDocument, Written


def write_doccano(documents: Sequence[SpanDocument]) -> Written:
    """Return documents as doccano imports them.

    All characters but ASCII are escaped, because doccano guesses the encoding of a file from its first bytes.
    """
    writer = RecordWriter(is_ascii=True, notes=note_scores(documents))
    has_relations = any(document.meta.get(RELATIONS) for document in documents)
    lost = 0
    for document in documents:
        own: dict[str, object] = {"text": document.text}
        if has_relations:
            entities, relations = _list_relations(document)
            listed = document.meta.get(RELATIONS)
            lost += (len(listed) if isinstance(listed, list) else 0) - len(relations)
            own |= {"entities": entities, RELATIONS: relations}
        else:
            own["label"] = [[span.start, span.end, span.label] for span in document.spans]
        meta = {name: value for name, value in document.meta.items() if name != RELATIONS}
        writer.add(document.with_meta(meta), describe_id(document, "id") | own)
    if lost:
        writer.notes.append(f"{lost:,} relations are left out: a span that they join is not there")
    return _warn(documents, writer)


def _list_relations(document: SpanDocument) -> tuple[list[dict[str, object]], list[object]]:
    """Return the spans with their ids, and those relations whose two spans are there."""
    taken = {span.span_id for span in document.spans}
    free = (number for number in count(1) if str(number) not in taken)
    entities: list[dict[str, object]] = [
        {
            "id": int(span.span_id) if span.span_id is not None and span.span_id.isdecimal() else next(free),
            "label": span.label,
            "start_offset": span.start,
            "end_offset": span.end,
        }
        for span in document.spans
    ]
    ids = {entity["id"] for entity in entities}
    listed = document.meta.get(RELATIONS)
    relations: list[object] = [
        relation
        for relation in (listed if isinstance(listed, list) else [])
        if isinstance(relation, dict) and relation.get("from_id") in ids and relation.get("to_id") in ids
    ]
    return entities, relations


def _warn(documents: Iterable[SpanDocument], writer: RecordWriter) -> Written:
    """Add what doccano does not import as it is."""
    overlapping = sum(map(_has_overlaps, documents))
    if overlapping:
        writer.notes.append(
            f"{overlapping:,} documents have overlapping spans: switch on 'Allow overlapping spans' in the project "
            "before you import them, or doccano leaves out all but the first of each"
        )
    empty = sum(not document.text for document in documents)
    if empty:
        writer.notes.append(f"{empty:,} documents are empty; doccano imports none of these")
    return writer.finish()


def _has_overlaps(document: SpanDocument) -> bool:
    ordered = sorted(document.spans, key=lambda span: (span.start, span.end))
    return any(following.start < span.end for span, following in pairwise(ordered))
