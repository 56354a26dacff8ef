"""Mistakes of the user: every message ends with what to type next, and the command exits with 2."""

import re
from collections.abc import Sequence
from pathlib import Path

LISTED_PROBLEMS = 10
"""How many problems of one kind are listed; the rest is counted"""
LONGEST_LINE = 2000
"""Characters in a line of a message: what it quotes from a file can be of any length"""
KEPT_END = 800
"""How many of these are kept at the end, where it says what is accepted and what to do"""
IN_MEMORY = re.compile(r"<(\w+)>")
"""The source of sentences that come from no file: `<train>`"""


class UserError(Exception):
    """Something that only the user can fix: printed without a traceback (unless `--debug`), exit code 2."""

    def __init__(self, message: str) -> None:
        super().__init__("\n".join(map(shorten, message.split("\n"))))


class StoppedError(Exception):
    """The command was stopped from outside, with everything saved: the message says how to go on, exit code 143."""


class RejectedError(Exception):
    """An exported model lost too much: the message says how much, and where its files are; exit code 3."""


class DataError(UserError):
    """Something is wrong in a data file: the message begins with `file:line`."""


class OutputError(UserError):
    """No tag can be read off a model's outputs."""

    def __init__(self, problem: str, advice: str) -> None:
        self.problem = problem
        self.advice = advice
        super().__init__(f"{problem}; {advice}")

    def __reduce__(self) -> tuple[type["OutputError"], tuple[str, str]]:
        """Return what makes it again in another process: `args` holds the message only."""
        return type(self), (self.problem, self.advice)


def name_place(source: str | Path, line: int) -> str:
    """Name a line of a file, or a row of what is in memory (its source is in angle brackets, its first line 1).

    >>> name_place("train.conll", 13), name_place("<train>", 13)
    ('train.conll:13', 'train[12]')
    """
    in_memory = IN_MEMORY.fullmatch(str(source))
    return f"{in_memory[1]}[{line - 1}]" if in_memory else f"{source}:{line}"


def shorten(line: str) -> str:
    """Return a line without its middle, if it is too long to read.

    >>> shorten("short"), len(shorten("long" * 1_000_000)) <= LONGEST_LINE
    ('short', True)
    """
    if len(line) <= LONGEST_LINE:
        return line
    left_out = f" [... {len(line) - LONGEST_LINE:,} characters ...] "
    return line[: LONGEST_LINE - KEPT_END - len(left_out)] + left_out + line[-KEPT_END:]


def list_problems(problems: Sequence[str]) -> str:
    """Return problems of one kind as text: the first ten as lines, the rest as a count.

    >>> print(list_problems(["a.conll:1: no tag", "a.conll:9: no tag"]))
    a.conll:1: no tag
    a.conll:9: no tag
    """
    lines = list(problems[:LISTED_PROBLEMS])
    if len(problems) > LISTED_PROBLEMS:
        lines.append(f"... and {len(problems) - LISTED_PROBLEMS:,} more of this kind")
    return "\n".join(lines)
