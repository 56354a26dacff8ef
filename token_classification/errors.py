"""What a user did wrong: every message ends with what to type next, and the command exits with 2."""

from collections.abc import Sequence

LISTED_PROBLEMS = 10
"""How many problems of one kind are written out; the rest is counted."""


class UserError(Exception):
    """Something only the user can put right. Printed without a traceback (unless `--debug`), exit code 2."""


class StoppedError(Exception):
    """Ended from outside, with everything saved; the message says how to go on. Exit code 143, as for SIGTERM."""


class RejectedError(Exception):
    """An exported model lost more than it may; the message says how much and where it lies. Exit code 3."""


class DataError(UserError):
    """Something wrong in a data file; the message opens with `file:line`."""


def list_problems(problems: Sequence[str]) -> str:
    """Join problems of one kind: the first ten as lines, the rest as a count.

    >>> print(list_problems(["a.conll:1: no tag", "a.conll:9: no tag"]))
    a.conll:1: no tag
    a.conll:9: no tag
    """
    lines = list(problems[:LISTED_PROBLEMS])
    if len(problems) > LISTED_PROBLEMS:
        lines.append(f"... and {len(problems) - LISTED_PROBLEMS:,} more of this kind")
    return "\n".join(lines)
