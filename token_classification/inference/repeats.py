"""Sentences that occur several times in a list: forwarded messages, lines of a log."""

from collections.abc import Sequence


def find_distinct(sentences: Sequence[Sequence[str]]) -> tuple[list[Sequence[str]], list[int]]:
    """Return the distinct sentences in the order in which they come, and for each sentence which of them it is."""
    numbers: dict[tuple[str, ...], int] = {}
    places = [numbers.setdefault(tuple(words), len(numbers)) for words in sentences]
    return [*numbers], places
