"""OntoNotes as CoNLL-2012 writes it: columns between blanks, entities in brackets, documents in parts."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from token_classification.data.formats.conll_layout import is_boundary
from token_classification.data.formats.sentence_rows import RowSentence, collect_sentences
from token_classification.data.problems import Kind, Problem, show, show_argument
from token_classification.data.schemes import OUTSIDE
from token_classification.data.sentences import Sentences
from token_classification.data.text_lines import read_lines, split_blanks
from token_classification.errors import DataError

DOCUMENT_START = "#begin document"
WORD_COLUMN, POS_COLUMN, ENTITY_COLUMN = 3, 4, 10
LEAST_COLUMNS = 12
"""Behind the entities stand the arguments of as many predicates as a sentence has, and the coreference"""
ENTITY_CELL = re.compile(r"(?:\(([^()*\s]+))?\*?(\))?")
"""`(PERSON*`, `*`, `*)` or `(GPE)`"""
NO_TAGS = (OUTSIDE, "-", "*")
"""What stands in a column of tags where there are none"""


class OntonotesColumns(NamedTuple):
    """Which columns hold the words and the tags."""

    word: int
    tag: int


def read_ontonotes(
    path: Path, text_column: str | None = None, label_column: str | None = None, task: str = "ner"
) -> Sentences:
    """Return the sentences of a file of CoNLL-2012; brackets around entities become IOB2 tags.

    The tags are the entities, or with `task="pos"` the parts of speech; `label_column` is the number of another column
    (-1: the last). A file without any entity is unlabelled. `#begin document` starts a document.

    Raises:
        BrokenFileError: it lists every row with too few columns or odd brackets.
        DataError: a column that is asked for is no number.
    """
    columns = choose_ontonotes_columns(path, text_column, label_column, task)
    return collect_sentences(iterate_ontonotes(read_lines(path), columns, path), path, empty_tags=NO_TAGS)


def choose_ontonotes_columns(
    path: Path, text_column: str | None, label_column: str | None, task: str
) -> OntonotesColumns:
    """Choose the columns of words and tags: those asked for, else the usual ones.

    Raises:
        DataError: one that is asked for is no number.
    """
    word = _read_number(text_column, "--text_column_name", WORD_COLUMN, path)
    usual = POS_COLUMN if task == "pos" else ENTITY_COLUMN
    return OntonotesColumns(word, _read_number(label_column, "--label_column_name", usual, path))


def iterate_ontonotes(lines: Iterable[str], columns: OntonotesColumns, path: Path) -> Iterator[RowSentence]:
    """Yield the sentences of a file one by one, with IOB2 tags for the brackets around entities."""
    words: list[str] = []
    cells: list[str] = []
    problems: list[Problem] = []
    skipped: list[int] = []
    start = 0
    for number, line in enumerate(chain(lines, [""]), 1):
        if is_boundary(line) or line.startswith("#"):
            tags, problem = _read_tags(cells, columns.tag)
            if problem:
                place, text = problem
                problems.append(Problem(Kind.BROKEN_RECORD, path, start + place, text))
            yield RowSentence(words, tags, start, problems, skipped)
            if line.startswith(DOCUMENT_START):
                yield RowSentence([], [], 0, [], [], ends_document=True)
            words, cells, problems, skipped = [], [], [], []
            continue
        row = split_blanks(line)
        if len(row) < LEAST_COLUMNS or not -len(row) <= min(columns) <= max(columns) < len(row):
            text = (
                f"{len(row)} columns ({show(line)}); accepted: the {LEAST_COLUMNS} or more of CoNLL-2012 (document, "
                "part, number, word, part of speech, ...); remove the line #begin document if it is another format"
            )
            problems.append(Problem(Kind.RAGGED_ROW, path, number, text))
            skipped.append(number)
            continue
        start = start if words else number
        words.append(row[columns.word])
        cells.append(row[columns.tag])


def _read_tags(cells: Sequence[str], column: int) -> tuple[list[str], tuple[int, str] | None]:
    """Return the tags of a sentence; and what is wrong with the brackets, with the place of the word."""
    if column != ENTITY_COLUMN:
        return list(cells), None
    tags, entity_type = [], None
    for place, cell in enumerate(cells):
        match = ENTITY_CELL.fullmatch(cell)
        opened, closed = (match[1], match[2]) if match else (None, None)
        if (match is None and cell != "-") or not _fits(opened, closed, entity_type):
            accepted = "accepted: (TYPE*, *, *) or (TYPE), one inside of no other; correct the brackets"
            return [OUTSIDE] * len(cells), (place, f"odd brackets of a named entity ({show(cell)}); {accepted}")
        if opened:
            tags.append(f"B-{opened}")
        else:
            tags.append(f"I-{entity_type}" if entity_type else OUTSIDE)
        entity_type = None if match is None or closed else opened or entity_type
    if entity_type:
        text = f"the named entity {entity_type!r} is not closed in its sentence; accepted: *) at its last word; add it"
        return [OUTSIDE] * len(cells), (len(cells) - 1, text)
    return tags, None


def _fits(opened: str | None, closed: str | None, entity_type: str | None) -> bool:
    """Tell whether what a cell opens and closes can be, in or outside of an entity."""
    return entity_type is None if opened else not closed or entity_type is not None


def _read_number(asked: str | None, flag: str, default: int, path: Path) -> int:
    if asked is None:
        return default
    if re.fullmatch(r"-?[0-9]{1,4}", asked):
        return int(asked)
    raise DataError(
        f"{path}:1: {flag} {show_argument(asked)} is not a number, and columns of CoNLL-2012 have numbers; accepted: "
        f"0, 1, ..., or from the end -1; type e.g. {flag} {default}"
    )
