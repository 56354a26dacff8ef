"""What the doctor reports: problems by kind, each kind with a severity, and the exit code that follows."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from token_classification.data.problems import Kind, Problem, Severity

EXIT_CODES = {Severity.NOTE: 0, Severity.WARNING: 1, Severity.ERROR: 2}


@dataclass(frozen=True)
class Finding:
    """All problems of one kind."""

    kind: Kind
    problems: list[Problem]
    """In the order of files and lines"""


def group_problems(problems: Iterable[Problem], paths: Sequence[Path]) -> list[Finding]:
    """Return problems by kind, worst kind first; within a kind in the order of `paths` and lines."""
    order = {path: number for number, path in enumerate(paths)}
    by_kind: dict[Kind, list[Problem]] = defaultdict(list)
    for problem in sorted(problems, key=lambda problem: (order[problem.path], problem.line)):
        by_kind[problem.kind].append(problem)
    return [Finding(kind, by_kind[kind]) for kind in Kind if kind in by_kind]


def choose_exit_code(findings: Iterable[Finding]) -> int:
    """Return 0 for nothing but notes, 1 for warnings, 2 for errors."""
    return max((EXIT_CODES[finding.kind.severity] for finding in findings), default=0)
