"""An input is cut into shards, whose borders depend on nothing but the input and the size that is asked for.

Of texts a line, JSON lines and Parquet a process can read any stretch by itself. All other formats are read from the
beginning, by the first process, which hands the records on.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path

from token_classification.data.addresses import as_path
from token_classification.data.inputs import hash_files
from token_classification.inference.input_lines import STDIN, Peekable, comes_once, open_unpacked
from token_classification.inference.input_names import list_opened_files
from token_classification.inference.parquet_records import checksum_index, open_parquet
from token_classification.inference.read_records import Records, open_records
from token_classification.inference.records import BadRecord, Record

MOST_BYTES = 2**26
"""Of a shard: a process has the answers to it in memory"""
LINE_FORMATS = ("text", "jsonl")
PIECE = 2**20


@dataclass(frozen=True)
class Stretch:
    """A stretch of a file that can be read by itself."""

    start: int
    """First byte of the (unpacked) file, or first row of a Parquet file"""
    end: int
    """The one behind the last"""
    first: int
    """Number of its first line or row, from 1"""
    count: int
    """Of its lines or rows"""
    checksum: str
    """SHA-256 of its bytes, or of the index of the Parquet file"""


@dataclass(frozen=True)
class InputFile:
    """A file with its stretches."""

    name: str
    format: str
    checksum: str
    stretches: Sequence[Stretch] | None
    """None: the first process reads it"""


@dataclass(frozen=True)
class Shard:
    """What one task tags, and one part of the results holds."""

    number: int
    file: str
    format: str
    base: int
    """How many lines or rows of the input come before this file, or records before this shard if they are read"""
    stretch: Stretch | None
    records: Sequence[Record | BadRecord] = ()
    """What the first process has read; none if there is a stretch"""


def plan_file(name: str, input_format: str | None, text_column: str | None, size: int, *, by_shard: bool) -> InputFile:
    """Find out the format of a file and where its shards begin; all of it is read for that, but Parquet.

    Args:
        name: The file; `-` for stdin.
        input_format: Its format; None: by its content.
        text_column: The column of the texts.
        size: Lines, rows or records of a shard.
        by_shard: Whether processes may read stretches by themselves.

    Raises:
        UserError: no such file, or nothing in it can be read.
    """
    if comes_once(name):
        return InputFile(name, input_format or "", STDIN, None)
    found, _ = open_records(name, input_format, text_column)
    path = as_path(name)
    if not by_shard or found not in (*LINE_FORMATS, "parquet"):
        return InputFile(name, found, hash_files(list_opened_files(name)), None)
    if found == "parquet":
        return InputFile(name, found, checksum_index(path), cut_rows(path, size))
    with open_unpacked(name) as source:
        stretches = cut_lines(source, size)
    checksum = hashlib.sha256("".join(stretch.checksum for stretch in stretches).encode()).hexdigest()
    return InputFile(name, found, checksum, stretches)


def cut_lines(source: Peekable, size: int) -> list[Stretch]:
    """Cut a file of lines: each stretch is so many lines, or fewer where they are long."""
    stretches: list[Stretch] = []
    start = end = lines = first = 0
    digest = hashlib.sha256()
    is_open = False  # whether a line has begun that has not ended
    while piece := source.readline(PIECE):
        digest.update(piece)
        end += len(piece)
        is_open = not piece.endswith(b"\n")
        lines += not is_open
        if not is_open and (lines == size or end - start >= MOST_BYTES):
            stretches.append(Stretch(start, end, first + 1, lines, digest.hexdigest()))
            start, first, lines, digest = end, first + lines, 0, hashlib.sha256()
    if end > start:
        stretches.append(Stretch(start, end, first + 1, lines + is_open, digest.hexdigest()))
    return stretches


def cut_rows(path: Path, size: int) -> list[Stretch]:
    """Cut a Parquet file: stretches are whole groups of rows where these are small, and parts of one where not."""
    checksum = checksum_index(path)
    with open_parquet(path) as file:
        groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
    borders = [0]
    end = 0
    for group in groups:
        most = max(1, min(size, MOST_BYTES * group.num_rows // max(1, group.total_byte_size)))
        if end + group.num_rows - borders[-1] > most and end > borders[-1]:
            borders.append(end)
        while end + group.num_rows - borders[-1] > most:
            borders.append(borders[-1] + most)
        end += group.num_rows
    if end > borders[-1]:
        borders.append(end)
    return [Stretch(start, stop, start + 1, stop - start, checksum) for start, stop in pairwise(borders)]


def number_shards(files: Sequence[InputFile], size: int, read: Callable[[InputFile], Records]) -> Iterator[Shard]:
    """Yield the shards of all files, one file after the other.

    Args:
        files: The plan.
        size: Records of a shard.
        read: Reads a file that has no stretches.
    """
    number = base = 0
    for file in files:
        for stretch in file.stretches or ():
            yield Shard(number, file.name, file.format, base, stretch)
            number += 1
        if file.stretches is not None:
            base += sum(stretch.count for stretch in file.stretches)
            continue
        records = read(file)
        while taken := list(islice(records, size)):
            yield Shard(number, file.name, file.format, base, None, taken)
            number, base = number + 1, base + len(taken)
