"""CoNLL-U: ten TAB columns with fixed names, `#` comments, lines for multiword tokens and empty nodes."""

import re
from pathlib import Path

from token_classification.data.formats.sentence_builder import SentenceBuilder
from token_classification.data.problems import Problem
from token_classification.data.sentences import Sentences
from token_classification.data.text_lines import read_lines
from token_classification.errors import DataError

COLUMNS = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
WORD_ID = re.compile(r"[0-9]+")
ANY_ID = re.compile(r"[0-9]+([-.][0-9]+)?")
UNSPECIFIED = "_"


def read_conllu(
    path: Path, text_column: str | None = None, label_column: str | None = None, task: str = "ner"
) -> Sentences:
    """Give the sentences of a CoNLL-U file: the words with integer ids, their `form` and `upos` by default.

    Multiword ranges (`1-2`) and empty nodes (`1.1`) are not words. `# newdoc` starts a document. A tag column that is
    `_` from top to bottom makes the file unlabelled. `task` plays no role here.

    Raises: BrokenFileError that lists every row that has not ten columns, an id and a tag.
    """
    word_column = choose_column(path, text_column, "--text_column_name", "form")
    tag_column = choose_column(path, label_column, "--label_column_name", "upos")
    builder, problems = SentenceBuilder(), []
    words, tags, start, labelled = [], [], 0, False
    for number, line in enumerate(read_lines(path), 1):
        if not line.strip(" \t"):
            builder.add(words, tags, start)
            words, tags = [], []
            continue
        if line.startswith("#"):
            if line.startswith("# newdoc"):
                builder.start_document()
            builder.skip(number)
            continue
        row = line.split("\t")
        problem = _explain_row(row, tag_column, line)
        if problem:
            kind, text = problem
            problems.append(Problem(kind, path, number, text))
            builder.skip(number)
        elif WORD_ID.fullmatch(row[0]):
            if not words:
                start = number
            words.append(row[word_column])
            tags.append(row[tag_column])
            labelled = labelled or row[tag_column] != UNSPECIFIED
        else:
            builder.skip(number)
    builder.add(words, tags, start)
    return builder.build(path, labelled, problems)


def _explain_row(row: list[str], tag_column: int, line: str) -> tuple[str, str] | None:
    """Kind and text of what is wrong with a row."""
    if len(row) != len(COLUMNS):
        columns = "1 column" if len(row) == 1 else f"{len(row)} columns"
        return "ragged_row", (
            f"{columns} where CoNLL-U has {len(COLUMNS)} ({line!r}); accepted: {' TAB '.join(COLUMNS)}; "
            f"fill what is missing with {UNSPECIFIED}"
        )
    if not ANY_ID.fullmatch(row[0]):
        text = f"not a word id ({row[0]!r}); accepted: 1, 1-2 or 1.1; number the words of each sentence from 1"
        return "broken_record", text
    if not row[tag_column]:
        text = f"empty tag ({line!r}); accepted: a tag or {UNSPECIFIED}; fill the column {COLUMNS[tag_column]}"
        return "missing_tag", text
    return None


def choose_column(path: Path, asked: str | None, flag: str, default: str) -> int:
    """Give the place of a column that is asked for by name or number, else of the default one.

    Raises: DataError when there is no such column.
    """
    name = asked or default
    if name.lower() in COLUMNS:
        return COLUMNS.index(name.lower())
    if re.fullmatch(r"-?[0-9]+", name) and -len(COLUMNS) <= int(name) < len(COLUMNS):
        return int(name) % len(COLUMNS)
    raise DataError(
        f"{path}:1: CoNLL-U has no column {name!r} ({flag}); accepted: {', '.join(COLUMNS)}, or 0 to 9; "
        f"type e.g. {flag} {default}"
    )
