"""Rows of a CSV or TSV file of any size, one after the other; a broken row takes no other with it."""

import csv
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from token_classification.data.formats.csv_table import find_delimiter
from token_classification.errors import DataError
from token_classification.inference.input_lines import decode_line
from token_classification.inference.records import (
    LONGEST_RECORD,
    BadRecord,
    Record,
    RecordError,
    make_bad_record,
    make_record,
)

LINES_OF_ROW = 10_000
"""A quote that is still open after so many lines was never meant to be one."""
LINES_OF_ROW_READ_ANEW = 200
"""The same for lines that such a quote had swallowed: were each to swallow thousands again, that would take hours."""
OPEN_QUOTE = "a quote opens that is not closed, or not at the end of a cell"

Line = tuple[int, bytes]
"""Its number in the file, and what stands there"""


def read_csv(lines: Iterator[bytes], path: Path, text_column: str | None) -> Iterator[Record | BadRecord]:
    """A row is a text in a column of the header; the delimiter is the header's TAB, comma or semicolon.

    Raises:
        DataError: no header, or no such column in it.
    """
    header, delimiter = _read_header(next(lines, b""), path)
    probe = make_record(1, dict.fromkeys(header, ""), text_column)
    if isinstance(probe, BadRecord):
        raise DataError(f"{path}:1: {probe.reason}")
    for number, row, size in _split_rows(lines, delimiter):
        if isinstance(row, BadRecord):
            yield row
        elif len(row) != len(header):
            yield make_bad_record(number, f"{len(row)} cells where the header has {len(header)}", row)
        else:
            yield make_record(number, dict(zip(header, row, strict=True)), text_column, size)


def _read_header(line: bytes, path: Path) -> tuple[list[str], str]:
    """The names of the columns, and what parts them."""
    try:
        text = decode_line(line)
        delimiter = find_delimiter(text)
        header = next(csv.reader([text], delimiter=delimiter), [])
    except (RecordError, csv.Error) as error:
        advice = "; convert with: tr '\\r' '\\n'" if b"\r" in line else ""
        raise DataError(
            f"{path}:1: the header can't be read ({error}); accepted: names parted by commas, semicolons or TABs, in "
            f"UTF-8, with a line end behind them{advice}"
        ) from None
    return header, delimiter


def _split_rows(lines: Iterator[bytes], delimiter: str) -> Iterator[tuple[int, list[str] | BadRecord, int]]:
    """Rows with the line that each begins at and the bytes that it takes; a quoted cell may go over several lines.

    Where a quote is not closed as it should be, only the line that it opens in is lost: the following are read anew.
    """
    numbered = enumerate(lines, 2)
    put_back: deque[Line] = deque()
    most_lines = LINES_OF_ROW
    while first := put_back.popleft() if put_back else next(numbered, None):
        if not first[1]:
            continue
        if not put_back:
            most_lines = LINES_OF_ROW
        taken = [first]
        try:
            row = next(
                csv.reader(_take_lines(taken, put_back, numbered, most_lines), delimiter=delimiter, strict=True)
            )
            yield first[0], row, sum(len(line) for _, line in taken)
            continue
        except csv.Error as error:
            reason = OPEN_QUOTE if "unexpected end of data" in str(error) else f"not CSV ({error})"
        except RecordError as error:
            reason = error
        put_back.extendleft(reversed(taken[1:]))
        if len(taken) > 1:
            most_lines = max(min(most_lines, len(taken)) // 2, LINES_OF_ROW_READ_ANEW)
        yield first[0], make_bad_record(first[0], OPEN_QUOTE if len(taken) > 1 else reason, first[1]), 0


def _take_lines(taken: list[Line], put_back: deque[Line], numbered: Iterator[Line], most_lines: int) -> Iterator[str]:
    """The lines that a row may go over, and no more than it may have; `taken` begins with the first of them."""
    yield decode_line(taken[0][1]) + "\n"
    size = len(taken[0][1])
    while len(taken) < most_lines and size < LONGEST_RECORD:
        line = put_back.popleft() if put_back else next(numbered, None)
        if line is None:
            return
        taken.append(line)
        size += len(line[1])
        yield decode_line(line[1]) + "\n"
