"""The examination: every check over all files, and what comes out of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from token_classification.checking.boundaries import find_boundary_problems
from token_classification.checking.duplicates import find_duplicates
from token_classification.checking.files import CheckedData
from token_classification.checking.findings import Finding, choose_exit_code, group_problems
from token_classification.checking.label_names import find_absent_labels, find_odd_labels, find_suffix_tags
from token_classification.checking.mentions import find_inconsistent_mentions
from token_classification.checking.statistics import SplitStatistics, describe_splits, find_drift
from token_classification.checking.transitions import find_illegal_tags, recognise_main_scheme
from token_classification.checking.word_ids import find_odd_ids
from token_classification.checking.words import find_odd_words
from token_classification.data.problems import Problem
from token_classification.data.schemes import Scheme


@dataclass(frozen=True)
class Examination:
    """What the doctor found."""

    scheme: Scheme
    findings: list[Finding]
    """Worst first"""
    statistics: list[SplitStatistics]
    """One per split"""

    @property
    def exit_code(self) -> int:
        """0: nothing but notes; 1: warnings; 2: errors."""
        return choose_exit_code(self.findings)


def examine(data: CheckedData, tokenizer_problems: Iterable[Problem] = ()) -> Examination:
    """Examine files together; `tokenizer_problems` is what a model's tokenizer finds in them (`sub_tokens.py`)."""
    scheme = recognise_main_scheme(data)
    statistics = describe_splits(data, scheme)
    problems = chain(_find_problems(data, scheme), find_drift(data, statistics), tokenizer_problems)
    return Examination(scheme, group_problems(problems, [file.path for file in data.files]), statistics)


def _find_problems(data: CheckedData, scheme: Scheme) -> Iterator[Problem]:
    for file in data.files:
        yield from file.problems
    yield from find_boundary_problems(data)
    yield from find_odd_words(data)
    yield from find_odd_ids(data)
    yield from find_suffix_tags(data)
    yield from find_odd_labels(data, scheme)
    yield from find_absent_labels(data, scheme)
    yield from find_duplicates(data)
    if scheme != Scheme.PLAIN:
        yield from find_illegal_tags(data, scheme)
        yield from find_inconsistent_mentions(data)
