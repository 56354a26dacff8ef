"""What is wrong in a file, place by place, and the error that carries it together with what could be read."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

from token_classification.data.sentences import Sentences
from token_classification.errors import DataError, list_problems, name_place, shorten

SHOWN_CHARACTERS = 80


def show(text: str) -> str:
    r"""Return a text for a message: in quotes, what can't be printed spelt out, and no more of it than fits a line.

    >>> print(show("a\tb"), show("x" * 100_000)[-8:])
    'a\tb' xxxx'...
    """
    return repr(text) if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]!r}..."


def show_argument(text: str) -> str:
    """Return what was typed for a flag, as it was typed unless that would make an odd message."""
    return text if text.isprintable() and len(text) <= SHOWN_CHARACTERS else show(text)


class Severity(StrEnum):
    """How bad a kind of problem is."""

    ERROR = "error"
    """A run would stop at it, or learn and score something that nobody meant"""
    WARNING = "warning"
    """Most probably a mistake; a person has to look"""
    NOTE = "note"
    """Good to know; clean data has such things, too"""


class Kind(StrEnum):
    """What is wrong, in one word for programs, worst first; each kind with its severity and a heading for people."""

    severity: Severity
    heading: str

    def __new__(cls, value: str, severity: Severity, heading: str) -> Self:
        """Make a member of its three parts."""
        kind = str.__new__(cls, value)
        kind._value_, kind.severity, kind.heading = value, severity, heading
        return kind

    UNREADABLE = "unreadable", Severity.ERROR, "files that can't be read"
    SWAPPED_COLUMNS = "swapped_columns", Severity.ERROR, "words and tags in each other's place"
    HEADER_LINE = "header_line", Severity.ERROR, "a header line that would be read as a word"
    BROKEN_RECORD = "broken_record", Severity.ERROR, "records that can't be read"
    BROKEN_SPAN = "broken_span", Severity.ERROR, "spans that mark nothing in their text"
    CUT_WORD = "cut_word", Severity.ERROR, "spans that begin or end inside a word"
    OVERLAPPING_SPANS = "overlapping_spans", Severity.ERROR, "spans that share words with others"
    RAGGED_ROW = "ragged_row", Severity.ERROR, "rows with too few or too many columns"
    MISSING_TAG = "missing_tag", Severity.ERROR, "words without a tag"
    ODD_TAG = "odd_tag", Severity.ERROR, "tags that are not tags"
    SUFFIX_TAGS = "suffix_tags", Severity.ERROR, "tags with their prefix after the type"
    MIXED_SCHEMES = "mixed_schemes", Severity.ERROR, "sentences tagged in another scheme than the rest"
    ILLEGAL_TRANSITION = "illegal_transition", Severity.ERROR, "tags that the scheme does not allow where they stand"
    NEAR_MISS_LABEL = "near_miss_label", Severity.WARNING, "rare labels that look like a frequent one"
    LABEL_NOT_IN_TRAIN = "label_not_in_train", Severity.WARNING, "labels that the training data lacks"
    LEAKAGE = "leakage", Severity.WARNING, "sentences of one split that are also in another"
    CONFLICTING_ANNOTATION = "conflicting_annotation", Severity.WARNING, "the same sentence, tagged differently"
    EMPTY_WORD = "empty_word", Severity.WARNING, "words that are only blanks"
    ODD_WORD = "odd_word", Severity.WARNING, "words with damaged or invisible characters"
    NO_SUB_TOKENS = "no_sub_tokens", Severity.WARNING, "words that this model's tokenizer turns into nothing"
    DOCUMENT_START = "document_start", Severity.WARNING, "document starts that are read as words or cut a sentence"
    DRIFT = "drift", Severity.WARNING, "splits that differ from the training data"
    INCONSISTENT_MENTION = "inconsistent_mention", Severity.NOTE, "mentions that are nearly always tagged differently"
    DUPLICATE_SENTENCE = "duplicate_sentence", Severity.NOTE, "sentences that are repeated in their split"
    LONG_SENTENCE = "long_sentence", Severity.NOTE, "sentences longer than the model's window"
    BLANK_IN_WORD = "blank_in_word", Severity.NOTE, "words with blanks inside"
    WORD_IDS = "word_ids", Severity.NOTE, "numbers of words that repeat or skip"
    NO_TAGS = "no_tags", Severity.NOTE, "files without tags"
    EMPTY_SENTENCE = "empty_sentence", Severity.NOTE, "sentences without words"


@dataclass(frozen=True)
class Problem:
    """Something wrong at one line of a file."""

    kind: Kind
    path: Path
    line: int
    """The 1-based line, or record"""
    text: str
    """What was found; what is accepted; what to do"""

    def __post_init__(self) -> None:
        # A kind that is none ends here: it would be in no report.
        object.__setattr__(self, "kind", Kind(self.kind))  # type: ignore[call-arg]  # by value, which mypy misses
        object.__setattr__(self, "text", shorten(self.text))

    def __str__(self) -> str:
        return f"{name_place(self.path, self.line)}: {self.text}"


class BrokenFileError(DataError):
    """Rows or records of a file that can't be read; `sentences` is what can be read without them (None: nothing)."""

    def __init__(self, problems: Sequence[Problem], sentences: Sentences | None, advice: str = "") -> None:
        super().__init__(list_problems([*map(str, problems)]) + advice)
        self.problems = list(problems)
        self.sentences = sentences


def refuse_problems(sentences: Sentences, problems: Sequence[Problem]) -> Sentences:
    """Return the sentences of a file without problems.

    Raises:
        BrokenFileError: it lists the problems, where there are any.
    """
    if problems:
        raise BrokenFileError(problems, sentences if any(sentences.tokens) else None)
    return sentences
