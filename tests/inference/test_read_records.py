"""Every input format, record by record; what can't be read is named with its line and the rest goes on."""

import csv
import gzip
import io
import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from token_classification.errors import DataError, UserError
from token_classification.inference.read_records import read_records
from token_classification.inference.records import BadRecord, Record, add_results


def read(path: Path, content: bytes | str, **settings: str) -> list[tuple]:
    """(line, text) of the good records, (line, reason) of the bad ones, in order."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list_records(str(path), **settings)


def list_records(name: str, **settings: str) -> list[tuple]:
    return [
        (record.line, record.text) if isinstance(record, Record) else (record.line, f"BAD {record.reason}")
        for record in read_records(name, **settings)
    ]


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.csv", "a.conll", "a"])
def test_lines_of_old_macs_are_refused_with_the_way_out(tmp_path, name):
    with pytest.raises(DataError, match=r":1: lines end with CR alone.*tr '\\r' '\\n' <"):
        read(tmp_path / name, b'{"text": "a"}\r{"text": "b"}\r')
    assert len(read(tmp_path / "b.txt", b"a\rb\nc\n")) == 2
    assert len(read(tmp_path / "c.txt", b"a\r" + b"b" * 5000 + b"\nc\n")) == 2


def test_text_has_a_record_per_line(tmp_path):
    content = "\ufeffAnna\r\n\nin\u2028Paris\x0c!\nno end".encode()
    expected = [(1, "Anna"), (2, ""), (3, "in\u2028Paris\x0c!"), (4, "no end")]
    assert read(tmp_path / "a.txt", content) == expected
    assert read(tmp_path / "a", b"ok\n\xff\xfe\nok") == [(1, "ok"), (2, "BAD not UTF-8"), (3, "ok")]
    assert read(tmp_path / "empty.txt", b"") == []


def test_json_lines_have_a_record_per_object(tmp_path):
    lines = ['{"text": "Anna"}', "", '{"text": ["in", "Paris"], "id": 1}', "{broken", "[1]", '{"text": null}']
    lines += ['{"id": 2}', '{"text": 5}', '{"text": ["a", 5]}', "[" * 100_000, '{"tokens": ["b"]}']
    found = read(tmp_path / "a.jsonl", "\n".join(lines).encode() + b'\n{"text": "\xff"}\n{"text": "last"}')
    assert found[:2] == [(1, "Anna"), (3, ["in", "Paris"])]
    assert [line for line, text in found if str(text).startswith("BAD")] == [4, 5, 6, 7, 8, 9, 10, 12]
    assert found[-3::2] == [(11, ["b"]), (13, "last")]
    reasons = dict(found)
    assert "not JSON" in reasons[4]
    assert "no 'text' (the record has 'id'); choose the column of the texts" in reasons[7]
    assert "'text' is null" in reasons[6]
    assert reasons[12] == "BAD not UTF-8"


def test_the_column_can_be_named(tmp_path):
    content = '{"text": "no", "body": "yes"}\n{"text": "no"}\n'
    found = read(tmp_path / "a.jsonl", content, text_column="body")
    assert found[0] == (1, "yes")
    assert "no 'body'" in found[1][1]


def test_csv_has_a_record_per_row(tmp_path):
    content = 'id,text\n1,"He said ""hi"" in\nLondon"\n\n2,5" pipe\n3\n'
    content += '4,"open in Rome\n5,"Berlin"\n6,"never closed\n7,"x"y\n'
    found = read(tmp_path / "a.csv", content)
    assert [(line, text) for line, text in found if not text.startswith("BAD")] == [
        (2, 'He said "hi" in\nLondon'),
        (5, '5" pipe'),
        (8, "Berlin"),
    ]
    assert [line for line, text in found if text.startswith("BAD")] == [6, 7, 9, 10]
    assert read(tmp_path / "a.tsv", "text\tn\nAnna, Paris\t1\n") == [(2, "Anna, Paris")]
    assert read(tmp_path / "b.csv", b"text\n\xff\nAnna\n") == [(2, "BAD not UTF-8"), (3, "Anna")]
    with pytest.raises(DataError, match=r"c.csv:1: no 'text' \(the record has 'a', 'b'\)"):
        read(tmp_path / "c.csv", "a,b\n1,2\n")


@given(rows=st.lists(st.lists(st.text(st.sampled_from('ab",\n ')), min_size=2, max_size=2)))
def test_csv_as_the_library_writes_it_is_read_whole(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([["id", "text"], *rows])
    assert [text for _, text in list_records(str(path))] == [text for _, text in rows]


def test_conll_has_a_record_per_sentence(tmp_path):
    content = "-DOCSTART- O\n\nAnna B-PER\nleft O\n\n\nin O\nParis\n\n.\xff O\n\nBerlin B-LOC\n".encode("latin-1")
    found = read(tmp_path / "a.conll", content)
    assert [(line, text) for line, text in found if isinstance(text, list)] == [
        (3, ["Anna", "left"]),
        (12, ["Berlin"]),
    ]
    assert "1 column where the file has 2" in dict(found)[8]
    assert dict(found)[10] == "BAD not UTF-8"
    records = list(read_records(str(tmp_path / "a.conll")))
    assert records[0].gold == ["B-PER", "O"]
    assert read(tmp_path / "b.conll", "Anna\nleft\n") == [(1, ["Anna", "left"])]


def test_parquet_has_a_record_per_row(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": range(3000), "text": ["Anna", None, "Paris"] * 1000}), path, row_group_size=700)
    records = list(read_records(str(path)))
    assert len(records) == 3000
    assert records[2999] == Record(3000, "Paris", {"id": 2999, "text": "Paris"})
    assert isinstance(records[1], BadRecord)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match="not a whole Parquet file"):
        list(read_records(str(path)))


@pytest.mark.parametrize(
    ("suffix", "content"), [(".txt", "Anna\n"), (".jsonl", '{"text": "Anna"}\n'), (".csv", "text\nAnna\n")]
)
def test_gzip_is_read_as_what_is_in_it(tmp_path, suffix, content):
    path = tmp_path / f"a{suffix}.gz"
    assert [text for _, text in read(path, gzip.compress(content.encode()))] == ["Anna"]
    with pytest.raises(DataError, match="gzip stream is broken"):
        read(path, gzip.compress(content.encode() * 1000)[:-9])


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
@pytest.mark.parametrize(("content", "expected"), [("Anna\nParis", "Paris"), ('{"text": "a"}\n{"text": "b"}', "b")])
def test_stdin_is_recognised_by_what_comes(monkeypatch, compress, content, expected):
    stdin = io.TextIOWrapper(io.BufferedReader(io.BytesIO(compress(content.encode()))))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert list_records("-")[1] == (2, expected)


def test_the_format_can_be_named(tmp_path):
    assert read(tmp_path / "a.txt", "Anna O\n", input_format="conll") == [(1, ["Anna"])]
    assert read(tmp_path / "a.conll", "Anna O\n", input_format="text") == [(1, "Anna O")]


def test_the_content_decides_and_says_so(tmp_path, caplog):
    caplog.set_level("INFO")
    assert read(tmp_path / "a.txt", "Anna\tB-PER\nleft\tO\n\nParis\tB-LOC\n") == [
        (1, ["Anna", "left"]),
        (4, ["Paris"]),
    ]
    assert "a.txt is read as conll" in caplog.text
    assert read(tmp_path / "a.tsv", "id\ttext\n1\tAnna left\n") == [(2, "Anna left")]
    caplog.clear()
    assert read(tmp_path / "b.txt", "Anna left.\nSo did she.\n") == [(1, "Anna left."), (2, "So did she.")]
    assert not caplog.records


@pytest.mark.parametrize(
    ("content", "taken", "other"),
    [("Anna\nParis\n", "text", "conll"), ("Anna\nleft\n.\n\nShe\nran\nfar\n", "conll", "text")],
)
def test_two_readings_are_said_aloud(tmp_path, caplog, content, taken, other):
    found = read(tmp_path / "a.txt", content)
    assert found == list_records(str(tmp_path / "a.txt"), input_format=taken)
    (record,) = (record for record in caplog.records if record.levelname == "WARNING")
    assert f"read as {taken}" in record.getMessage()
    assert f"--input_format {other}" in record.getMessage()


@pytest.mark.parametrize(
    ("name", "content", "advice"),
    [
        ("a.json", json.dumps([{"text": "Anna"}]), r"jq -c '\.\[\]'"),
        ("a", '{"data": [{"text": "Anna"}]}', r"jq -c '\.\[\] \| arrays \| \.\[\]'"),
        ("a.tsv", "id\tremark\n1\tAnna left\n", r"a\.tsv:1: .*--input_format csv --text_column_name NAME"),
        ("a", '["Yes," she said.\n', r"a:1: .*--input_format text, or --input_format jsonl"),
    ],
)
def test_what_would_be_lost_in_a_wrong_reading_is_refused(tmp_path, name, content, advice):
    with pytest.raises(UserError, match=advice):
        read(tmp_path / name, content)


def test_text_beside_labels_has_a_record_per_line(tmp_path, caplog):
    (tmp_path / "labels_dev.txt").write_text("B-PER O\nO\n\nO O\nO\n")
    found = read(tmp_path / "text_dev.txt", "Anna left.\nTo Paris\n\nNo.\n")
    assert found[::2] == [
        (1, ["Anna", "left."]),
        (3, []),
        (5, f"BAD this line is in {tmp_path}/labels_dev.txt only, not in {tmp_path}/text_dev.txt"),
    ]
    assert "2 words but 1 labels" in found[1][1]
    assert next(read_records(str(tmp_path / "text_dev.txt"))).gold == ["B-PER", "O"]
    assert list_records(str(tmp_path / "text_dev.txt"), input_format="text")[0] == (1, "Anna left.")
    with pytest.raises(DataError, match="no labels beside it"):
        read(tmp_path / "a.txt", "Anna", input_format="text_and_labels")


def test_a_missing_file_names_its_neighbours(tmp_path):
    (tmp_path / "texts.jsonl").touch()
    with pytest.raises(DataError, match=r"texts\.jsonl"):
        list_records(str(tmp_path / "text.jsonl"))


def test_fields_of_a_record_are_kept():
    record = Record(1, "Anna", {"entities": "given", "text": "Anna"})
    assert add_results(record, {"entities": []}) == {"input_entities": "given", "text": "Anna", "entities": []}
