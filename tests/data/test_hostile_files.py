"""Hostile files: each gives sentences or a message that names the file, with every reader, and in little time."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hostile_files import NAMES, list_hostile_files, read_with

from token_classification.checking.doctor import examine
from token_classification.checking.files import number_files, read_files
from token_classification.data.formats import read_sentences
from token_classification.data.sentences import Sentences
from token_classification.errors import UserError

FILES = list_hostile_files()
SECONDS = 3.0
"""CPU time of one file of 300 kB at most; reading it takes a tenth of a second"""


def check_outcome(read: Callable[[], Sentences], path: Path) -> None:
    """Hold what a reader gives to what it promises: sound sentences, or a message about this file."""
    start = time.process_time()
    sentences, message = None, path.name
    try:
        sentences = read()
    except UserError as error:
        message = str(error)
    assert time.process_time() - start < SECONDS
    assert path.name in message
    assert len(message.encode()) < 20_000
    if sentences is not None:
        check_sentences(sentences)


def check_sentences(sentences: Sentences) -> None:
    """Parallel lists of words and tags that can be written as UTF-8."""
    assert len(sentences.lines) == len(sentences.tokens)
    rows = [sentences.tokens] if sentences.tags is None else [sentences.tokens, sentences.tags]
    assert len({tuple(map(len, column)) for column in rows}) == 1
    for column in rows:
        "".join(map("".join, column)).encode()


@pytest.mark.parametrize("what", FILES)
def test_recognised_read_and_examined(tmp_path, what):
    name, content = FILES[what]
    (tmp_path / name).write_bytes(content)
    check_outcome(lambda: read_sentences(tmp_path / name), tmp_path / name)
    start = time.process_time()
    examine(number_files(read_files([tmp_path / name])))
    assert time.process_time() - start < 2 * SECONDS


@pytest.mark.parametrize("reader", NAMES)
def test_read_by_every_reader(tmp_path, reader):
    for name, content in FILES.values():
        path = tmp_path / (f"{name}.txt" if reader == "text_and_labels" else name)
        path.write_bytes(content)
        check_outcome(lambda path=path: read_with(reader, path), path)


@pytest.mark.parametrize("reader", ["", *NAMES])
@pytest.mark.parametrize(
    "path", ["", ".", "folder.txt", "x\0y.txt", "none.txt", "none/none.txt", "x" * 5000, "\udcff.txt"]
)
def test_odd_paths(tmp_path, monkeypatch, reader, path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.txt").mkdir()
    with pytest.raises(UserError):
        read_with(reader, Path(path)) if reader else read_sentences(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_listed(tmp_path):
    tmp_path.chmod(0o100)
    with pytest.raises(UserError):
        read_sentences(tmp_path / "a.conll")
    tmp_path.chmod(0o700)


@pytest.mark.parametrize("reader", NAMES)
@pytest.mark.parametrize("column", ["9" * 5000, "-" + "9" * 5000, "\ud800", "x" * 100_000, "-0", "²", "\0"])
def test_odd_columns(tmp_path, reader, column):
    path = tmp_path / "a.txt"
    path.write_text("1\ta\tO\tO\tO\tO\tO\tO\tO\tO\n", encoding="utf-8")
    check_outcome(lambda: read_with(reader, path, column, column), path)


class TestSilentMistakes:
    """What would be read wrong is refused, and what can only mean one thing is read."""

    def read(self, folder: Path, name: str, content: bytes | str) -> Sentences:
        path = folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_sentences(path)

    @pytest.mark.parametrize(
        "text", ["a\tO\nb\tO\n\nc\tO\n", "a O\nb O\n\nc O", '{"tokens": ["a"]}\n{"tokens": ["b"]}\n']
    )
    def test_lines_of_old_macs_end_with_cr(self, tmp_path, text):
        name = "a.jsonl" if text.startswith("{") else "a.conll"
        read = self.read(tmp_path, name, text.replace("\n", "\r"))
        assert (read.tokens, read.lines) == (
            self.read(tmp_path, name, text).tokens,
            self.read(tmp_path, name, text).lines,
        )

    def test_a_cr_inside_of_a_word_stays(self, tmp_path):
        assert self.read(tmp_path, "a.conll", "a\rb\tO\nc\tO\n").tokens == [["a\rb", "c"]]
        assert self.read(tmp_path, "a.conll", "a\tO\r").tokens == [["a"]]

    @pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
    def test_a_key_twice_is_refused(self, tmp_path, name):
        record = '{"tokens": ["a"], "tokens": ["b"]}'
        with pytest.raises(UserError, match=r":1: .*'tokens' twice"):
            self.read(tmp_path, name, f"[{record}]" if name == "a.json" else record)

    def test_a_name_twice_in_a_header_is_refused(self, tmp_path):
        with pytest.raises(UserError, match=r"a\.csv:1: .*'word' twice"):
            self.read(tmp_path, "a.csv", "sentence_id,word,word,tag\n1,a,b,O\n")

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            ("Anna\tB-PER\nleft\tO\n".encode("utf-16-le"), "iconv -f utf-16le"),
            ("Anna\tB-PER\nleft\tO\n".encode("utf-16-be"), "iconv -f utf-16be"),
            ("Anna\tO\n".encode("utf-16"), "iconv -f utf-16 "),
            ("Anna\tO\n".encode("utf-32"), "iconv -f utf-32 "),
            (b"\x1f\x8b\x08\0\0\0", "gunzip"),
            (b"PK\x03\x04" + b"\0" * 40, "unzip"),
        ],
    )
    def test_another_kind_of_file_is_named(self, tmp_path, content, said):
        with pytest.raises(UserError, match=said):
            self.read(tmp_path, "a.conll", content)
