"""Inputs that can be read only once: pipes, `/dev/stdin`, `<(command)`."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import BinaryIO

_kept: ContextVar[dict[Path, bytes] | None] = ContextVar("kept streams", default=None)
"""What came out of each stream, while somebody may ask for it again; None outside of `keep_streams`"""


def is_stream(path: Path) -> bool:
    """Whether a path names something that is emptied by reading it: neither a file nor a folder."""
    return path.exists() and not path.is_file() and not path.is_dir()


@contextmanager
def keep_streams() -> Iterator[None]:
    """Read each stream once: within the block (or the function that this decorates), whoever opens it again gets the
    same bytes. A file is looked at several times: for its format, for its lines, for what a repair changes.

    A block within another one shares what is kept.
    """
    if _kept.get() is not None:
        yield
        return
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def open_stream(path: Path) -> BinaryIO:
    """Open a stream: within `keep_streams` what comes out of it, or came already; else the stream itself."""
    kept = _kept.get()
    if kept is None:
        return path.open("rb")
    if path not in kept:
        kept[path] = path.read_bytes()
    return io.BytesIO(kept[path])
