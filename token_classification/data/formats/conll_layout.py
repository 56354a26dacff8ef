"""How the rows of a CoNLL file are built: what separates their columns, and which hold the words and the tags."""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from token_classification.data.problems import Kind, Problem, show, show_argument
from token_classification.data.schemes import OUTSIDE, is_bare, is_prefixed
from token_classification.data.text_lines import no_words, split_blanks
from token_classification.errors import DataError
from token_classification.output_text import quote_argument, quote_path

logger = logging.getLogger(__name__)

DOCUMENT_START = "-DOCSTART-"
COMMENT_BETWEEN_BLANKS = re.compile(r"# (id |\w+ = )")
NUMBER_OF_A_ROW = re.compile(r"[0-9]+([-.][0-9]+)?")
GERMEVAL_COLUMNS = 4
LOOKED_AT = 100
"""Rows that the layout is found by"""
MOST = 0.9
"""Share of rows that must look alike"""
ROW_WITHOUT_COLUMNS = re.compile(r".*([^\w\s\-]|_)(O|[BIESLU]-\S+)")
"""A word, a mark and a tag of an entity scheme"""


@dataclass(frozen=True)
class Layout:
    """How the rows of one file are built; `tag_column` is None where the tags are nowhere, or nobody knows where."""

    separator: str
    width: int
    word_column: int
    tag_column: int | None
    numbered: bool
    """Whether the first column counts the words of each sentence, as in GermEval."""

    def split(self, line: str) -> list[str]:
        """Return the columns of a line: runs of blanks separate once, one TAB at the line's end separates nothing."""
        row = line.split(self.separator)
        if self.separator == " ":
            return [column for column in row if column]
        return row[:-1] if len(row) == self.width + 1 and not row[-1] else row

    def replace(self, line: str, word: str, tag: str | None) -> str:
        """Return a row with another word and tag; its other columns stay."""
        cells = line.split("\t") if self.separator == "\t" else self.split(line)
        cells[self.word_column] = word
        if self.tag_column is not None and tag is not None:
            cells[self.tag_column] = tag
        return self.separator.join(cells)

    def is_comment(self, line: str) -> bool:
        """Tell whether a line at a sentence start is a comment rather than a word that begins with `#`."""
        if self.separator == " ":
            return COMMENT_BETWEEN_BLANKS.match(line) is not None
        return line.startswith("# ") and len(self.split(line)) != self.width

    def explain(self, row: Sequence[str], line: str, path: Path, number: int) -> Problem:
        """Say what is wrong with a row that has the wrong width or no tag."""
        separator = "TAB" if self.separator == "\t" else "blank"
        accepted = "one word a line" if self.tag_column is None else f"word {separator} tag"
        if len(row) == self.width:
            text = (
                f"empty tag ({show(line)}); accepted: {accepted}; "
                "add the tag or choose its column: --label_column_name"
            )
            return Problem(Kind.MISSING_TAG, path, number, text)
        columns = "1 column" if len(row) == 1 else f"{len(row)} columns"
        if self.can_be_respaced(line):
            following = (
                f"write a {separator} between the columns, or have it done: token_classification check FILE --repair "
                "FOLDER"
            )
        else:
            following = "add the missing columns" if len(row) < self.width else "remove the extra columns"
        text = (
            f"{columns} where the file has {self.width} ({show(line)}); "
            f"accepted: {accepted}, blank line between sentences; {following}"
        )
        has_no_tag = self.tag_column is not None and len(row) == 1
        return Problem(Kind.MISSING_TAG if has_no_tag else Kind.RAGGED_ROW, path, number, text)

    def can_be_respaced(self, line: str) -> bool:
        """Tell whether a row has blanks where the file has TABs, or the other way round, and a tag of an entity."""
        cells = split_blanks(line)
        if len(cells) != self.width or self.tag_column is None:
            return False
        return marks_words([cells[self.tag_column]])


def marks_words(cells: Sequence[str]) -> bool:
    """Tell whether all cells are tags of an entity scheme, or `O`."""
    return all(cell == OUTSIDE or is_prefixed(cell) or is_bare(cell) for cell in cells)


def is_boundary(line: str) -> bool:
    """Tell whether a line ends a sentence: nothing but ASCII blanks and TABs, or a document start."""
    return not line.strip(" \t") or line.startswith(DOCUMENT_START)


def find_layout(lines: Sequence[str], path: Path, text_column: str | None, label_column: str | None) -> Layout:
    """Return the layout that the file's first data line sets.

    Where the first column counts the words of each sentence, the words are in the second. The tags are then in the
    third column of three or four (GermEval), else in the only one that holds nothing but tags of an entity scheme.

    Raises:
        DataError: a column is no number, or not one of the file's; or nothing parts words and tags.
    """
    data = [(number, line) for number, line in enumerate(lines, 1) if not is_boundary(line)]
    if not data:
        raise no_words(path)
    numbered = _find_numbered_rows(lines)
    comment = "#" if numbered else "# "
    number, first = next(((number, line) for number, line in data if not line.startswith(comment)), data[0])
    separator = "\t" if "\t" in first else " "
    columns = [column for column in first.split(separator) if column or separator == "\t"]
    place = f"{path}:{number}"
    word_column = _choose_column(text_column, "--text_column_name", 1 if numbered else 0, columns, place)
    if len(columns) == 1:
        _refuse_whole_rows([line for _, line in data[:LOOKED_AT]], place, path)
        return Layout(separator, 1, word_column, None, False)
    default = _find_tag_column(numbered, path) if numbered else len(columns) - 1
    tag_column = None
    if label_column is not None or default is not None:
        tag_column = _choose_column(label_column, "--label_column_name", default or 0, columns, place)
    return Layout(separator, len(columns), word_column, tag_column, bool(numbered))


def refuse_open_choice(layout: Layout, lines: Sequence[str], path: Path) -> None:
    """Ask for the column of the tags where several columns behind numbered words may hold them.

    Raises:
        DataError: nobody knows which; it shows the columns.
    """
    if layout.numbered and layout.tag_column is None and layout.width > 2:
        rows = enumerate(map(layout.split, lines), 1)
        number, row = next((number, row) for number, row in rows if len(row) == layout.width and row[0].isdecimal())
        likely = [column for column, cell in enumerate(row) if column > 1 and marks_words([cell])]
        raise DataError(
            f"{path}:{number}: the first column counts the words, and it is not clear which column holds the "
            f"tags (the row is {show_columns(row)}); accepted: a number from 2 to {layout.width - 1}; "
            f"type e.g. --label_column_name {(likely or [2])[0]}"
        )


def _find_numbered_rows(lines: Sequence[str]) -> list[list[str]]:
    """Return the first rows if they count 0, 1, 2 ... or 1, 2, 3 ... anew in each sentence; none if they don't.

    A few slips are no matter. With other than four columns, numbers may be words: some sentence must then have two,
    and the second column must not look like tags. Numbers like 1-2 and 1.1 count nothing (CoNLL-U).
    """
    rows, expected, slips = [], None, 0
    for line in lines:
        if is_boundary(line):
            expected = None
        elif not line.startswith("#"):
            row = line.split("\t") if "\t" in line else split_blanks(line)
            if not (row[0].isascii() and row[0].isdecimal()):
                if NUMBER_OF_A_ROW.fullmatch(row[0]):
                    continue
                return []
            slips += row[0] not in (("0", "1") if expected is None else (expected,))
            expected = _add_one(row[0])
            rows.append(row)
            if len(rows) == LOOKED_AT:
                break
    if not rows or len(rows[0]) < 2 or slips > (1 - MOST) * len(rows):
        return []
    if len(rows[0]) == GERMEVAL_COLUMNS and rows[0][0] == "1":
        return rows
    counts_on = any(row[0] not in ("0", "1") for row in rows)
    return rows if counts_on and not marks_words([row[1] for row in rows if len(row) > 1]) else []


def _add_one(number: str) -> str:
    """Return the following number; behind one with more digits than sentences have words there is none."""
    return str(int(number) + 1) if len(number) < 10 else ""


def _find_tag_column(rows: Sequence[Sequence[str]], path: Path) -> int | None:
    """Return the column of the tags in numbered rows; None where there is none, or the choice is open."""
    width = len(rows[0])
    if width in (3, GERMEVAL_COLUMNS):
        return 2
    columns = [column for column in range(2, width) if marks_words([row[column] for row in rows if column < len(row)])]
    if len(columns) != 1:
        return None
    logger.warning(
        "%s: the first column counts the words; the words are read from column 1 and the tags from column %s; to "
        "choose others: --text_column_name and --label_column_name",
        path,
        columns[0],
    )
    return columns[0]


def _choose_column(asked: str | None, flag: str, default: int, columns: Sequence[str], place: str) -> int:
    if asked is None:
        return default
    accepted = f"a number from 0 to {len(columns) - 1}, or from the end, -1 to -{len(columns)}"
    if not re.fullmatch(r"-?[0-9]+", asked):
        what = f"{flag} {show_argument(asked)} is a name, and CoNLL columns have numbers"
    elif len(asked) > len(str(len(columns))) + 1 or not -len(columns) <= int(asked) < len(columns):
        what = f"there is no column {flag} {show_argument(asked)}"
    else:
        return int(asked) % len(columns)
    shown = show_columns(columns)
    raise DataError(f"{place}: {what} (the first line has {shown}); accepted: {accepted}; type e.g. {flag} {default}")


def show_columns(columns: Sequence[str]) -> str:
    """Number the first columns of a row for a message."""
    shown = [f"{place} {show(column)}" for place, column in islice(enumerate(columns), 20)]
    return ", ".join(shown) + (f" and {len(columns) - 20:,} more" if len(columns) > 20 else "")


def _refuse_whole_rows(lines: Sequence[str], place: str, path: Path) -> None:
    """Refuse rows in which something else than a TAB or a blank stands between word and tag.

    Raises:
        DataError: they are such; it has the command that puts TABs there.
    """
    matches = [match for line in lines if (match := ROW_WITHOUT_COLUMNS.fullmatch(line.rstrip("\r")))]
    if len(matches) < MOST * len(lines) or len({match[1] for match in matches}) != 1:
        return
    mark = matches[0][1]
    mark_in_sed = f"[{mark}]" if mark not in "/&\\^]" else f"\\{mark}"
    script = quote_argument(rf"s/^(.*){mark_in_sed}(O|[BIESLU]-.*)$/\1\t\2/")
    raise DataError(
        f"{place}: no TAB or blank parts word and tag, and {mark!r} seems to ({show(lines[0])}); accepted: word TAB "
        f"tag; type: sed -E {script} {quote_path(path)} > {quote_path(f'{path}.tabs')}"
    )
