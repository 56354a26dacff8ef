"""`word|POS|tag`: words with their tags behind bars, a sentence a line (WikiNER, C&C) or a word a line."""

import re
from collections.abc import Sequence
from pathlib import Path

from token_classification.data.formats.conll_layout import is_boundary, marks_words
from token_classification.data.problems import Problem, refuse_problems, show, show_argument
from token_classification.data.sentences import Sentences
from token_classification.data.text_lines import read_lines, split_blanks
from token_classification.errors import DataError

BAR = "|"
LOOKED_AT = 20
"""Lines that tell the format"""
FIELDS = (3, 2)


def read_piped(
    path: Path, text_column: str | None = None, label_column: str | None = None, task: str = "ner"
) -> Sentences:
    """Give the sentences of a file of `word|POS|tag` or `word|tag`: a line each, or up to the next blank line.

    The tags are the last field, or with `task="pos"` the one before it; `label_column` is the number of another field.

    Raises: BrokenFileError that lists each word without as many bars; DataError for a field that is not there.
    """
    lines = read_lines(path)
    fields = count_fields(lines)
    default = 1 if task == "pos" and fields == 3 else fields - 1
    word_field = _choose_field(text_column, "--text_column_name", 0, fields, path)
    tag_field = _choose_field(label_column, "--label_column_name", default, fields, path)
    is_word_a_line = all(len(split_blanks(line)) <= 1 for line in lines)
    sentences, problems, is_new = Sentences(tags=[]), [], True
    for number, line in enumerate(lines, 1):
        is_new = is_new or not is_word_a_line
        if is_boundary(line):
            is_new = True
            continue
        rows = [token.rsplit(BAR, fields - 1) for token in split_blanks(line)]
        broken = next((row for row in rows if len(row) != fields or not all(row)), None)
        if broken is not None:
            accepted = "word|POS|tag" if fields == 3 else "word|tag"
            text = f"{show(BAR.join(broken))} is not {accepted}; accepted: {accepted} between blanks; correct the word"
            problems.append(Problem("ragged_row", path, number, text))
            continue
        if is_new:
            sentences.tokens.append([])
            sentences.tags.append([])
            sentences.lines.append(number)
            is_new = False
        sentences.tokens[-1] += [row[word_field] for row in rows]
        sentences.tags[-1] += [row[tag_field] for row in rows]
    return refuse_problems(sentences, problems)


def count_fields(lines: Sequence[str]) -> int:
    """Count the fields of each word in the first lines; 0 where they are not of this format."""
    first = [line for line in lines if not is_boundary(line)][:LOOKED_AT]
    tokens = [token for line in first for token in split_blanks(line)]
    for fields in FIELDS:
        rows = [token.rsplit(BAR, fields - 1) for token in tokens]
        if rows and all(len(row) == fields and all(row) for row in rows):
            # A word with a bar in it, alone in its line, is no word with a tag.
            return fields if fields == 3 or marks_words([row[-1] for row in rows]) else 0
    return 0


def _choose_field(asked: str | None, flag: str, default: int, fields: int, path: Path) -> int:
    if asked is None:
        return default
    if re.fullmatch(r"-?[0-9]", asked) and -fields <= int(asked) < fields:
        return int(asked) % fields
    raise DataError(
        f"{path}:1: there is no field {flag} {show_argument(asked)}; accepted: a number from 0 to {fields - 1}, or "
        f"from the end, -1 to -{fields}; type e.g. {flag} {default}"
    )
