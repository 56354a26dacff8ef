"""CSV and TSV with a header: one word per row with a sentence id, or one sentence per row with lists in its cells."""

import ast
import csv
import io
import json
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from token_classification.data.formats import record_columns
from token_classification.data.formats.json_values import parse_json
from token_classification.data.formats.label_columns import find_label_column
from token_classification.data.formats.records import build_sentences
from token_classification.data.problems import BrokenFileError, Kind, Problem, refuse_problems, show
from token_classification.data.sentences import Sentences
from token_classification.data.text_lines import no_words, read_text
from token_classification.errors import DataError

LONGEST_CELL = 2**31 - 1
"""Characters; the module's own limit of 128 KiB is less than a long document's list"""
WORD_COLUMNS = (*record_columns.WORD_COLUMNS, "word", "token")
WORD_TAG_COLUMNS = ("tag", "label")
"""What a column of tags may be called besides, where a row is a word"""
SENTENCE_COLUMNS = ("sentence_id", "sent_id", "sentence #", "sentence")
QUOTED_CELL = re.compile(r'"(?:[^"]|"")*"')
PYTHON_LIST = re.compile(
    r"""\s*[\[(]\s*+(?:(?:[urbURB]{0,2}(?:'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+")|[-+\w.]++)\s*+(?:,\s*+|(?=[\])])))*+[\])]\s*""",
    re.DOTALL,
)
"""A list without lists in it, whose items commas part. (Python joins ['EU' 'rejects'], as numpy prints it, to one.)"""

Row = tuple[int, list[str]]
"""The line at which a row begins, and its cells."""


def read_csv(
    path: Path, text_column: str | None = None, label_column: str | None = None, task: str = "ner"
) -> Sentences:
    """Return the sentences of a table with a header line; the delimiter is the header's TAB, comma or semicolon.

    With a sentence id column every row is one word; a row whose id is empty belongs to the sentence above it.
    Otherwise every row is one sentence, its cells lists as JSON or Python writes them.

    Raises:
        BrokenFileError: it lists every row of another width than the header, without tag or sound lists.
    """
    (_, header), *rows = _read_rows(read_text(path), path)
    header = [name.strip() for name in header]
    problems = [_explain_width(path, line, row, header) for line, row in rows if len(row) != len(header)]
    rows = [(line, row) for line, row in rows if len(row) == len(header)]
    if not rows:
        refuse_problems(Sentences(), problems)
        raise no_words(path)
    word_column = record_columns.pick_word_column(header, text_column, path, WORD_COLUMNS)
    table = [(line, dict(zip(header, row, strict=True))) for line, row in rows]
    sentence_column = find_sentence_column(header)
    is_of_lists = not sentence_column or is_list_of_words(table[0][1][word_column])
    tag_names = record_columns.list_tag_columns(task)
    tag_names = tag_names if is_of_lists else (*tag_names, *WORD_TAG_COLUMNS)
    tag_column = record_columns.pick_tag_column(header, label_column, path, tag_names)
    _refuse_repeated(header, (word_column, tag_column, sentence_column), path)
    is_searched = tag_column is None and label_column is None
    if sentence_column is None or is_of_lists:
        parsed = _parse_lists(table, header if is_searched else [name for name in (word_column, tag_column) if name])
        if is_searched:
            tag_column = find_label_column([record for _, record in parsed], word_column, task, path)
        return build_sentences(parsed, path, word_column, tag_column, header, problems)
    if is_searched:
        columns = {name: [row[name] for _, row in table] for name in header if name != sentence_column}
        tag_column = find_label_column([columns], word_column, task, path)
    joined, broken, skipped_lines = _join_words(table, path, sentence_column, word_column, tag_column)
    problems = sorted([*problems, *broken], key=lambda problem: problem.line)
    return build_sentences(joined, path, word_column, tag_column, header, problems, skipped_lines)


@contextmanager
def allow_long_cells() -> Iterator[None]:
    """Let cells be as long as they are while a table is read; whoever else uses the module keeps its limit."""
    limit = csv.field_size_limit(LONGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(limit)


def find_delimiter(header: str) -> str:
    """Return the delimiter that occurs most often in a header line; a comma when there is none."""
    return max(",;\t", key=header.count)


def split_header(header: str, delimiter: str) -> list[str]:
    """Return the names in a header line, without their quotes."""
    return [name.strip(' "') for name in header.split(delimiter)]


def _refuse_repeated(header: Sequence[str], used: Sequence[str | None], path: Path) -> None:
    repeated = next((name for name in used if name is not None and header.count(name) > 1), None)
    if repeated is not None:
        raise DataError(
            f"{path}:1: {show(repeated)} twice in the header; accepted: each name once; rename one of them"
        )


def find_sentence_column(header: Sequence[str]) -> str | None:
    """Find the column that tells which sentence a word is of; None where there is none."""
    return next((name for name in header if name.lower() in SENTENCE_COLUMNS), None)


def _read_rows(text: str, path: Path) -> list[Row]:
    delimiter = find_delimiter(text.lstrip("\n").split("\n", 1)[0])
    quoting: Literal[0, 3] = csv.QUOTE_NONE if has_plain_quotes(text, delimiter) else csv.QUOTE_MINIMAL
    reader = csv.reader(io.StringIO(text, newline="\n"), delimiter=delimiter, quoting=quoting, strict=True)
    rows, line = [], 1
    try:
        with allow_long_cells():
            for row in reader:
                if row:
                    rows.append((line, row))
                line = reader.line_num + 1
    except csv.Error as error:
        text = (
            f"not CSV ({error}); accepted: a quote inside a quoted cell written twice; correct the quotes of this row"
        )
        raise BrokenFileError([Problem(Kind.BROKEN_RECORD, path, line, text)], None) from None
    return rows


def _explain_width(path: Path, line: int, row: Sequence[str], header: Sequence[str]) -> Problem:
    text = (
        f"{len(row)} columns where the header has {len(header)} ({show(row[0])}, ...); "
        "accepted: a cell for each column, quoted where it holds the delimiter; correct this row"
    )
    return Problem(Kind.RAGGED_ROW, path, line, text)


def has_plain_quotes(text: str, delimiter: str) -> bool:
    """Tell whether quotes are words, not syntax: one word per row, all rows whole, and a cell leaves a quote open."""
    lines = [line for line in text.split("\n") if line]
    width = lines[0].count(delimiter)
    if '"' not in text or not find_sentence_column(split_header(lines[0], delimiter)):
        return False
    if any(line.count(delimiter) != width for line in lines):
        return False
    cells = (cell for line in lines if '"' in line for cell in line.split(delimiter))
    return any(cell.startswith('"') and not QUOTED_CELL.fullmatch(cell) for cell in cells)


def _join_words(
    rows: Sequence[tuple[int, dict[str, str]]],
    path: Path,
    sentence_column: str,
    word_column: str,
    tag_column: str | None,
) -> tuple[list[tuple[int, dict[str, object]]], list[Problem], list[int]]:
    """Join rows of one word each to records of one sentence each; return these, broken rows, and lines without a word.

    A broken row is left out of its sentence.
    """
    sentences: list[tuple[int, dict[str, object]]] = []
    problems: list[Problem] = []
    skipped_lines: list[int] = []
    words: list[str] = []
    tags: list[str] = []
    current, following = "", 0
    for line, row in rows:
        problem = _explain_word(path, line, row, word_column, tag_column)
        if problem:
            problems.append(problem)
            continue
        sentence_id = row[sentence_column]
        if not sentences or (sentence_id and sentence_id != current):
            current = sentence_id
            words, tags = [], []
            record: dict[str, object] = {**row, word_column: words}
            sentences.append((line, record | {tag_column: tags} if tag_column else record))
        else:
            skipped_lines += range(following, line)
        following = line + 1
        words.append(row[word_column])
        if tag_column:
            tags.append(row[tag_column])
    return sentences, problems, skipped_lines


def _explain_word(
    path: Path, line: int, row: dict[str, str], word_column: str, tag_column: str | None
) -> Problem | None:
    """Say what is wrong with a row of one word, None when it is sound."""
    word = row[word_column]
    if "\n" in word:
        text = (
            f"a quote that a later row closes ({show(word)}); "
            "accepted: one word per row; write a quote that is a word as four quotes"
        )
        return Problem(Kind.RAGGED_ROW, path, line, text)
    if tag_column and not row[tag_column]:
        text = (
            f"empty tag (word {show(word)}); accepted: a tag in every row; "
            f"fill the column {tag_column!r} or choose another: --label_column_name"
        )
        return Problem(Kind.MISSING_TAG, path, line, text)
    return None


def _parse_lists(
    rows: Sequence[tuple[int, dict[str, str]]], columns: Sequence[str]
) -> list[tuple[int, dict[str, object]]]:
    return [(line, {**row} | {column: parse_cell(row[column]) for column in columns}) for line, row in rows]


def is_list_of_words(cell: str) -> bool:
    """Tell whether a cell holds a list of texts, as JSON or Python writes it."""
    value = parse_cell(cell)
    return isinstance(value, list) and all(isinstance(word, str) for word in value)


def parse_cell(cell: str) -> object:
    """Return the value that a cell holds as JSON or as a Python literal, the text itself when it is neither."""
    try:
        return parse_json(cell)
    except json.JSONDecodeError:
        pass
    if not PYTHON_LIST.fullmatch(cell):
        return cell
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes
            return ast.literal_eval(cell.strip())
    except (ValueError, SyntaxError):
        return cell
