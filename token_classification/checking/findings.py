"""What the doctor reports: problems by kind, each kind with a severity, and the exit code that follows."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from token_classification.data.problems import Problem


class Severity(StrEnum):
    """How bad a kind of problem is."""

    ERROR = "error"
    """A run would stop at it, or learn and score something that nobody meant"""
    WARNING = "warning"
    """Most probably a mistake; a person has to look"""
    NOTE = "note"
    """Good to know; clean data has such things, too"""


EXIT_CODES = {Severity.NOTE: 0, Severity.WARNING: 1, Severity.ERROR: 2}

KINDS = {
    "unreadable": (Severity.ERROR, "files that can't be read"),
    "swapped_columns": (Severity.ERROR, "words and tags in each other's place"),
    "header_line": (Severity.ERROR, "a header line that would be read as a word"),
    "broken_record": (Severity.ERROR, "records that can't be read"),
    "ragged_row": (Severity.ERROR, "rows with too few or too many columns"),
    "missing_tag": (Severity.ERROR, "words without a tag"),
    "odd_tag": (Severity.ERROR, "tags that are no tags"),
    "suffix_tags": (Severity.ERROR, "tags with their prefix behind the type"),
    "mixed_schemes": (Severity.ERROR, "sentences tagged in another scheme than the rest"),
    "illegal_transition": (Severity.ERROR, "tags that the scheme does not allow where they stand"),
    "near_miss_label": (Severity.WARNING, "rare labels that look like a frequent one"),
    "label_not_in_train": (Severity.WARNING, "labels that can't be learnt: the training data has none"),
    "leakage": (Severity.WARNING, "sentences of one split that are in another one, too"),
    "conflicting_annotation": (Severity.WARNING, "the same sentence, tagged differently"),
    "empty_word": (Severity.WARNING, "words of nothing but blanks"),
    "odd_word": (Severity.WARNING, "words with damaged or invisible characters"),
    "no_sub_tokens": (Severity.WARNING, "words that this model's tokenizer gives nothing for"),
    "document_start": (Severity.WARNING, "document starts that are read as words or cut a sentence"),
    "drift": (Severity.WARNING, "splits that differ from the training data"),
    "inconsistent_mention": (Severity.NOTE, "mentions that are nearly always tagged otherwise"),
    "duplicate_sentence": (Severity.NOTE, "sentences that come again in their split"),
    "long_sentence": (Severity.NOTE, "sentences longer than the model's window"),
    "blank_in_word": (Severity.NOTE, "words with blanks inside"),
    "word_ids": (Severity.NOTE, "numbers of words that repeat or skip"),
    "no_tags": (Severity.NOTE, "files without tags"),
    "empty_sentence": (Severity.NOTE, "sentences without words"),
}
"""Kind -> severity and title, worst first."""


@dataclass(frozen=True)
class Finding:
    """All problems of one kind."""

    kind: str
    severity: Severity
    title: str
    problems: list[Problem]
    """In the order of files and lines"""


def group_problems(problems: Iterable[Problem], paths: Sequence[Path]) -> list[Finding]:
    """Problems by kind, worst kind first; within a kind in the order of `paths` and lines."""
    order = {path: number for number, path in enumerate(paths)}
    by_kind: dict[str, list[Problem]] = defaultdict(list)
    for problem in sorted(problems, key=lambda problem: (order[problem.path], problem.line)):
        by_kind[problem.kind].append(problem)
    return [Finding(kind, *KINDS[kind], by_kind[kind]) for kind in KINDS if kind in by_kind]


def choose_exit_code(findings: Iterable[Finding]) -> int:
    """0: nothing but notes; 1: warnings; 2: errors."""
    return max((EXIT_CODES[finding.severity] for finding in findings), default=0)
