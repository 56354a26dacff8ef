"""Lines of files of any size: without their ends, of bounded length, gzipped or not."""

import gzip
import os
from pathlib import Path

import pytest

from token_classification.errors import DataError
from token_classification.inference import input_lines
from token_classification.inference.input_lines import (
    comes_once,
    decode_line,
    open_unpacked,
    read_lines,
    refuse_cr_lines,
)
from token_classification.inference.records import RecordError


def read(path: Path, content: bytes) -> list[bytes]:
    """The lines of a file with this content."""
    path.write_bytes(content)
    return list(read_lines(open_unpacked(str(path)), path))


def test_lines_have_no_ends_and_no_byte_order_mark(tmp_path):
    content = "\ufeffAnna\r\n\n left\u2028\x85 \nParis".encode()
    expected = [b"Anna", b"", " left\u2028\x85 ".encode(), b"Paris"]
    assert read(tmp_path / "a.txt", content) == expected
    assert read(tmp_path / "a.gz", gzip.compress(content)) == expected
    assert read(tmp_path / "empty", b"") == []


def test_a_long_line_is_cut_and_the_next_one_is_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(input_lines, "LONGEST_RECORD", 10)
    lines = read(tmp_path / "a.txt", b"x" * 10 + b"\n" + b"x" * 5000 + b"\nAnna\n" + b"x" * 11)
    assert lines == [b"x" * 10, b"x" * 11, b"Anna", b"x" * 11]
    assert decode_line(lines[0]) == "x" * 10
    with pytest.raises(RecordError, match="a line of more than"):
        decode_line(lines[1])


def test_what_is_not_utf8_is_named():
    with pytest.raises(RecordError, match="not UTF-8"):
        decode_line("Böll".encode("latin-1"))


def test_a_gzip_file_that_is_cut_off_is_named(tmp_path):
    with pytest.raises(DataError, match=r"a\.gz: the gzip stream is broken"):
        read(tmp_path / "a.gz", gzip.compress(os.urandom(1000))[:-20])


@pytest.mark.parametrize(
    ("content", "is_refused"), [(b"Anna\rleft\r", True), (b"Anna\r", False), (b"a\rb\nc\r", False)]
)
def test_lines_that_end_with_cr_alone_are_refused(tmp_path, content, is_refused):
    (tmp_path / "a.txt").write_bytes(content)
    source = open_unpacked(str(tmp_path / "a.txt"))
    if is_refused:
        with pytest.raises(DataError, match=r"a\.txt:1: lines end with CR alone.*tr '"):
            refuse_cr_lines(source, tmp_path / "a.txt")
    else:
        refuse_cr_lines(source, tmp_path / "a.txt")


def test_stdin_and_pipes_come_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    assert [comes_once(name) for name in ("-", str(tmp_path / "pipe"), str(tmp_path / "file"))] == [True, True, False]
