"""What is wrong in a file, place by place, and the error that carries it together with what could be read."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from token_classification.data.sentences import Sentences
from token_classification.errors import DataError, list_problems, shorten

SHOWN_CHARACTERS = 80


def show(text: str) -> str:
    r"""Give a text for a message: in quotes, what can't be printed spelt out, and no more of it than fits a line.

    >>> print(show("a\tb"), show("x" * 100_000)[-8:])
    'a\tb' xxxx'...
    """
    return repr(text) if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]!r}..."


def show_argument(text: str) -> str:
    """Give what was typed for a flag, as it was typed unless that would make an odd message."""
    return text if text.isprintable() and len(text) <= SHOWN_CHARACTERS else show(text)


@dataclass(frozen=True)
class Problem:
    """Something wrong at one line of a file."""

    kind: str
    """What it is, in one word for programs: `ragged_row`, `missing_tag` ..."""
    path: Path
    line: int
    """The 1-based line, or record"""
    text: str
    """What was found; what is accepted; what to do"""

    def __post_init__(self):
        object.__setattr__(self, "text", shorten(self.text))

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


class BrokenFileError(DataError):
    """Rows or records of a file that can't be read; `sentences` is what can be read without them (None: nothing)."""

    def __init__(self, problems: Sequence[Problem], sentences: Sentences | None, advice: str = ""):
        super().__init__(list_problems([*map(str, problems)]) + advice)
        self.problems = list(problems)
        self.sentences = sentences


def refuse_problems(sentences: Sentences, problems: Sequence[Problem]) -> Sentences:
    """Give the sentences of a file without problems.

    Raises: BrokenFileError that lists the problems, where there are any.
    """
    if problems:
        raise BrokenFileError(problems, sentences if any(sentences.tokens) else None)
    return sentences
