"""The model's answers to records, and how they are written; a record that can't be written becomes a bad one."""

import gzip
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from token_classification.data.formats.conll import format_sentence, make_writable
from token_classification.data.formats.span_files import SPAN_WRITERS
from token_classification.data.words_of_text import WordRule
from token_classification.inference.entities import TextEntity
from token_classification.inference.neighbours import find_neighbours
from token_classification.inference.predictor import Predictor, TaggedText
from token_classification.inference.records import BadRecord, Record, RecordError, add_results, make_bad_record
from token_classification.inference.texts import Taggable, TextInContext, place_words
from token_classification.inference.tool_documents import describe_document, refuse_unwritable

OUTPUT_FORMATS = ("jsonl", "jsonl.gz", "conll", "conll.gz", "parquet")


Found = list[tuple[TaggedText, list[TextEntity]]]
"""The texts of some records with their tags, and their entities"""


@dataclass(frozen=True)
class Answer:
    """A record with what the model says about it."""

    record: Record
    tagged: TaggedText
    entities: list[TextEntity]


def put_records_in_context(
    records: Iterable[Record | BadRecord], rule: WordRule, size: int
) -> Iterator[Record | BadRecord]:
    """Give each record the words around it in its document; one that can't be read parts a document."""

    def read(record: Record | BadRecord) -> tuple[str | None, Sequence[str]]:
        return (record.doc_id, place_words(record.text, rule)[2]) if isinstance(record, Record) else (None, ())

    for record, before, after in find_neighbours(records, read, size):
        yield replace(record, before=before, after=after) if isinstance(record, Record) else record


def answer_records(predictor: Predictor, records: Sequence[Record]) -> list[Answer]:
    """Tag some records at once."""
    texts: list[Taggable] = [
        TextInContext(record.text, record.before, record.after) if record.before or record.after else record.text
        for record in records
    ]
    tagged = predictor.tag_texts(texts)
    return [Answer(record, row, predictor.find_entities(row)) for record, row in zip(records, tagged, strict=True)]


def find_in_records(predictor: Predictor, records: Sequence[Record]) -> Found:
    """Return what `answer_records` finds, without the records: what another process sends back."""
    return [(answer.tagged, answer.entities) for answer in answer_records(predictor, records)]


def encode_answers(answers: Sequence[Answer], output_format: str) -> tuple[bytes, list[Answer], list[BadRecord]]:
    """Encode some answers as what is to be added to a file.

    Args:
        answers: The answers.
        output_format: One of `OUTPUT_FORMATS` or `SPAN_WRITERS`.

    Returns:
        The bytes, the answers that are in them, and the records that can't be written in this format.
    """
    encode = ENCODERS[output_format.removesuffix(".gz")]
    parts, written, bad = [], [], []
    for answer in answers:
        try:
            parts.append(encode(answer))
            written.append(answer)
        except (RecordError, ValueError, OverflowError, RecursionError) as error:
            reason = f"can't be written as {output_format} ({error})"
            bad.append(make_bad_record(answer.record.line, reason, answer.record.text))
    encoded = b"".join(parts)
    # Each chunk is a gzip member of its own: members end to end are a gzip file, and a later run can append to it.
    return gzip.compress(encoded, mtime=0) if output_format.endswith(".gz") else encoded, written, bad


def encode_json_line(answer: Answer) -> bytes:
    """Encode the record's own fields, then `entities`; for a list of words also `text` and `tags`."""
    record = _list_fields(answer)
    try:
        return _dump(record).encode() + b"\n"
    except UnicodeEncodeError:
        # Half a character, which JSON can only hold escaped.
        return json.dumps(record, default=str).encode() + b"\n"


def encode_row(answer: Answer) -> bytes:
    """Encode a JSON line that can become a row of a Parquet file.

    Raises:
        RecordError: it contains half a character.
    """
    return _encode_whole_characters(_list_fields(answer))


def encode_document(answer: Answer, tool: str) -> bytes:
    """Encode a JSON line that can become a document in the file of an annotation tool.

    Raises:
        RecordError: it contains half a character, or something else that this file can't hold.
    """
    line = _encode_whole_characters(describe_document(answer.record, answer.tagged, answer.entities))
    refuse_unwritable(line, tool)
    return line


def _encode_whole_characters(record: dict[str, object]) -> bytes:
    try:
        return _dump(record).encode() + b"\n"
    except UnicodeEncodeError:
        raise RecordError("half a character, a lone surrogate, stands in it; JSON lines can hold it") from None


def _dump(record: dict[str, object]) -> str:
    # Dates and the like (Parquet) are written as text.
    return json.dumps(record, ensure_ascii=False, default=str)


def _list_fields(answer: Answer) -> dict[str, object]:
    results: dict[str, object] = {"entities": answer.entities}
    if not isinstance(answer.record.text, str):
        levels = {level: row.tags for level, row in answer.tagged.levels.items()}
        results = {"text": answer.tagged.text, "tags": levels or answer.tagged.tags} | results
    if answer.record.gold is not None:
        results = {"gold": answer.record.gold} | results
    if answer.record.number is not None:
        results = {"record": answer.record.number} | results
    return add_results(answer.record, results)


def encode_sentence(answer: Answer) -> bytes:
    """Encode `word TAB tag` lines, or `word TAB gold TAB tag`, and a blank line after them; a tag for each level."""
    words = [make_writable(answer.tagged.text[start:end]) for start, end in answer.tagged.spans]
    columns = [words, *([row.tags for row in answer.tagged.levels.values()] or [answer.tagged.tags])]
    if answer.record.gold is not None:
        columns.insert(1, answer.record.gold)
    return format_sentence(zip(*columns, strict=True)).encode(errors="replace")


ENCODERS: dict[str, Callable[[Answer], bytes]] = {
    "jsonl": encode_json_line,
    "conll": encode_sentence,
    "parquet": encode_row,
    **{tool: partial(encode_document, tool=tool) for tool in SPAN_WRITERS},
}
