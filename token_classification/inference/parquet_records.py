"""Rows of a Parquet file of any size, one after the other; an unreadable value spoils only its own row."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from token_classification.errors import DataError, UserError
from token_classification.inference.input_lines import comes_once
from token_classification.inference.records import BadRecord, Record, make_bad_record, make_record

ROWS_AT_ONCE = 1024


def read_parquet(path: Path, text_column: str | None) -> Iterator[Record | BadRecord]:
    """Read rows as records, in groups of rows.

    Raises:
        UserError: the file comes from a pipe; as `DataError`: it is broken.
    """
    if comes_once(str(path)):
        raise UserError(
            f"--input_file {path}: Parquet can't be read from stdin or a pipe, because its index is at the end; "
            "give the file."
        )
    try:
        file = pq.ParquetFile(path)
        rows = (row for batch in file.iter_batches(batch_size=ROWS_AT_ONCE) for row in _list_rows(batch))
        for number, row in enumerate(rows, 1):
            if isinstance(row, dict):
                yield make_record(number, row, text_column)
            else:
                yield make_bad_record(number, f"a value of it can't be read ({row})", "")
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:  # also names that are not UTF-8
        raise DataError(
            f"{path}: not a whole Parquet file ({error}); accepted: Parquet; write or download it anew"
        ) from None


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
