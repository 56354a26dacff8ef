"""Records that can't be read, tagged or written: each goes to the errors file, and all others are tagged."""

import gzip
import json
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import SENTENCES

from token_classification import Predictor
from token_classification.errors import DataError
from token_classification.inference.bulk import BulkSettings, tag_file
from token_classification.inference.read_records import read_records
from token_classification.inference.records import LONGEST_RECORD, Record

TEXT = SENTENCES[0][0]


@pytest.fixture(scope="module")
def predictor(tagger_folder) -> Predictor:
    return Predictor.from_pretrained(tagger_folder)


def tag(predictor: Predictor, source: Path, folder: Path, model: Path, output_format: str) -> tuple[int, list[dict]]:
    """Tag a file, and then again with --resume; gives how many records were good, and the bad ones."""
    folder.mkdir()
    for resume in (False, True):
        progress = tag_file(predictor, BulkSettings(str(source), folder, output_format, resume=resume), model)
    assert progress.finished
    errors = (folder / "predictions.errors.jsonl").read_text().splitlines()
    assert len(errors) == progress.bad_records
    return progress.records - progress.bad_records, list(map(json.loads, errors))


def nest(levels: int) -> str:
    return f'{{"text": "Anna", "x": {"[" * levels}{"]" * levels}}}'


HOSTILE = {
    "number of 5,000 digits": '{"text": "Anna", "n": ' + "7" * 5000 + "}",
    "nested just below the limit": nest(950),
    "nested above it": nest(100_000),
    "objects in objects": '{"text": "Anna", "x": ' + '{"a":' * 300 + "1" + "}" * 301,
    "no object": "5",
    "a key of a megabyte": '{"' + "k" * 2**20 + '": 1}',
    "text of another type": '{"text": {"text": ["Anna"]}}',
}


@pytest.mark.parametrize("output_format", ["jsonl", "conll", "parquet"])
def test_a_hostile_record_takes_no_other_with_it(predictor, tagger_folder, tmp_path, output_format):
    good = json.dumps({"text": TEXT})
    (tmp_path / "in.jsonl").write_text("".join(f"{good}\n{line}\n" for line in HOSTILE.values()) + good)
    count, errors = tag(predictor, tmp_path / "in.jsonl", tmp_path / "out", tagger_folder, output_format)
    assert count == len(HOSTILE) + 1
    assert [error["line"] for error in errors] == list(range(2, 2 * len(HOSTILE) + 1, 2))
    assert all(len(json.dumps(error)) < 1500 for error in errors)


@pytest.mark.parametrize(
    "record", [{"text": "Anna \ud800"}, {"text": "Anna", "\udfff": 1}, {"text": "a", "x": ["\ud8ff"]}]
)
def test_half_characters_are_kept_as_json_and_refused_as_parquet(predictor, tagger_folder, tmp_path, record):
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, [{"text": TEXT}, record, {"text": TEXT}])))
    count, errors = tag(predictor, tmp_path / "in.jsonl", tmp_path / "parquet", tagger_folder, "parquet")
    assert (count, [error["line"] for error in errors]) == (2, [2])
    assert "lone surrogate" in errors[0]["reason"]
    assert pq.read_table(tmp_path / "parquet" / "predictions.parquet")["text"].to_pylist() == [TEXT, TEXT]
    (tmp_path / "lines").mkdir()
    tag_file(predictor, BulkSettings(str(tmp_path / "in.jsonl"), tmp_path / "lines"), tagger_folder)
    lines = (tmp_path / "lines" / "predictions.jsonl").read_text().splitlines()
    assert json.loads(lines[1]).items() >= record.items()


def break_text(texts: list[bytes]) -> pa.Array:
    """Texts as a broken program writes them: of bytes that need not be UTF-8."""
    return pa.array(texts, pa.binary()).view(pa.string())


COLUMNS = {
    "dates beyond 9999": pa.array([1, 10**7, 2], pa.date32()),
    "times beyond 9999": pa.array([1, 10**15, 2], pa.timestamp("s")),
    "durations of a billion years": pa.array([1, 10**17, 2], pa.duration("s")),
    "not UTF-8": break_text([b"a", b"\xff", b"b"]),
}


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("output_format", ["jsonl", "parquet"])
def test_a_value_that_python_can_not_hold_takes_its_row_only(predictor, tagger_folder, tmp_path, name, output_format):
    pq.write_table(pa.table({"text": ["Anna", "Paris", "Berlin"], "x": COLUMNS[name]}), tmp_path / "in.parquet")
    count, errors = tag(predictor, tmp_path / "in.parquet", tmp_path / "out", tagger_folder, output_format)
    assert (count, [error["line"] for error in errors]) == (2, [2])


def test_a_broken_header_is_named(tmp_path):
    for content, advice in ((b"id,text\rAnna,1\r", r"tr '\r' '\n'"), (b"\xff,text\nAnna,1\n", "UTF-8")):
        (tmp_path / "in.csv").write_bytes(content)
        with pytest.raises(DataError, match=r"in\.csv:1: ") as caught:
            list(read_records(str(tmp_path / "in.csv")))
        assert advice in str(caught.value)


def test_a_carriage_return_in_a_row_loses_nothing_in_silence(tmp_path):
    (tmp_path / "in.csv").write_bytes(b'text\nAnna\rParis\n"in\rRome"\nBerlin\r\n')
    records = list(read_records(str(tmp_path / "in.csv")))
    assert [record.text if isinstance(record, Record) else record.line for record in records] == [
        2,
        "in\rRome",
        "Berlin",
    ]


def test_quotes_that_stay_open_are_not_followed_again_and_again(tmp_path):
    """Each line opens a quote that none of the others closes: followed for 10,000 lines each, they take a minute."""
    count = 12_000
    (tmp_path / "in.csv").write_text("id,text\n" + 'x""","\n' * count + "1,Paris\n")
    start = time.process_time()
    records = list(read_records(str(tmp_path / "in.csv")))
    assert time.process_time() - start < 12
    assert [record.text for record in records if isinstance(record, Record)] == ["Paris"]
    assert len(records) == count + 1


def test_a_long_cell_behind_a_stray_quote_is_read_whole(tmp_path):
    cell = "line\n" * 1000
    (tmp_path / "in.csv").write_text(f'id,text\n1,"stray\n2,Anna\n3,"{cell}"\n4,Paris\n')
    bad, *good = read_records(str(tmp_path / "in.csv"))
    assert bad.line == 2
    assert [record.text for record in good] == ["Anna", cell, "Paris"]


BOMBS = {
    ".txt": (b"Anna\n", b"a", b"\nParis\n"),
    ".jsonl": (b'{"text": "Anna"}\n', b'{"text": "' + b"a" * 50, b'"}\n{"text": "Paris"}\n'),
    ".csv": (b"text\nAnna\n", b"a", b"\nParis\n"),
    ".conll": (b"Anna\n\n", b"a", b"\n\nParis\n"),
}


@pytest.mark.parametrize("suffix", BOMBS)
def test_a_line_that_fills_the_memory_is_a_bad_record(tmp_path, suffix):
    before, start, after = BOMBS[suffix]
    with gzip.open(tmp_path / f"a{suffix}.gz", "wb", compresslevel=1) as file:
        file.write(before + start + b"a" * (3 * LONGEST_RECORD) + after)
    found = list(read_records(str(tmp_path / f"a{suffix}.gz")))
    texts = ["".join(record.text) if isinstance(record, Record) else record.reason for record in found]
    assert texts[::2] == ["Anna", "Paris"]
    assert "more than 16 MiB" in texts[1]
    assert len(found[1].found) < 300


def test_a_sentence_that_fills_the_memory_is_a_bad_record(tmp_path):
    rows = b"# no comment, but a row\n" + b"Anna" * 1000 + b"\tO\n"
    content = b"Anna\tO\n\n" + rows * (LONGEST_RECORD // len(rows) + 10) + b"\nParis\tO\n"
    (tmp_path / "a.conll").write_bytes(content)
    good, bad, last = read_records(str(tmp_path / "a.conll"))
    assert (good.text, last.text, bad.line) == (["Anna"], ["Paris"], 3)
    assert last.line == content.count(b"\n")
    assert "more than 16 MiB" in bad.reason
