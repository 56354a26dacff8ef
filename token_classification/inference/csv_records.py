"""Rows of a CSV or TSV file of any size, one after the other; a broken row takes no other with it."""

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Literal, NamedTuple

from token_classification.data.formats.csv_table import (
    WORD_COLUMNS,
    WORD_TAG_COLUMNS,
    allow_long_cells,
    find_delimiter,
    find_sentence_column,
    has_plain_quotes,
    is_list_of_words,
    parse_cell,
)
from token_classification.data.formats.record_columns import TEXT_COLUMNS, find_column, list_tag_columns
from token_classification.errors import DataError
from token_classification.inference.input_lines import decode_line, describe_too_long
from token_classification.inference.records import (
    LONGEST_RECORD,
    BadRecord,
    Record,
    RecordError,
    make_bad_record,
    make_record,
)

LINES_OF_ROW = 10_000
"""A quote that is still open after this many lines was not meant as one"""
LINES_OF_ROW_READ_ANEW = 200
"""The same for lines that such a quote swallowed: if each swallowed thousands again, that would take hours"""
OPEN_QUOTE = "a quote opens that is not closed, or not at the end of a cell"

Quoting = Literal[0, 3]
"""`csv.QUOTE_MINIMAL` or `csv.QUOTE_NONE`"""
Line = tuple[int, bytes]
"""Its number in the file, and what stands there"""


class Table(NamedTuple):
    """The columns of a table, and what its rows are."""

    header: list[str]
    text_column: str
    tag_column: str | None
    sentence_column: str | None
    """The column that names the sentence, if a row is a word; None if a row is a text or a sentence"""
    has_lists: bool
    """Whether cells hold lists of words and tags"""


def read_csv(
    lines: Iterator[bytes], head: Sequence[str], path: Path, text_column: str | None
) -> Iterator[Record | BadRecord]:
    """Read rows: each is a text or a list of words, or a single word if there is a column of sentence ids.

    The delimiter is the header's TAB, comma or semicolon.

    Raises:
        DataError: no header, or no such column in it.
    """
    header, delimiter = read_header(next(lines, b""), path)
    column = _choose_column(header, path, text_column)
    sentence_column = find_sentence_column(header) if column.lower() in WORD_COLUMNS else None
    is_plain = sentence_column is not None and has_plain_quotes("\n".join(head), delimiter)
    rows = _check_widths(_split_rows(lines, delimiter, csv.QUOTE_NONE if is_plain else csv.QUOTE_MINIMAL), header)
    first = next(rows, None)
    if first is None:
        return
    has_lists = column != TEXT_COLUMNS[0] and isinstance(first[1], dict) and is_list_of_words(first[1][column])
    tag_names = list_tag_columns("ner") if has_lists else (*list_tag_columns("ner"), *WORD_TAG_COLUMNS)
    table = Table(header, column, find_column(header, tag_names), None if has_lists else sentence_column, has_lists)
    rows = chain([first], rows)
    yield from (_join_words(rows, table) if table.sentence_column else _make_records(rows, table))


def _choose_column(header: Sequence[str], path: Path, text_column: str | None) -> str:
    """Choose the column of texts or words: the one asked for, else the first with a usual name.

    Raises:
        DataError: there is no such column.
    """
    if text_column is None and not any(name in header for name in TEXT_COLUMNS) and find_sentence_column(header):
        text_column = find_column(header, WORD_COLUMNS)
    probe = make_record(1, dict.fromkeys(header, ""), text_column)
    if isinstance(probe, BadRecord):
        raise DataError(f"{path}:1: {probe.reason}")
    return text_column or next(name for name in TEXT_COLUMNS if name in header)


def _check_widths(
    rows: Iterable[tuple[int, list[str] | BadRecord, int]], header: list[str]
) -> Iterator[tuple[int, dict[str, str] | BadRecord, int]]:
    """Yield rows as mappings from column to cell; a row of another width becomes a bad record."""
    for number, row, size in rows:
        if isinstance(row, list) and len(row) != len(header):
            yield number, make_bad_record(number, f"{len(row)} cells where the header has {len(header)}", row), size
        else:
            yield number, dict(zip(header, row, strict=True)) if isinstance(row, list) else row, size


def _make_records(
    rows: Iterable[tuple[int, dict[str, str] | BadRecord, int]], table: Table
) -> Iterator[Record | BadRecord]:
    """Yield one record per row; lists of words are parsed, and their tags kept."""
    for number, row, size in rows:
        if isinstance(row, BadRecord):
            yield row
            continue
        if not table.has_lists:
            yield make_record(number, row, table.text_column, size)
            continue
        words = parse_cell(row[table.text_column])
        record = make_record(number, {**row, table.text_column: words}, table.text_column, size)
        tags = parse_cell(row[table.tag_column]) if table.tag_column else None
        if isinstance(words, str):
            yield make_bad_record(number, f"{table.text_column!r} is not a list of words, as in the first row", words)
        elif isinstance(record, Record) and isinstance(tags, list) and len(tags) == len(record.text):
            yield replace(record, gold=[str(tag) for tag in tags])
        else:
            yield record


@dataclass
class _Sentence:
    """A sentence with one row per word."""

    line: int
    name: str
    words: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    size: int = 0
    fault: tuple[int, str] | None = None
    """Line and reason, if it is a bad record"""


def _join_words(
    rows: Iterable[tuple[int, dict[str, str] | BadRecord, int]], table: Table
) -> Iterator[Record | BadRecord]:
    """Yield one record per sentence; an unreadable row spoils every sentence that it may belong to."""
    sentence, fault = None, None
    for number, row, size in rows:
        reason = row.reason if isinstance(row, BadRecord) else _explain_word(row, table)
        if reason or isinstance(row, BadRecord):
            fault = (number, reason or "")
            if sentence:
                sentence.fault = sentence.fault or fault
            continue
        name = row[table.sentence_column or ""]
        if sentence is None or (name and name != sentence.name):
            if sentence:
                yield _finish(sentence, table)
            sentence = _Sentence(number, name, fault=fault)
        fault = None
        sentence.size += size
        if sentence.size > LONGEST_RECORD:
            sentence.fault = sentence.fault or (sentence.line, describe_too_long("sentence"))
            continue
        sentence.words.append(row[table.text_column])
        if table.tag_column:
            sentence.tags.append(row[table.tag_column])
    if sentence:
        yield _finish(sentence, table)
    elif fault:
        yield make_bad_record(*fault, "")


def _explain_word(row: Mapping[str, str], table: Table) -> str | None:
    """Say what is wrong with the row of a word; None if nothing is."""
    if "\n" in row[table.text_column]:
        return "a quote that a later row closes"
    return "an empty tag" if table.tag_column and not row[table.tag_column] else None


def _finish(sentence: _Sentence, table: Table) -> Record | BadRecord:
    if sentence.fault:
        return make_bad_record(*sentence.fault, sentence.words)
    fields = {table.sentence_column or "": sentence.name, "tokens": sentence.words}
    gold = sentence.tags if table.tag_column else None
    return Record(sentence.line, sentence.words, fields, gold, sentence.size, "tokens")


def read_header(line: bytes, path: Path) -> tuple[list[str], str]:
    """Return the names of the columns and the delimiter.

    Raises:
        DataError: the header can't be read.
    """
    try:
        text = decode_line(line)
        delimiter = find_delimiter(text)
        with allow_long_cells():
            header = next(csv.reader([text], delimiter=delimiter), [])
    except (RecordError, csv.Error) as error:
        advice = "; convert with: tr '\\r' '\\n'" if b"\r" in line else ""
        raise DataError(
            f"{path}:1: the header can't be read ({error}); accepted: names separated by commas, semicolons or TABs, "
            f"in UTF-8, followed by a line end{advice}"
        ) from None
    return [name.strip() for name in header], delimiter


def _split_rows(
    lines: Iterator[bytes], delimiter: str, quoting: Quoting
) -> Iterator[tuple[int, list[str] | BadRecord, int]]:
    """Yield each row with its first line and its size in bytes; a quoted cell may span several lines.

    If a quote is not closed properly, only the line that opens it is lost: the lines after it are read again.
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
            with allow_long_cells():
                cells = _take_lines(taken, put_back, numbered, most_lines)
                row = next(csv.reader(cells, delimiter=delimiter, quoting=quoting, strict=True))
            yield first[0], row, sum(len(line) for _, line in taken)
            continue
        except csv.Error as error:
            reason = OPEN_QUOTE if "unexpected end of data" in str(error) else f"not CSV ({error})"
        except RecordError as error:
            reason = str(error)
        put_back.extendleft(reversed(taken[1:]))
        if len(taken) > 1:
            most_lines = max(min(most_lines, len(taken)) // 2, LINES_OF_ROW_READ_ANEW)
        yield first[0], make_bad_record(first[0], OPEN_QUOTE if len(taken) > 1 else reason, first[1]), 0


def _take_lines(taken: list[Line], put_back: deque[Line], numbered: Iterator[Line], most_lines: int) -> Iterator[str]:
    """Yield the lines that a row may span, up to the most it may have; `taken` starts with the first of them."""
    yield decode_line(taken[0][1]) + "\n"
    size = len(taken[0][1])
    while len(taken) < most_lines and size < LONGEST_RECORD:
        line = put_back.popleft() if put_back else next(numbered, None)
        if line is None:
            return
        taken.append(line)
        size += len(line[1])
        yield decode_line(line[1]) + "\n"
