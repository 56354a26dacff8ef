"""Anything as a file: records or one message, and what was read can be written in every format and read again."""

import gzip
import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from token_classification.errors import UserError
from token_classification.inference.answers import OUTPUT_FORMATS, Answer, encode_answers
from token_classification.inference.parquet_output import convert_to_parquet
from token_classification.inference.predictor import TaggedText
from token_classification.inference.read_records import read_records
from token_classification.inference.records import BadRecord, Record
from token_classification.inference.texts import place_words

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "40"))
bounded = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([2**63, -(2**63) - 1, 2**53 + 1, 10**400]),
    st.floats(),
    st.text(st.characters(codec=None), max_size=8),
)
VALUES = st.recursive(
    SCALARS,
    lambda part: (
        st.lists(part, max_size=3) | st.dictionaries(st.text(st.characters(codec=None), max_size=4), part, max_size=3)
    ),
    max_leaves=6,
)
NAMES = st.sampled_from(["text", "tokens", "words", "entities", "input_entities", "tags", "gold", "", "a", "\ud800"])
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=4)
PIECES = {
    "text": st.binary(max_size=12),
    "jsonl": st.one_of(
        OBJECTS.map(lambda fields: json.dumps(fields | {"text": "Anna"}).encode()),
        OBJECTS.map(lambda fields: json.dumps(fields, ensure_ascii=False).encode(errors="surrogatepass")),
        st.binary(max_size=12),
        st.sampled_from(
            [b'{"text": ', b'"', b"}", b"[" * 200, b"]", b"7" * 5000, b"\\ud800", b"\xef\xbb\xbf", b"NaN"]
        ),
    ),
    "csv": st.sampled_from([b'"', b'""', b",", b";", b"\t", b"text", b"id", b"\r", b"\xff", b"\0", b" ", b"\n"]),
    "conll": st.sampled_from(
        [b"\t", b" ", b"a", b"B-PER", b"O", b"#", b"# x = ", b"-DOCSTART-", b"\xff", b"1", b"\n"]
    ),
}


def build_file(input_format: str) -> st.SearchStrategy[bytes]:
    """Pieces of a format in any order, on lines or not."""
    return st.lists(PIECES[input_format] | st.sampled_from([b"\n", b"\n\n", b"\r\n"]), max_size=25).map(b"".join)


def read_whole(path: Path, input_format: str | None) -> list[Record | BadRecord]:
    """All records of a file; none where one message says why."""
    try:
        return list(read_records(str(path), input_format))
    except UserError:
        return []


def write_and_read(records: list[Record | BadRecord], folder: Path) -> None:
    """Every good record is in the file or refused with a reason, in every format."""
    answers = []
    for record in records:
        if isinstance(record, BadRecord):
            assert record.reason
            assert len(record.found) < 2000
            json.dumps(record.found)
            continue
        text, spans, words = place_words(record.text, "punctuation")
        tagged = TaggedText(text, spans, ["O"] * len(words), [1.0] * len(words))
        entities = [{"start": 0, "end": len(text), "label": "PER", "score": 1.0, "text": text}]
        answers.append(Answer(record, tagged, entities))
    for output_format in OUTPUT_FORMATS:
        encoded, written, bad = encode_answers(answers, output_format)
        assert len(written) + len(bad) == len(answers)
        if output_format.startswith("jsonl"):
            lines = (gzip.decompress(encoded) if output_format.endswith("gz") else encoded).split(b"\n")
            assert [json.loads(line)["entities"][0]["label"] for line in lines[:-1]] == ["PER"] * len(answers)
        if output_format == "parquet":
            (folder / "a.jsonl").write_bytes(encoded)
            convert_to_parquet(folder / "a.jsonl", folder / "a.parquet")
            assert pq.read_table(folder / "a.parquet").num_rows == len(written)


@pytest.mark.parametrize("input_format", PIECES)
def test_any_file_gives_records_or_one_message(tmp_path, input_format):
    path = tmp_path / "a"

    @bounded
    @given(content=build_file(input_format))
    def try_file(content):
        path.write_bytes(content)
        write_and_read(read_whole(path, input_format), tmp_path)
        path.write_bytes(gzip.compress(content)[: max(2, len(content))])
        read_whole(path, None)

    try_file()


TYPES = [pa.float16(), pa.binary(), pa.large_string(), pa.date32(), pa.timestamp("us"), pa.duration("s")]


@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_any_column_of_parquet_gives_records_or_one_message(tmp_path, kind):
    path = tmp_path / "a.parquet"
    width = getattr(kind, "byte_width", 8) if kind not in (pa.bool_(), pa.binary(), pa.large_string()) else 1

    @bounded
    @given(content=st.binary(min_size=8 * 4, max_size=8 * 4))
    def try_column(content):
        if kind in (pa.binary(), pa.large_string()):
            values = pa.array([content[place : place + 4] for place in range(0, 16, 4)], pa.binary())
            values = values if kind == pa.binary() else values.cast(pa.large_binary()).view(kind)
        else:
            values = pa.Array.from_buffers(kind, 4, [None, pa.py_buffer(content[: 4 * width])])
        pq.write_table(pa.table({"text": ["Anna", "in", "Paris", ""], "x": values}), path)
        records = read_whole(path, None)
        assert len(records) in (0, 4)
        write_and_read(records, tmp_path)

    try_column()


@bounded
@given(place=st.integers(0, 10_000), value=st.integers(0, 255), cut=st.integers(0, 40))
def test_damaged_parquet_gives_records_or_one_message(tmp_path, place, value, cut):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": ["Anna", "in", "Paris"], "x": [1, None, 3]}), path, compression="none")
    content = bytearray(path.read_bytes())
    content[place % len(content)] = value
    path.write_bytes(content[: len(content) - cut] if cut > 30 else content)
    for record in read_whole(path, "parquet"):
        assert isinstance(record, (Record, BadRecord))
