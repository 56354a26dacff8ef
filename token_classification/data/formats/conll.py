"""CoNLL: one word per line, its columns separated by TABs or blanks, a blank line after each sentence."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from token_classification.data.formats.conll_layout import (
    DOCUMENT_START,
    NUMBER_OF_A_ROW,
    Layout,
    find_layout,
    is_boundary,
    refuse_open_choice,
)
from token_classification.data.formats.sentence_rows import RowSentence, collect_sentences
from token_classification.data.problems import Problem
from token_classification.data.sentences import Sentences
from token_classification.data.text_lines import read_lines
from token_classification.data.whole_files import write_whole
from token_classification.errors import DataError, list_problems

SPECIAL_FIRST_CHARACTERS = frozenset(["", " ", "\t", "-", "#"])
"""Only a line that begins with one of these can be something else than a word; all others skip the questions."""


def read_conll(
    path: Path, text_column: str | None = None, label_column: str | None = None, task: str = "ner"
) -> Sentences:
    """Return the sentences of a CoNLL file: first column = word, last = tag, unless numbered columns are asked for.

    Where the first column counts the words of each sentence, the second holds them (`find_layout`). A file of one
    column is unlabelled. `-DOCSTART-` starts a document. `task` plays no role here.

    Raises:
        BrokenFileError: it lists every row without a tag or of another width than the file's first.
        DataError: nobody knows which columns hold words and tags.
    """
    lines = read_lines(path)
    layout = find_layout(lines, path, text_column, label_column)
    refuse_open_choice(layout, lines, path)
    found = iterate_sentences(lines, layout, path)
    return collect_sentences(found, path, has_tags=layout.tag_column is not None)


def iterate_sentences(lines: Iterable[str], layout: Layout, path: Path) -> Iterator[RowSentence]:
    """Yield the sentences of a file one by one; without tags where the layout has no column of them."""
    separator, width, word_column, tag_column = layout.separator, layout.width, layout.word_column, layout.tag_column
    words: list[str] = []
    tags: list[str] = []
    problems: list[Problem] = []
    skipped: list[int] = []
    start = 0
    for number, line in enumerate(lines, 1):
        if line[:1] in SPECIAL_FIRST_CHARACTERS:
            if is_boundary(line):
                yield RowSentence(words, tags, start, problems, skipped, line.startswith(DOCUMENT_START))
                words, tags, problems, skipped = [], [], [], []
                continue
            if line.startswith("#") and (layout.numbered or (not words and layout.is_comment(line))):
                skipped.append(number)
                continue
        row = line.split(separator)
        if len(row) != width or "" in row:
            row = layout.split(line)
        if layout.numbered and not row[0].isdecimal() and NUMBER_OF_A_ROW.fullmatch(row[0]):
            skipped.append(number)
            continue
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
    yield RowSentence(words, tags, start, problems, skipped)


def format_sentence(rows: Iterable[Sequence[str]]) -> str:
    """Return the lines of a sentence: TABs between the columns, a blank line behind it."""
    return "".join("\t".join(row) + "\n" for row in rows) + "\n"


def make_writable(word: str) -> str:
    """Write a TAB or line end inside a word (possible in JSON and CSV) as a blank: they would break the file."""
    return word.replace("\t", " ").replace("\n", " ").replace("\r", " ")


def write_conll(path: Path, columns: Sequence[Sequence[Sequence[str]]]) -> None:
    """Write sentences with TABs between the columns and a blank line after each; the file appears whole or not at all.

    `columns` holds one list of sentences per column, all of the same shape.

    Raises:
        DataError: a word can't be written so that it is read again as one word.
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
