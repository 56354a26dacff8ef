"""Files of any size as lines of bounded length; they may be gzipped or come from a pipe."""

import gzip
import sys
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import TypeAlias, cast

from token_classification.data.addresses import as_path
from token_classification.data.inputs import is_stream
from token_classification.data.text_lines import open_bytes
from token_classification.errors import DataError
from token_classification.inference.records import LONGEST_RECORD, RecordError
from token_classification.output_text import quote_path

STDIN = "-"
Peekable: TypeAlias = BufferedReader | gzip.GzipFile
GZIP_MAGIC = b"\x1f\x8b"
PEEKED_BYTES = 4096
STRAY_CRS = 2
"""A long first line may contain this many CRs"""
SKIPPED_AT_ONCE = 2**20


def comes_once(name: str) -> bool:
    """Return whether reading an input empties it: stdin, a pipe, a device."""
    return name == STDIN or is_stream(as_path(name))


def open_unpacked(name: str) -> Peekable:
    """Open a file (`-`: stdin) for reading bytes, unpacked if it is gzipped.

    Raises:
        DataError: no such file, or it can't be read.
    """
    source = cast(BufferedReader, sys.stdin.buffer if name == STDIN else open_bytes(as_path(name)))
    return gzip.open(source) if source.peek(2).startswith(GZIP_MAGIC) else source


def refuse_cr_lines(source: Peekable, path: Path) -> None:
    """Refuse a text whose lines end with CR alone, as on old Macs: it would be a single record.

    Raises:
        DataError: it is one; the message has the command that converts it.
    """
    with explain_broken_gzip(path):
        start = source.peek(PEEKED_BYTES)[:PEEKED_BYTES]
    inner = start.rstrip(b"\r").count(b"\r")
    if b"\n" not in start and inner > (0 if len(start) < PEEKED_BYTES else STRAY_CRS):
        quoted = quote_path(path)
        raise DataError(
            f"{path}:1: lines end with CR alone (old Macs); accepted: LF or CRLF; "
            f"convert with: tr '\\r' '\\n' < {quoted} > {quoted}.lf"
        )


def read_lines(source: Peekable, path: Path, *, from_start: bool = True) -> Iterator[bytes]:
    r"""Yield lines without their ends (`\n` or `\r\n`), the first one of a file without its byte order mark.

    A line that is too long is cut to one byte more than `LONGEST_RECORD`; `decode_line` then refuses it.

    Raises:
        DataError: a broken gzip stream.
    """
    with explain_broken_gzip(path), source:
        is_first = from_start
        while line := source.readline(LONGEST_RECORD + 2):
            if not line.endswith(b"\n") and len(line) > LONGEST_RECORD:
                _skip_line(source)
                line = line[: LONGEST_RECORD + 1]
            line = line.removesuffix(b"\n").removesuffix(b"\r")
            yield line.removeprefix(BOM_UTF8) if is_first else line
            is_first = False


@contextmanager
def explain_broken_gzip(path: Path) -> Iterator[None]:
    """Explain what goes wrong in a block that reads what may be gzipped.

    Raises:
        DataError: the stream is broken or cut off.
    """
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path}: the gzip stream is broken ({error}); fetch the file again") from None


def _skip_line(source: Peekable) -> None:
    while (rest := source.readline(SKIPPED_AT_ONCE)) and not rest.endswith(b"\n"):
        pass


def decode_line(line: bytes) -> str:
    """Decode a line.

    Raises:
        RecordError: it is too long, or not UTF-8.
    """
    if len(line) > LONGEST_RECORD:
        raise RecordError(describe_too_long("line"))
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        raise RecordError("not UTF-8") from None


def describe_too_long(what: str) -> str:
    """Say why something is not read."""
    return f"a {what} of more than {LONGEST_RECORD // 2**20} MiB; cut it into several"
