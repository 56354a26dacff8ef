"""CoNLL-U and CoNLL-U Plus: TAB columns with names, `#` comments, lines for multiword tokens and empty nodes."""

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from token_classification.data.formats.conll_layout import Layout
from token_classification.data.formats.label_columns import list_telling_names
from token_classification.data.formats.record_columns import (
    LISTED_COLUMNS,
    find_column,
    list_columns,
    list_tag_columns,
)
from token_classification.data.formats.sentence_rows import RowSentence, collect_sentences
from token_classification.data.problems import SHOWN_CHARACTERS, Kind, Problem, show
from token_classification.data.sentences import Sentences
from token_classification.data.text_lines import read_lines
from token_classification.errors import DataError

logger = logging.getLogger(__name__)

COLUMNS = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
GLOBAL_COLUMNS = re.compile(r"# ?global\.columns *=(.*)")
"""First line of a CoNLL-U Plus file, with the names of its columns"""
WORD_ID = re.compile(r"[0-9]+")
ANY_ID = re.compile(r"[0-9]+([-.][0-9]+)?")
UNSPECIFIED = "_"


class ConlluLayout(NamedTuple):
    """The columns of a file."""

    names: tuple[str, ...]
    id_column: int | None
    rows: Layout
    """How they are separated, and which hold words and tags"""


def read_conllu(
    path: Path, text_column: str | None = None, label_column: str | None = None, task: str = "ner"
) -> Sentences:
    """Return the sentences of a CoNLL-U file: the words with integer ids, their `form` and `upos` by default.

    Multiword ranges (`1-2`) and empty nodes (`1.1`) are not words. `# newdoc` starts a document. A tag column that is
    `_` from top to bottom makes the file unlabelled. With columns of its own (CoNLL-U Plus), one that is called after
    the task comes before `upos`.

    Raises:
        BrokenFileError: it lists every row without an id, a tag or the right number of columns.
    """
    lines = read_lines(path)
    layout = find_conllu_layout(lines, path, text_column, label_column, task)
    has_tags = layout.rows.tag_column is not None
    found = iterate_conllu(lines, layout, path)
    sentences = collect_sentences(found, path, has_tags=has_tags, empty_tags=UNSPECIFIED)
    if layout.names is not COLUMNS:
        sentences.columns = list(layout.names)
    return sentences


def iterate_conllu(lines: Iterable[str], layout: ConlluLayout, path: Path) -> Iterator[RowSentence]:
    """Yield the sentences of a file one by one; `_` stands for no tag."""
    word_column, tag_column = layout.rows.word_column, layout.rows.tag_column
    words: list[str] = []
    tags: list[str] = []
    problems: list[Problem] = []
    skipped: list[int] = []
    start = 0
    for number, line in enumerate(lines, 1):
        if not line.strip(" \t"):
            yield RowSentence(words, tags, start, problems, skipped)
            words, tags, problems, skipped = [], [], [], []
            continue
        if line.startswith("#"):
            if line.startswith("# newdoc"):
                yield RowSentence([], [], 0, [], [], ends_document=True)
            skipped.append(number)
            continue
        row = layout.rows.split(line)
        problem = _explain_row(row, layout, line)
        if problem:
            kind, text = problem
            problems.append(Problem(kind, path, number, text))
            skipped.append(number)
        elif layout.id_column is None or WORD_ID.fullmatch(row[layout.id_column]):
            start = start if words else number
            words.append(row[word_column])
            if tag_column is not None:
                tags.append(row[tag_column])
        else:
            skipped.append(number)
    yield RowSentence(words, tags, start, problems, skipped)


def find_conllu_layout(
    lines: Sequence[str], path: Path, text_column: str | None, label_column: str | None, task: str
) -> ConlluLayout:
    """Return the columns of a file: ten, or those that its first line names.

    Raises:
        DataError: a column that is asked for, or the one of words, is not there.
    """
    names = read_names(lines)
    if len({name.lower() for name in names}) < len(names) or not names:
        raise DataError(
            f"{path}:1: {'a column twice' if names else 'no columns'} ({show(lines[0])}); accepted: "
            "# global.columns = ID FORM ..., each column once; correct the line"
        )
    named = names is not COLUMNS
    word_column = choose_column(path, names, text_column or "form", "--text_column_name")
    default = _find_tag_column(names, task) if named else "upos"
    tag_column = None
    if asked := label_column or default:
        tag_column = choose_column(path, names, asked, "--label_column_name")
        if named and label_column is None:
            logger.warning(
                "%s: the tags are read from the column %r (columns found: %s); for another: --label_column_name NAME",
                path,
                default,
                list_columns(names),
            )
    first_row = next((line for line in lines if line.strip(" \t") and not line.startswith("#")), "")
    separator = "\t" if "\t" in first_row or len(names) == 1 else " "
    rows = Layout(separator, len(names), word_column, tag_column, numbered=False)
    return ConlluLayout(names, find_id_column(names), rows)


def read_names(lines: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the columns: those in the first line of CoNLL-U Plus, else the usual ten."""
    named = GLOBAL_COLUMNS.match(lines[0])
    return tuple(named[1].split()) if named else COLUMNS


def find_id_column(names: Sequence[str]) -> int | None:
    """Return the place of the column that numbers the words, None where there is none (CoNLL-U Plus)."""
    return next((place for place, name in enumerate(names) if name.lower() == "id"), None)


def _find_tag_column(names: Sequence[str], task: str) -> str | None:
    """Return the tag column of CoNLL-U Plus: one called after the task (`MY:NER`), else upos, else the only other."""
    by_ending = {name.rpartition(":")[2]: name for name in reversed(names)}
    ending = find_column(list(by_ending), (*list_tag_columns(task), *list_telling_names(task), "upos"))
    if ending:
        return by_ending[ending]
    others = [name for name in names if name.lower() not in COLUMNS]
    return others[0] if len(others) == 1 else None


def _explain_row(row: list[str], layout: ConlluLayout, line: str) -> tuple[Kind, str] | None:
    """Return kind and text of what is wrong with a row, None for a sound one."""
    if len(row) != len(layout.names):
        columns = "1 column" if len(row) == 1 else f"{len(row)} columns"
        following = f"fill what is missing with {UNSPECIFIED}"
        if layout.rows.separator == " ":
            following = "write TABs, for a blank inside of a column can't be told from one between two"
        return Kind.RAGGED_ROW, (
            f"{columns} where CoNLL-U has {len(layout.names)} ({show(line)}); "
            f"accepted: {show_names(layout.names, ' TAB ')}; {following}"
        )
    if layout.id_column is not None and not ANY_ID.fullmatch(row[layout.id_column]):
        found = show(row[layout.id_column])
        return Kind.BROKEN_RECORD, (
            f"not a word id ({found}); accepted: 1, 1-2 or 1.1; number the words of each sentence from 1"
        )
    if layout.rows.tag_column is not None and not row[layout.rows.tag_column]:
        column = layout.names[layout.rows.tag_column][:SHOWN_CHARACTERS]
        text = f"empty tag ({show(line)}); accepted: a tag or {UNSPECIFIED}; fill the column {column}"
        return Kind.MISSING_TAG, text
    return None


def show_names(names: Sequence[str], between: str = ", ") -> str:
    """Return the names of columns for a message."""
    return between.join(name[:SHOWN_CHARACTERS] for name in names[:LISTED_COLUMNS])


def choose_column(path: Path, names: Sequence[str], name: str, flag: str) -> int:
    """Return the place of a column, by name (in any case of letters) or number.

    Raises:
        DataError: there is no such column.
    """
    lower = [column.lower() for column in names]
    if name.lower() in lower:
        return lower.index(name.lower())
    if re.fullmatch(r"-?[0-9]{1,4}", name) and -len(names) <= int(name) < len(names):
        return int(name) % len(names)
    raise DataError(
        f"{path}:1: CoNLL-U has no column {show(name)} ({flag}); accepted: {show_names(names)}, or 0 to "
        f"{len(names) - 1}; type e.g. {flag} {'form' if 'form' in lower and 'text' in flag else names[-1]}"
    )
