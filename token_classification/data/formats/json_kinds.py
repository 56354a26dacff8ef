"""What records of JSON are: words with tags, or texts with spans of characters, by the fields that they have."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from token_classification.data.formats.record_columns import WORD_COLUMNS

SPANS, PRODIGY, GLINER, LABEL_STUDIO, SPACY = "spans", "prodigy", "gliner", "label_studio", "spacy_json"
SPAN_TEXT_COLUMNS = ("text", "data")
"""Where the text of spans is looked for, first choice first; some versions of doccano call it data"""
SPAN_COLUMNS = ("entities", "spans", "labels", "label", "annotations", "data")
"""Where lists of spans are looked for, first choice first"""
STARTS, ENDS = ("start", "start_offset"), ("end", "end_offset")
GLINER_WORDS, GLINER_SPANS = "tokenized_text", "ner"
ENTS, PAIRS, PARAGRAPHS = "ents", "annotations", "paragraphs"
"""Where spaCy's `Doc.to_json`, its training examples and its version 2 keep entities, examples and texts"""
RELATIONS = "relations"
"""Where doccano lists relations between spans"""
PRODIGY_MARKS = ("_input_hash", "_task_hash", "answer")
MIN_MARKS = ("annotation_id", "annotator")
"""What Label Studio puts into each record of JSON-MIN"""
MIN_FIELDS = ("id", *MIN_MARKS, "created_at", "updated_at", "lead_time", "agreement")
LOOKED_AT = 100
"""Records that decide"""


def find_json_kind(records: Iterable[object]) -> str | None:
    """Return what the first telling records are, `spans`, `prodigy` ...; None: words and tags, or nothing."""
    is_empty = False
    for record in islice(records, LOOKED_AT):
        if is_spacy(record):
            return SPACY
        if not isinstance(record, dict):
            continue
        if isinstance(record.get(GLINER_WORDS), list):
            return GLINER
        if _is_label_studio(record):
            return LABEL_STUDIO
        if find_text_column(record) is None or any(_is_list_of(record.get(name), str) for name in WORD_COLUMNS):
            return None
        if is_prodigy(record):
            return PRODIGY
        lists = [record[name] for name in SPAN_COLUMNS if isinstance(record.get(name), list)]
        if any(map(holds_spans, lists)):
            return SPANS
        is_empty = is_empty or [] in lists
        if not is_empty:
            return None
    return SPANS if is_empty else None


def is_spacy(record: object) -> bool:
    """Tell whether a value of JSON is one that spaCy writes or trains on."""
    if not isinstance(record, dict):
        return is_pair(record)
    if isinstance(record.get("text"), str) and (
        isinstance(record.get(ENTS), list) or isinstance(record.get("spans"), dict)
    ):
        return True
    pairs, paragraphs = record.get(PAIRS), record.get(PARAGRAPHS)
    if isinstance(pairs, list) and "text" not in record:
        return is_pair(next((pair for pair in pairs if pair is not None), None))
    return isinstance(paragraphs, list) and any("sentences" in one for one in paragraphs if isinstance(one, dict))


def is_pair(value: object) -> bool:
    """Tell whether a value is one of spaCy's training examples: `["text", {"entities": [...]}]`."""
    if not isinstance(value, list) or len(value) != 2:
        return False
    text, answer = value
    return isinstance(text, str) and isinstance(answer, dict) and isinstance(answer.get("entities"), list)


def find_text_column(record: Mapping[str, object]) -> str | None:
    """Return the name of the field that holds the text of spans, None if there is none."""
    return next((name for name in SPAN_TEXT_COLUMNS if isinstance(record.get(name), str)), None)


def holds_spans(value: object) -> bool:
    """Tell whether a value is a list of spans, at least of one: `[start, end, label]`, or an object with these."""
    return isinstance(value, list) and bool(value) and all(map(_is_span, value))


def _is_span(item: object) -> bool:
    if isinstance(item, dict):
        has_offsets = not item.keys().isdisjoint(STARTS) and not item.keys().isdisjoint(ENDS)
        return has_offsets and isinstance(item.get("label"), str | int)
    if not isinstance(item, list) or len(item) != 3:
        return False
    return all(isinstance(offset, int) for offset in item[:2]) and isinstance(item[2], str | int)


def is_region_list(value: object) -> bool:
    """Tell whether a value is a list of Label Studio's regions, at least of one, as JSON-MIN has them."""
    return isinstance(value, list) and bool(value) and all(map(_is_region, value))


def _is_region(item: object) -> bool:
    if not isinstance(item, dict) or not {"start", "end"} <= item.keys():
        return False
    return any(isinstance(item.get(name), list) for name in ("labels", "hypertextlabels"))


def _is_label_studio(record: Mapping[str, object]) -> bool:
    """Tell whether a record is a task with its data, or one of JSON-MIN."""
    if isinstance(record.get("data"), dict) and not any(isinstance(record.get(name), list) for name in WORD_COLUMNS):
        return True
    return all(name in record for name in MIN_MARKS) or any(map(is_region_list, record.values()))


def is_prodigy(record: Mapping[str, object]) -> bool:
    """Tell whether a record has what Prodigy puts into each: hashes, an answer, tokens with offsets."""
    if "text" not in record:
        return False
    tokens = record.get("tokens")
    if isinstance(tokens, list) and tokens and all(isinstance(token, dict) and "start" in token for token in tokens):
        return True
    return any(name in record for name in PRODIGY_MARKS) and isinstance(record.get("spans", []), list)


def _is_list_of(value: object, kind: type) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(item, kind) for item in value)
