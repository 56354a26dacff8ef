"""`word|POS|tag`: words with their tags behind bars, a sentence a line (WikiNER, C&C) or a word a line."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from token_classification.data.formats.conll_layout import is_boundary, marks_words
from token_classification.data.formats.sentence_rows import RowSentence, collect_sentences
from token_classification.data.problems import Kind, Problem, show, show_argument
from token_classification.data.sentences import Sentences
from token_classification.data.text_lines import read_lines, split_blanks
from token_classification.errors import DataError

BAR = "|"
LOOKED_AT = 20
"""Lines that tell the format"""
MOST = 0.8
"""Share of the words in them that must have three fields"""


class PipedLayout(NamedTuple):
    """How the words of a file are written."""

    fields: int
    """`word|POS|tag` has 3, `word|tag` 2"""
    word: int
    tag: int
    is_word_a_line: bool
    """Else a line is a sentence"""


def read_piped(
    path: Path, text_column: str | None = None, label_column: str | None = None, task: str = "ner"
) -> Sentences:
    """Return the sentences of a file of `word|POS|tag` or `word|tag`: a line each, or up to the next blank line.

    The tags are the last field, or with `task="pos"` the one before it; `label_column` is the number of another field.

    Raises:
        BrokenFileError: it lists each word without as many bars.
        DataError: a field that is asked for is not there.
    """
    lines = read_lines(path)
    layout = find_piped_layout(lines, path, text_column, label_column, task)
    return collect_sentences(iterate_piped(lines, layout, path), path, has_line_per_word=False)


def find_piped_layout(
    lines: Sequence[str], path: Path, text_column: str | None, label_column: str | None, task: str
) -> PipedLayout:
    """Tell from its first lines how the words of a file are written.

    Raises:
        DataError: a field that is asked for is not there.
    """
    fields = count_fields(lines) or 3
    usual = 1 if task == "pos" and fields == 3 else fields - 1
    return PipedLayout(
        fields,
        _choose_field(text_column, "--text_column_name", 0, fields, path),
        _choose_field(label_column, "--label_column_name", usual, fields, path),
        all(len(split_blanks(line)) <= 1 for line in lines),
    )


def iterate_piped(lines: Iterable[str], layout: PipedLayout, path: Path) -> Iterator[RowSentence]:
    """Yield the sentences of a file one by one."""
    accepted = "word|POS|tag" if layout.fields == 3 else "word|tag"
    words: list[str] = []
    tags: list[str] = []
    problems: list[Problem] = []
    skipped: list[int] = []
    start = 0
    for number, line in enumerate(lines, 1):
        if is_boundary(line) or not layout.is_word_a_line:
            yield RowSentence(words, tags, start, problems, skipped)
            words, tags, problems, skipped = [], [], [], []
        if is_boundary(line):
            continue
        rows = [token.rsplit(BAR, layout.fields - 1) for token in split_blanks(line)]
        broken = next((row for row in rows if len(row) != layout.fields or not all(row)), None)
        if broken is not None:
            text = f"{show(BAR.join(broken))} is not {accepted}; accepted: {accepted} between blanks; correct the word"
            problems.append(Problem(Kind.RAGGED_ROW, path, number, text))
            skipped.append(number)
            continue
        start = start if words else number
        words += [row[layout.word] for row in rows]
        tags += [row[layout.tag] for row in rows]
    yield RowSentence(words, tags, start, problems, skipped)


def count_fields(lines: Sequence[str]) -> int:
    """Count the fields of each word in the first lines; 0 where they are not of this format."""
    first = [line for line in lines if not is_boundary(line)][:LOOKED_AT]
    tokens = [token for line in first for token in split_blanks(line)]
    if not tokens:
        return 0
    # A few slips must not make a word of `word|POS`: it takes most words, not all of them.
    if sum(len(row := token.rsplit(BAR, 2)) == 3 and all(row) for token in tokens) >= MOST * len(tokens):
        return 3
    rows = [token.rsplit(BAR, 1) for token in tokens]
    # A word with a bar in it, alone in its line, is no word with a tag.
    is_tagged = all(len(row) == 2 and all(row) for row in rows) and marks_words([row[-1] for row in rows])
    return 2 if is_tagged else 0


def _choose_field(asked: str | None, flag: str, default: int, fields: int, path: Path) -> int:
    if asked is None:
        return default
    if re.fullmatch(r"-?[0-9]", asked) and -fields <= int(asked) < fields:
        return int(asked) % fields
    raise DataError(
        f"{path}:1: there is no field {flag} {show_argument(asked)}; accepted: a number from 0 to {fields - 1}, or "
        f"from the end, -1 to -{fields}; type e.g. {flag} {default}"
    )
