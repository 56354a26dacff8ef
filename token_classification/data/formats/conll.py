"""CoNLL: one word per line, its columns separated by TABs or blanks, a blank line after each sentence."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from token_classification.data.formats.sentence_builder import SentenceBuilder
from token_classification.data.problems import Problem
from token_classification.data.sentences import Sentences
from token_classification.data.text_lines import no_words, read_lines
from token_classification.data.whole_files import write_whole
from token_classification.errors import DataError, list_problems

DOCUMENT_START = "-DOCSTART-"
COMMENT_BETWEEN_BLANKS = re.compile(r"# (id |\w+ = )")
SPECIAL_FIRST_CHARACTERS = frozenset(["", " ", "\t", "-", "#"])
"""Only a line that begins with one of these can be something else than a word; all others skip the questions."""


@dataclass(frozen=True)
class Layout:
    """How the rows of one file are built; `tag_column` is None where every row is a word alone."""

    separator: str
    width: int
    word_column: int
    tag_column: int | None
    numbered: bool
    """Whether the first column counts the words of each sentence, as in GermEval."""

    def split(self, line: str) -> list[str]:
        """Give the columns of a line: runs of blanks separate once, one TAB at the line's end separates nothing."""
        row = line.split(self.separator)
        if self.separator == " ":
            return [column for column in row if column]
        return row[:-1] if len(row) == self.width + 1 and not row[-1] else row

    def replace(self, line: str, word: str, tag: str | None) -> str:
        """Give a row with another word and tag; its other columns stay."""
        cells = line.split("\t") if self.separator == "\t" else self.split(line)
        cells[self.word_column] = word
        if self.tag_column is not None:
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
            text = f"empty tag ({line!r}); accepted: {accepted}; add the tag or choose its column: --label_column_name"
            return Problem("missing_tag", path, number, text)
        columns = "1 column" if len(row) == 1 else f"{len(row)} columns"
        following = "add what is missing" if len(row) < self.width else "take out what is too much"
        text = (
            f"{columns} where the file has {self.width} ({line!r}); "
            f"accepted: {accepted}, blank line between sentences; {following}"
        )
        has_no_tag = self.tag_column is not None and len(row) == 1
        return Problem("missing_tag" if has_no_tag else "ragged_row", path, number, text)


def read_conll(
    path: Path, text_column: str | None = None, label_column: str | None = None, task: str = "ner"
) -> Sentences:
    """Give the sentences of a CoNLL file: first column = word, last = tag, unless numbered columns are asked for.

    Four TAB columns of which the first counts 1, 2, 3 in each sentence are GermEval's: word = 1, tag = 2. A file of
    one column is unlabelled. `-DOCSTART-` starts a document. `task` plays no role here.

    Raises: BrokenFileError that lists every row without a tag or of another width than the file's first.
    """
    lines = read_lines(path)
    layout = find_layout(lines, path, text_column, label_column)
    builder, problems = SentenceBuilder(), []
    for sentence in iterate_sentences(lines, layout, path):
        builder.add(sentence.words, sentence.tags, sentence.line)
        problems += sentence.problems
        for line in sentence.skipped:
            builder.skip(line)
        if sentence.is_document_end:
            builder.start_document()
    return builder.build(path, labelled=layout.tag_column is not None, problems=problems)


class ConllSentence(NamedTuple):
    """What stands between two boundaries, which may be nothing."""

    words: list[str]
    tags: list[str]
    line: int
    """Where the first word stands, from 1"""
    problems: list[Problem]
    """Rows that could not be read"""
    skipped: list[int]
    """Lines that hold no word"""
    is_document_end: bool


def iterate_sentences(lines: Iterable[str], layout: Layout, path: Path) -> Iterator[ConllSentence]:
    """Give the sentences of a file one by one; without tags where the layout has no column of them."""
    separator, width, word_column, tag_column = layout.separator, layout.width, layout.word_column, layout.tag_column
    words, tags, start, problems, skipped = [], [], 0, [], []
    for number, line in enumerate(lines, 1):
        if line[:1] in SPECIAL_FIRST_CHARACTERS:
            if is_boundary(line):
                yield ConllSentence(words, tags, start, problems, skipped, line.startswith(DOCUMENT_START))
                words, tags, problems, skipped = [], [], [], []
                continue
            if line.startswith("#") and (layout.numbered or (not words and layout.is_comment(line))):
                skipped.append(number)
                continue
        row = line.split(separator)
        if len(row) != width or "" in row:
            row = layout.split(line)
        tag = row[tag_column].strip(" ") if tag_column is not None and len(row) == width else None
        if len(row) != width or tag == "":
            problems.append(layout.explain(row, line, path, number))
            skipped.append(number)
            continue
        if not words:
            start = number
        words.append(row[word_column])
        if tag is not None:
            tags.append(tag)
    yield ConllSentence(words, tags, start, problems, skipped, False)


def is_boundary(line: str) -> bool:
    """Tell whether a line ends a sentence: nothing but ASCII blanks and TABs, or a document start."""
    return not line.strip(" \t") or line.startswith(DOCUMENT_START)


def find_layout(lines: Sequence[str], path: Path, text_column: str | None, label_column: str | None) -> Layout:
    """Give the layout that the file's first data line sets.

    Raises: DataError when a column is not a number, or not one of the file's.
    """
    data = [(number, line) for number, line in enumerate(lines, 1) if not is_boundary(line)]
    if not data:
        raise no_words(path)
    numbered = _is_numbered(lines)
    comment = "#" if numbered else "# "
    number, first = next(((number, line) for number, line in data if not line.startswith(comment)), data[0])
    separator = "\t" if "\t" in first else " "
    columns = [column for column in first.split(separator) if column or separator == "\t"]
    place = f"{path}:{number}"
    word_column = _choose_column(text_column, "--text_column_name", 1 if numbered else 0, columns, place)
    tag_column = None
    if len(columns) > 1:
        default = 2 if numbered else len(columns) - 1
        tag_column = _choose_column(label_column, "--label_column_name", default, columns, place)
    return Layout(separator, len(columns), word_column, tag_column, numbered)


def _is_numbered(lines: Sequence[str]) -> bool:
    """Tell whether the first 100 rows with four columns count 1, 2, 3, ... anew in each sentence."""
    expected, counted = 1, 0
    for line in lines:
        if is_boundary(line):
            expected = 1
        elif not line.startswith("#"):
            row = line.split("\t")
            if row[0] != str(expected) or (counted == 0 and len(row) != 4):
                return False
            expected += 1
            counted += 1
            if counted == 100:
                break
    return counted > 0


def _choose_column(asked: str | None, flag: str, default: int, columns: Sequence[str], place: str) -> int:
    if asked is None:
        return default
    shown = ", ".join(f"{position} {column!r}" for position, column in enumerate(columns))
    accepted = f"a number from 0 to {len(columns) - 1}, or from the end, -1 to -{len(columns)}"
    if not re.fullmatch(r"-?[0-9]+", asked):
        what = f"{flag} {asked} is a name, and CoNLL columns have numbers"
    elif not -len(columns) <= int(asked) < len(columns):
        what = f"there is no column {flag} {asked}"
    else:
        return int(asked) % len(columns)
    raise DataError(f"{place}: {what} (the first line has {shown}); accepted: {accepted}; type e.g. {flag} {default}")


def format_sentence(rows: Iterable[Sequence[str]]) -> str:
    """Give the lines of a sentence: TABs between the columns, a blank line behind it."""
    return "".join("\t".join(row) + "\n" for row in rows) + "\n"


def make_writable(word: str) -> str:
    """Write a TAB or line end inside a word (possible in JSON and CSV) as a blank: they would break the file."""
    return word.replace("\t", " ").replace("\n", " ").replace("\r", " ")


def write_conll(path: Path, columns: Sequence[Sequence[Sequence[str]]]) -> None:
    """Write sentences with TABs between the columns and a blank line after each; the file appears whole or not at all.

    `columns` holds one list of sentences per column, all of the same shape.

    Raises: DataError when a word can't be written so that it is read again as one word.
    """
    rows_of_sentences = [list(zip(*sentence, strict=True)) for sentence in zip(*columns, strict=True)]
    unsafe = re.compile(r"[\t\n]" if len(columns) > 1 else r"[\t\n ]|\r\Z|\A\Z")
    problems = [
        f"{path}: sentence {number} can't be written as CoNLL ({cell!r} would not be read as one word); "
        "accepted: words without TAB and newline; clean the words or write JSON lines"
        for number, rows in enumerate(rows_of_sentences, 1)
        for row in rows
        for cell in row
        if unsafe.search(cell)
    ]
    if problems:
        raise DataError(list_problems(problems))
    text = "".join(map(format_sentence, rows_of_sentences))
    if text.startswith("\ufeff"):  # a word, which a reader would take for a byte order mark unless one precedes it
        text = "\ufeff" + text
    write_whole(path, text)
