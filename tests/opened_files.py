"""Which files are opened, and how often, as the interpreter itself reports it."""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

_counts: list[Counter[str]] = []
"""The counts that are open; an audit hook stays for the rest of the process, so there is one that adds to these."""


def _note(event: str, arguments: tuple) -> None:
    if event == "open" and _counts and isinstance(arguments[0], (str, bytes, os.PathLike)):
        path = os.path.abspath(os.fsdecode(arguments[0]))
        for counts in _counts:
            counts[path] += 1


sys.addaudithook(_note)


@contextmanager
def count_opened() -> Iterator[Counter[str]]:
    """Count how often each file is opened in the block."""
    counts: Counter[str] = Counter()
    _counts.append(counts)
    try:
        yield counts
    finally:
        _counts.remove(counts)
