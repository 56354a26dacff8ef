"""Reads the files of a tar from a stream, as `tarfile` writes plain files; whatever else a tar can hold is refused.

Python's own reader takes everything that tars have ever held (links, devices, holes, sizes far beyond the end), and
archives come from strangers. This one knows two kinds of headers: that of a plain file, and the extended one before it
that holds a long name or a large size. It reads forward only, never more than there is, and a piece at a time.
"""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Protocol

BLOCK_BYTES = 512
PIECE_BYTES = 1 << 20
EXTENDED_HEADER_BYTES = 1 << 16
"""The longest one that is read; no system has names of more than 4,096 bytes"""
DEEPEST_FOLDER = 32
MAGIC = b"ustar\x0000"
FILE, OLD_FILE, EXTENDED = b"0", b"\0", b"x"
KNOWN_RECORDS = {"path", "size", "hdrcharset"}
"""What an extended header may say; the last record is written for names that are not UTF-8"""


class ForeignTarError(Exception):
    """Something that this project does not write; the message completes the sentence "the archive holds ..."."""


class ByteStream(Protocol):
    """What a tar can be read from."""

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes; none at the end."""
        ...


def stays_inside(name: str) -> bool:
    """Return whether a file of that name is below the folder it is unpacked into, on any system."""
    path = PurePosixPath(name)
    is_below = bool(path.parts) and not path.is_absolute() and ".." not in path.parts and not name.endswith("/")
    return is_below and not set(name) & {"\\", "\0"} and len(path.parts) <= DEEPEST_FOLDER


def iterate_files(stream: ByteStream) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Iterate over names and contents in order; what the caller does not read of a content is skipped.

    Raises:
        ForeignTarError: at the first thing that is no file inside the folder, before its content.
    """
    while (header := _read_header(stream)) is not None:
        name, size, kind = header
        records: dict[str, bytes] = {}
        if kind == EXTENDED:
            records = _read_records(stream, size)
            name, size, kind = _read_header(stream) or ("", 0, b"")
        name = _decode(records["path"]) if "path" in records else name
        size = _read_number(records["size"], 10) if "size" in records else size
        _check_file(name, kind, set(records) - KNOWN_RECORDS)
        content = _read_content(stream, name, size)
        yield name, content
        for _ in content:
            pass
        _read_exactly(stream, -size % BLOCK_BYTES)


def _check_file(name: str, kind: bytes, unknown_records: set[str]) -> None:
    if kind not in (FILE, OLD_FILE) or unknown_records:
        raise ForeignTarError(f"{name!r}, which is no plain file")
    if not stays_inside(name):
        raise ForeignTarError(f"{name!r}, which leads out of the model folder")


def _read_header(stream: ByteStream) -> tuple[str, int, bytes] | None:
    """Read name, size and kind of what follows; None at the end."""
    block = _read_exactly(stream, BLOCK_BYTES)
    if not block.strip(b"\0"):
        return None
    if block[257:265] != MAGIC or _read_number(block[148:156], 8) != sum(block[:148] + b" " * 8 + block[156:]):
        raise ForeignTarError("no model folder (not a tar)")
    folder, name = (_decode(field.partition(b"\0")[0]) for field in (block[345:500], block[:100]))
    return f"{folder}/{name}" if folder else name, _read_number(block[124:136], 8), block[156:157]


def _read_records(stream: ByteStream, size: int) -> dict[str, bytes]:
    """Read the records of an extended header, each `LENGTH KEY=VALUE` and a newline; LENGTH counts all of it."""
    if size > EXTENDED_HEADER_BYTES:
        raise ForeignTarError(f"no model folder (an extended header of {size:,} bytes)")
    content = _read_exactly(stream, size + -size % BLOCK_BYTES)[:size]
    records = {}
    while content:
        length = content.partition(b" ")[0]
        record = content[: _read_number(length, 10)]
        key, equals, value = record[len(length) + 1 : -1].partition(b"=")
        if not equals or not record.endswith(b"\n") or len(record) != int(length):
            raise ForeignTarError("no model folder (a damaged extended header)")
        records[_decode(key)] = value
        content = content[len(record) :]
    return records


def _read_content(stream: ByteStream, name: str, size: int) -> Iterator[bytes]:
    while size:
        piece = stream.read(min(size, PIECE_BYTES))
        if not piece:
            raise ForeignTarError(f"{name!r}, which is said to continue {size:,} bytes beyond the archive")
        size -= len(piece)
        yield piece


def _read_exactly(stream: ByteStream, size: int) -> bytes:
    content = b""
    while len(content) < size:
        piece = stream.read(size - len(content))
        if not piece:
            raise ForeignTarError("no model folder (it ends too early)")
        content += piece
    return content


def _read_number(text: bytes, base: int) -> int:
    digits = text.strip(b" \0")
    if not re.fullmatch(rb"[0-7]{1,12}" if base == 8 else rb"[0-9]{1,19}", digits):
        raise ForeignTarError(f"no model folder (a number that reads {text!r:.40})")
    return int(digits, base)


def _decode(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
