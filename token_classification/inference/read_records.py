"""Readers for files of any size: one record after the other, and what can't be read is passed over with a reason."""

import csv
import gzip
import io
import json
import logging
import sys
import zlib
from codecs import BOM_UTF8
from collections import deque
from collections.abc import Callable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from token_classification.data.formats.conll import find_layout, iterate_sentences
from token_classification.data.formats.csv_table import find_delimiter
from token_classification.data.formats.recognise import PARQUET_MAGIC
from token_classification.data.text_lines import open_bytes
from token_classification.errors import DataError, UserError
from token_classification.inference.records import BadRecord, Record, make_bad_record, make_record

logger = logging.getLogger(__name__)

STDIN = "-"
GZIP_MAGIC = b"\x1f\x8b"
PEEKED_BYTES = 4096
LAYOUT_LINES = 1000
"""Lines of a CoNLL file that its columns are found in"""
LINES_OF_CSV_ROW = 10_000
"""A quote that is still open after so many lines was never meant to be one."""
ROWS_OF_PARQUET = 1024

SUFFIXES = {
    ".txt": "text",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".conll": "conll",
    ".bio": "conll",
    ".iob": "conll",
    ".iob2": "conll",
}
INPUT_FORMATS = ("text", "jsonl", "csv", "parquet", "conll")

Records = Iterator[Record | BadRecord]


def read_records(name: str, input_format: str | None = None, text_column: str | None = None) -> Records:
    """Give the records of a file, one after the other; all but Parquet may be gzipped.

    Args:
        name: The file; `-` for stdin.
        input_format: One of `INPUT_FORMATS`; None: as the suffix says, without one as the first bytes say.
        text_column: Field or column of the text, by default the first of `TEXT_COLUMNS`; a number for CoNLL.

    Raises:
        UserError: no such file, or nothing of it can be read.
    """
    source, path = _open_input(name), Path(name)
    input_format = input_format or recognise_input(source, path)
    if input_format == "parquet":
        return _read_parquet(path, text_column)
    return READERS[input_format](_read_lines(source, path), path, text_column)


def recognise_input(source: BinaryIO, path: Path) -> str:
    """Tell the format by the suffix (that before `.gz`), else by the first bytes: Parquet, JSON lines or text.

    Raises:
        UserError: one list of JSON, which can't be read record by record.
    """
    start = source.peek(PEEKED_BYTES)[:PEEKED_BYTES]
    if start.startswith(PARQUET_MAGIC):
        return "parquet"
    suffix = Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
    found = SUFFIXES.get(suffix.lower()) or ("jsonl" if start.lstrip().startswith(b"{") else "text")
    if suffix == ".json" and start.lstrip().startswith(b"["):
        raise UserError(
            f"{path}: one JSON list, which can't be read record by record; accepted: a record per line; "
            f"convert with: jq -c '.[]' {path} > {path}l"
        )
    if not suffix:
        logger.info("%s is read as %s; for another format: input_format=NAME", path, found)
    return found


def _open_input(name: str) -> BinaryIO:
    source = sys.stdin.buffer if name == STDIN else open_bytes(Path(name))
    return gzip.open(source) if source.peek(2).startswith(GZIP_MAGIC) else source


def _read_lines(source: BinaryIO, path: Path) -> Iterator[bytes]:
    r"""Lines without their ends (`\n` or `\r\n`), the first without its byte order mark."""
    try:
        with source:
            for number, line in enumerate(source):
                line = line.removesuffix(b"\n").removesuffix(b"\r")
                yield line if number else line.removeprefix(BOM_UTF8)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path}: the gzip stream is broken ({error}); fetch the file again") from None


def _decode(line: bytes) -> str | None:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _read_text(lines: Iterator[bytes], path: Path, text_column: str | None) -> Records:
    """A line is a text, an empty one too."""
    for number, line in enumerate(lines, 1):
        text = _decode(line)
        yield make_bad_record(number, "not UTF-8", line) if text is None else Record(number, text, {"text": text})


def _read_json_lines(lines: Iterator[bytes], path: Path, text_column: str | None) -> Records:
    """A line is an object; blank lines are passed over."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        text = _decode(line)
        try:
            fields = None if text is None else json.loads(text)
        except (json.JSONDecodeError, RecursionError) as error:
            yield make_bad_record(number, f"not JSON ({error})", text)
            continue
        if text is None:
            yield make_bad_record(number, "not UTF-8", line)
        elif isinstance(fields, dict):
            yield make_record(number, fields, text_column)
        else:
            yield make_bad_record(number, 'no JSON object; accepted: {"text": "..."}', text)


def _read_csv(lines: Iterator[bytes], path: Path, text_column: str | None) -> Records:
    """A row is a text in a column of the header; the delimiter is the header's TAB, comma or semicolon."""
    header_line = _decode(next(lines, b""))
    delimiter = find_delimiter(header_line or "")
    header = next(csv.reader([header_line or ""], delimiter=delimiter), [])
    probe = make_record(1, dict.fromkeys(header, ""), text_column)
    if isinstance(probe, BadRecord):
        raise DataError(f"{path}:1: {probe.reason}")
    for number, row in _split_rows(lines, delimiter):
        if isinstance(row, BadRecord):
            yield row
        elif len(row) != len(header):
            yield make_bad_record(number, f"{len(row)} cells where the header has {len(header)}", row)
        else:
            yield make_record(number, dict(zip(header, row, strict=True)), text_column)


def _split_rows(lines: Iterator[bytes], delimiter: str) -> Iterator[tuple[int, list[str] | BadRecord]]:
    """Rows with the line that each begins at; a quoted cell may go over several lines.

    Where a quote is not closed as it should be, only the line that it opens in is lost: the following are read anew.
    """
    numbered = enumerate(lines, 2)
    put_back: deque[tuple[int, bytes]] = deque()
    waiting: list[tuple[int, bytes]] = []
    while True:
        item = put_back.popleft() if put_back else next(numbered, None)
        if item is not None:
            if not waiting and not item[1]:
                continue
            waiting.append(item)
            if len(waiting) > 1 and b'"' not in item[1] and len(waiting) < LINES_OF_CSV_ROW:
                continue
        elif not waiting:
            return
        row = _parse_row([line for _, line in waiting], delimiter)
        if row is None and item is not None and len(waiting) < LINES_OF_CSV_ROW:
            continue
        if row is None or (isinstance(row, str) and len(waiting) > 1):
            row = "a quote opens that is not closed, or not at the end of a cell"
            put_back.extendleft(reversed(waiting[1:]))
        start, first_line = waiting[0]
        yield start, make_bad_record(start, row, first_line) if isinstance(row, str) else row
        waiting = []


def _parse_row(lines: list[bytes], delimiter: str) -> list[str] | str | None:
    """The cells of a row; a text that says what is wrong with it; None while a quote is open."""
    text = _decode(b"\n".join(lines))
    if text is None:
        return "not UTF-8"
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        return None if "unexpected end of data" in str(error) else f"not CSV ({error})"


def _read_conll(lines: Iterator[bytes], path: Path, text_column: str | None) -> Records:
    """A sentence is a list of words; a file of several columns has tags in the last."""
    # Half characters stand for bytes that are not UTF-8, until the sentence they are in is known.
    decoded = (line.decode("utf-8", "surrogateescape") for line in lines)
    head = list(islice(decoded, LAYOUT_LINES))
    layout = find_layout(head, path, text_column, None)
    for sentence in iterate_sentences(chain(head, decoded), layout, path):
        if sentence.problems:
            problem = sentence.problems[0]
            yield make_bad_record(problem.line, problem.text, sentence.words)
        elif any(not word.isprintable() and _holds_broken_bytes(word) for word in sentence.words + sentence.tags):
            yield make_bad_record(sentence.line, "not UTF-8", sentence.words)
        elif sentence.words:
            gold = None if layout.tag_column is None else sentence.tags
            yield Record(sentence.line, sentence.words, {"tokens": sentence.words}, gold)


def _holds_broken_bytes(word: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in word)


def _read_parquet(path: Path, text_column: str | None) -> Records:
    """A row is a record; the columns are read in groups of rows."""
    if str(path) == STDIN:
        raise UserError("input_file=-: Parquet can't be read from stdin; give the file.")
    try:
        batches = pq.ParquetFile(path).iter_batches(batch_size=ROWS_OF_PARQUET)
        rows = chain.from_iterable(batch.to_pylist() for batch in batches)
        for number, fields in enumerate(rows, 1):
            yield make_record(number, fields, text_column)
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"{path}: not a whole Parquet file ({error}); accepted: Parquet; write or download it anew"
        ) from None


READERS: dict[str, Callable[[Iterator[bytes], Path, str | None], Records]] = {
    "text": _read_text,
    "jsonl": _read_json_lines,
    "csv": _read_csv,
    "conll": _read_conll,
}
