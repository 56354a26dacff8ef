"""The records of a shard, read by whoever tags them: a stretch of a file, or what the first process has read."""

import hashlib
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from token_classification.errors import DataError
from token_classification.inference.input_lines import Peekable, open_unpacked, read_lines
from token_classification.inference.parquet_records import checksum_index, read_parquet
from token_classification.inference.parts.plan import Shard, Stretch
from token_classification.inference.read_records import READERS
from token_classification.inference.records import BadRecord, Record


def read_shard(shard: Shard, path: Path, text_column: str | None) -> Iterator[tuple[int, Record | BadRecord]]:
    """Yield the records of a shard with their numbers, which rise along all of the input.

    Raises:
        DataError: the file is not the one that was planned with.
    """
    if shard.stretch is None:
        yield from enumerate(shard.records, shard.base + 1)
        return
    for record in _read_stretch(shard, shard.stretch, path, text_column):
        yield shard.base + record.line, record


def _read_stretch(shard: Shard, stretch: Stretch, path: Path, text_column: str | None) -> Iterator[Record | BadRecord]:
    if shard.format == "parquet":
        if checksum_index(path) != stretch.checksum:
            raise _describe_other_file(path)
        yield from read_parquet(path, text_column, stretch.start, stretch.end)
        return
    source = FileStretch(open_unpacked(str(path)), stretch)
    lines = read_lines(io.BufferedReader(source), path, from_start=stretch.start == 0)
    for record in READERS[shard.format](lines, (), path, text_column):
        yield replace(record, line=record.line + stretch.first - 1)
    if source.digest.hexdigest() != stretch.checksum:
        raise _describe_other_file(path)


def _describe_other_file(path: Path) -> DataError:
    return DataError(
        f"{path}: is not what the first process has read, or was changed meanwhile; accepted: a file that is "
        "the same on all machines and stays as it is; type the command again with another -r"
    )


class FileStretch(io.RawIOBase):
    """A stretch of a file as if it were all of it; what is read is added to a checksum."""

    def __init__(self, source: Peekable, stretch: Stretch) -> None:
        super().__init__()
        self._source = source
        self._left = stretch.end - stretch.start
        self.digest = hashlib.sha256()
        source.seek(stretch.start)

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]  # `Buffer` has no name before 3.12
        """Read as much as the buffer takes and the stretch has."""
        content = self._source.read(min(len(buffer), self._left))
        self._left -= len(content)
        self.digest.update(content)
        buffer[: len(content)] = content
        return len(content)

    def close(self) -> None:
        """Close the file, too."""
        self._source.close()
        super().close()
