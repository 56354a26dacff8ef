"""Files and pipes are read once, and whoever looks at one again sees the same."""

import hashlib
import os
import re
import threading
from functools import partial
from pipes import pipe

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from token_classification import cli
from token_classification.data.formats import read_sentences
from token_classification.data.formats.text_and_labels import read_text_and_labels
from token_classification.data.inputs import is_stream, keep_inputs, read_and_describe
from token_classification.data.labels import read_label_file
from token_classification.data.text_lines import open_bytes
from token_classification.exit_codes import run_command
from token_classification.reporting.predictions import read_tagged_words

CONTENTS = {
    "conll": b"Anna B-PER\nleft O\n\nParis B-LOC\n",
    "json": b'[{"tokens": ["Anna", "left"], "tags": ["B-PER", "O"]}, {"tokens": ["Paris"], "tags": ["B-LOC"]}]',
    "json lines": b'{"tokens": ["Anna", "left"], "tags": ["B-PER", "O"]}\n{"tokens": ["Paris"], "tags": ["B-LOC"]}\n',
    "csv": b"sentence_id,word,tag\n1,Anna,B-PER\n1,left,O\n2,Paris,B-LOC\n",
}


@pytest.mark.parametrize("name", CONTENTS)
def test_every_format_comes_out_of_a_pipe(name):
    with pipe(CONTENTS[name]) as path:
        assert is_stream(path)
        sentences = read_sentences(path)
    assert (sentences.tokens, sentences.tags) == ([["Anna", "left"], ["Paris"]], [["B-PER", "O"], ["B-LOC"]])


def test_parquet_comes_out_of_a_pipe(tmp_path):
    pq.write_table(pa.table({"tokens": [["Anna"]], "tags": [["B-PER"]]}), tmp_path / "a.parquet")
    with pipe((tmp_path / "a.parquet").read_bytes()) as path:
        assert read_sentences(path).tags == [["B-PER"]]


def test_labels_and_predictions_come_out_of_a_pipe():
    with pipe(b"O\nB-PER\n") as path:
        assert read_label_file(str(path)) == ["O", "B-PER"]
    with pipe(b"Anna\tB-PER\tO\n") as path:
        assert read_tagged_words(path)[1] == [["O"]]


def test_files_and_folders_are_no_streams(tmp_path):
    (tmp_path / "a.conll").write_bytes(CONTENTS["conll"])
    assert not any(map(is_stream, (tmp_path, tmp_path / "a.conll", tmp_path / "missing")))


def test_a_file_stays_as_it_was_within_the_block(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"first")
    with keep_inputs() as opened:
        open_bytes(path).close()
        path.write_bytes(b"second")
        assert open_bytes(path).read() == b"first"
        with keep_inputs() as inner:
            assert inner == {}
            assert open_bytes(path).read() == b"first"
        assert inner == opened == {path: b"first"}
    assert open_bytes(path).read() == b"second"


def test_all_files_of_a_reader_are_described(tmp_path):
    for name, text in (("text_train.txt", "Anna left\n"), ("labels_train.txt", "B-PER O\n")):
        (tmp_path / name).write_text(text)
    paths = tmp_path / "text_train.txt", tmp_path / "labels_train.txt"
    sentences, files = read_and_describe(partial(read_text_and_labels, *paths))
    assert sentences.tags == [["B-PER", "O"]]
    assert [(file.path, file.bytes) for file in files] == [(paths[0], 10), (paths[1], 8)]
    assert files[1].sha256 == hashlib.sha256(b"B-PER O\n").hexdigest()


def test_nothing_is_kept_behind_the_block(tmp_path):
    named = tmp_path / "named"
    os.mkfifo(named)
    for content in (b"first", b"second"):
        writer = threading.Thread(target=named.write_bytes, args=[content])
        writer.start()
        with keep_inputs(), keep_inputs():
            assert [open_bytes(named).read() for _ in range(3)] == [content] * 3
        writer.join()


def test_the_doctor_reads_and_repairs_a_pipe(tmp_path, capsys):
    with pipe(b"Anna I-PER\nleft O\n\nParis B-LOC\n") as path:
        run_command(cli.run, ["check", str(path), "--repair", str(tmp_path), "--scheme", "iobes"])
    assert re.search(r"sentences +2", capsys.readouterr().out)
    assert (tmp_path / path.name).read_text() == "Anna S-PER\nleft O\n\nParis S-LOC\n"
