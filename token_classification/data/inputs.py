"""Inputs are read once: whoever looks at one again sees the same bytes, and a checksum stands for what was read."""

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

Result = TypeVar("Result")

_blocks: ContextVar[tuple[dict[Path, bytes], ...]] = ContextVar("blocks that keep inputs", default=())
"""What was read in each block of `keep_inputs` that is open, the outermost first"""


@dataclass(frozen=True)
class ReadFile:
    """A file as it was when it was read."""

    path: Path
    bytes: int
    sha256: str


def is_stream(path: Path) -> bool:
    """Tell whether a path names something that is emptied by reading it: neither a file nor a folder."""
    return path.exists() and not path.is_file() and not path.is_dir()


@contextmanager
def keep_inputs() -> Iterator[Mapping[Path, bytes]]:
    """Read each file and each stream (a pipe, `/dev/stdin`) once: within the block, or the function that this
    decorates, whoever opens it again gets the same bytes.

    A file is looked at several times: for its format, for its lines, for what a repair changes. Meanwhile it may be
    replaced, and a stream is empty. A block within another one shares what is kept.

    Yields:
        What was opened in the block so far.
    """
    opened: dict[Path, bytes] = {}
    token = _blocks.set((*_blocks.get(), opened))
    try:
        yield opened
    finally:
        _blocks.reset(token)


def open_input(path: Path) -> BinaryIO:
    """Open a file or stream: within `keep_inputs` what came out of it, else the thing itself."""
    blocks = _blocks.get()
    if not blocks:
        return path.open("rb")
    content = blocks[0][path] if path in blocks[0] else path.read_bytes()
    for opened in blocks:
        opened[path] = content
    return io.BytesIO(content)


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file of any size.

    Raises:
        OSError: it can't be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_files(paths: Iterable[Path]) -> str:
    """Return one SHA-256 of the names and contents of files."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + bytes.fromhex(hash_file(path)))
    return digest.hexdigest()


def read_and_describe(read: Callable[[], Result]) -> tuple[Result, tuple[ReadFile, ...]]:
    """Call a reader; return its result, and the files that it read in the order in which it opened them."""
    with keep_inputs() as opened:
        result = read()
        files = [ReadFile(path, len(content), hashlib.sha256(content).hexdigest()) for path, content in opened.items()]
    return result, tuple(files)
