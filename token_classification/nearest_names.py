"""Which name was meant, where the one that was typed does not exist: flags, keys, columns, labels, files."""

import difflib
from collections.abc import Iterable

LONGEST_NAME = 200
"""Comparing takes time in the product of the lengths; whatever is longer is no name that somebody typed"""
LIKENESS = 0.5
"""How alike two names are at least, between 0 and 1"""


def find_nearest(name: str, known: Iterable[str], most: int = 3) -> list[str]:
    """Return the known names that are most like a name, the nearest first; in any case of letters.

    >>> find_nearest("Lerning_rate", ["learning_rate", "seed"])
    ['learning_rate']
    """
    if len(name) > LONGEST_NAME:
        return []
    by_lower = {one.lower(): one for one in known if len(one) <= LONGEST_NAME}
    return [by_lower[one] for one in difflib.get_close_matches(name.lower(), by_lower, n=most, cutoff=LIKENESS)]


def did_you_mean(name: str, known: Iterable[str], otherwise: str) -> str:
    """Return the question whether the nearest name was meant; `otherwise` where none is near.

    >>> did_you_mean("--do_trian", ["--do_train", "--seed"], "see --help")
    'did you mean --do_train?'
    """
    nearest = find_nearest(name, known, most=1)
    return f"did you mean {nearest[0]}?" if nearest else otherwise
