"""How redacted records are written: as the input where its format allows that, else as JSON lines."""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal, Self

from token_classification.data.formats.csv_table import allow_long_cells
from token_classification.inference.csv_records import read_csv, read_header
from token_classification.inference.input_lines import GZIP_MAGIC, comes_once, open_unpacked, read_lines
from token_classification.inference.read_records import recognise_file
from token_classification.inference.records import LONGEST_RECORD, Record, RecordError

HEAD_ROWS = 100
"""Rows in which it is looked for one that is whole"""
MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class FileLayout:
    """A format, and what files of that format do not have in common."""

    format: Literal["text", "jsonl", "csv"]
    column: str | None = None
    """The field of the texts; None: the usual one of each record"""
    mark: bool = False
    """Whether the file begins with a byte order mark"""
    line_end: str = "\n"
    is_ended: bool = True
    """Whether a line end follows the last record"""
    header: tuple[str, ...] = ()
    """The columns of CSV"""
    delimiter: str = ","

    @classmethod
    def load(cls, found: Mapping[str, Any]) -> Self:
        """Return the layout that `dump` described."""
        return cls(**{**found, "header": tuple(found["header"])})

    def dump(self) -> dict[str, Any]:
        """Describe it in what JSON can hold."""
        return asdict(self)

    def encode_start(self) -> bytes:
        """Encode what is before the first record."""
        header = self._encode_row(self.header) if self.format == "csv" else b""
        return (MARK if self.mark else b"") + header

    def encode(self, fields: Mapping[str, object], column: str) -> bytes:
        """Encode a record.

        Raises:
            RecordError: the format can't hold it, or it could not be read again.
        """
        if self.format == "csv":
            encoded = self._encode_row([str(fields.get(name, "")) for name in self.header])
        elif self.format == "text":
            text = str(fields[column])
            # A CR right before the line end would be read as part of it.
            encoded = (text + ("\r\n" if text.endswith("\r") else self.line_end)).encode()
        else:
            encoded = self._encode_object(fields)
        if len(encoded) > LONGEST_RECORD:
            raise RecordError(f"more than {LONGEST_RECORD:,} bytes")
        return encoded

    def _encode_object(self, fields: Mapping[str, object]) -> bytes:
        try:
            return (json.dumps(fields, ensure_ascii=False, default=str) + self.line_end).encode()
        except UnicodeEncodeError:
            # Half a character, which JSON can only hold escaped.
            return (json.dumps(fields, default=str) + self.line_end).encode()

    def _encode_row(self, cells: list[str] | tuple[str, ...]) -> bytes:
        row = io.StringIO(newline="")
        csv.writer(row, delimiter=self.delimiter, lineterminator=self.line_end).writerow(cells)
        return row.getvalue().encode()


def find_layout(name: str, input_format: str | None, text_column: str | None) -> FileLayout:
    """Find out how the redacted records of an input are written.

    Raises:
        UserError: no such file, or nothing in it can be read.
    """
    if comes_once(name):
        return FileLayout("text" if input_format == "text" else "jsonl", text_column)
    input_format = input_format or recognise_file(name, text_column)
    if input_format == "parquet":
        return FileLayout("jsonl", text_column)
    if input_format not in ("text", "jsonl", "csv"):
        return FileLayout("jsonl")
    mark, line_end, is_ended = _look_at_lines(Path(name))
    if input_format == "text":
        return FileLayout("text", None, mark, line_end, is_ended)
    if input_format == "jsonl":
        return FileLayout("jsonl", text_column, mark, line_end, is_ended)
    return _find_table(Path(name), text_column, mark, line_end, is_ended)


def _find_table(path: Path, text_column: str | None, mark: bool, line_end: str, is_ended: bool) -> FileLayout:
    """Return the layout of a table with a text in each row; JSON lines for one of words, or of lists of words."""
    lines = read_lines(open_unpacked(str(path)), path)
    head = next(lines, b"")
    header, delimiter = read_header(head, path)
    with allow_long_cells():
        records = read_csv(chain([head], lines), [head.decode("utf-8", "replace")], path, text_column)
        first = next((record for record in islice(records, HEAD_ROWS) if isinstance(record, Record)), None)
    if first is not None and (not isinstance(first.text, str) or list(first.fields) != header):
        return FileLayout("jsonl", first.column)
    return FileLayout("csv", text_column, mark, line_end, is_ended, tuple(header), delimiter)


def _look_at_lines(path: Path) -> tuple[bool, str, bool]:
    """Return whether there is a byte order mark, how the first line ends, and whether the last one ends."""
    with open_unpacked(str(path)) as source:
        start = source.readline(LONGEST_RECORD)
    with path.open("rb") as file:
        is_gzip = file.read(2) == GZIP_MAGIC
        size = file.seek(0, io.SEEK_END)
        file.seek(max(size - 1, 0))
        is_ended = is_gzip or size == 0 or file.read(1) == b"\n"
    return start.startswith(MARK), "\r\n" if start.endswith(b"\r\n") else "\n", is_ended
