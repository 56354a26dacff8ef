"""Rows of a Parquet file of any size, one after the other; an unreadable value spoils only its own row."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from token_classification.data.addresses import Address
from token_classification.data.text_lines import open_bytes
from token_classification.errors import DataError, UserError
from token_classification.inference.input_lines import comes_once
from token_classification.inference.records import BadRecord, Record, make_bad_record, make_record

ROWS_AT_ONCE = 1024
INDEX_END = 8
"""Bytes at the end of the file: the length of the index before them, and `PAR1`"""


@contextmanager
def open_parquet(path: Path) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file.

    Raises:
        DataError: it is broken.
    """
    try:
        with pq.ParquetFile(path.open("rb") if isinstance(path, Address) else path) as file:
            yield file
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:  # also names that are not UTF-8
        raise DataError(
            f"{path}: not a whole Parquet file ({error}); accepted: Parquet; write or download it anew"
        ) from None


def checksum_index(path: Path) -> str:
    """Return the SHA-256 of the index of a Parquet file, which holds place, size and range of everything in it."""
    with open_bytes(path) as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - INDEX_END))
        length = int.from_bytes(file.read(4), "little")
        file.seek(max(0, size - INDEX_END - length))
        return hashlib.sha256(b"%d " % size + file.read()).hexdigest()


def read_parquet(
    path: Path, text_column: str | None, start: int = 0, end: int | None = None
) -> Iterator[Record | BadRecord]:
    """Read rows as records, in groups of rows.

    Args:
        path: The file.
        text_column: The column of the texts.
        start: The first row, from 0.
        end: The one behind the last; None: all. Groups without any of these rows are not read.

    Raises:
        UserError: the file comes from a pipe; as `DataError`: it is broken.
    """
    if comes_once(str(path)):
        raise UserError(
            f"--input_file {path}: Parquet can't be read from stdin or a pipe, because its index is at the end; "
            "give the file."
        )
    with open_parquet(path) as file:
        last = file.metadata.num_rows if end is None else end
        rows = (row for batch in _read_batches(file, start, last) for row in _list_rows(batch))
        for number, row in enumerate(rows, start + 1):
            if isinstance(row, dict):
                yield make_record(number, row, text_column)
            else:
                yield make_bad_record(number, f"a value of it can't be read ({row})", "")


def _read_batches(file: pq.ParquetFile, start: int, end: int) -> Iterator[pa.RecordBatch]:
    """Yield some rows of a file, in batches."""
    groups: list[int] = []
    first = place = 0
    for number in range(file.metadata.num_row_groups):
        following = place + file.metadata.row_group(number).num_rows
        if following > start and place < end:
            first = first if groups else place
            groups.append(number)
        place = following
    for batch in file.iter_batches(batch_size=ROWS_AT_ONCE, row_groups=groups):
        from_here, to_here = max(0, start - first), min(batch.num_rows, end - first)
        first += batch.num_rows
        if from_here < to_here:
            yield batch.slice(from_here, to_here - from_here)


def _list_rows(batch: pa.RecordBatch) -> list[dict[str, Any] | Exception]:
    """Return the rows; in place of a row with a date beyond 9999, a text that is not UTF-8 or the like, the error."""
    try:
        return batch.to_pylist()
    except (ValueError, OverflowError) as error:
        if batch.num_rows == 1:
            return [error]
    # Halves: one bad row among many costs a few more conversions, not one per row.
    middle = batch.num_rows // 2
    return _list_rows(batch.slice(0, middle)) + _list_rows(batch.slice(middle))
