"""What the same words are elsewhere in a file: a label that their other places contradict is more surely wrong."""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from token_classification.auditing.read_file import LabelledFile
from token_classification.data.schemes import OUTSIDE, Scheme, split_tag

PRIOR = 0.5
"""Is added to every count: a word that occurs once says nothing"""


@dataclass(frozen=True)
class OtherPlaces:
    """How often each word is part of an entity of each type, and of none."""

    counts: Mapping[str, Counter[str]]
    """Word -> type, or `O`, -> how often"""
    types: Mapping[str, str]
    """Tag -> its type, or `O`"""

    def favour(self, word: str, label: str, suggested: str) -> float:
        """Return how much the other places of a word speak for another label: log odds; 0 where both are one type.

        Args:
            word: The word.
            label: Its label at this place.
            suggested: The other label.
        """
        own, other = self.types[label], self.types[suggested]
        if own == other:
            return 0.0
        counts = self.counts[word]
        return math.log((counts[other] + PRIOR) / (counts[own] - 1 + PRIOR))


def count_places(file: LabelledFile) -> OtherPlaces:
    """Count the labels of every word of a file."""
    is_plain = file.scheme == Scheme.PLAIN
    types = {tag: tag if is_plain or tag == OUTSIDE else split_tag(tag)[1] for tag in file.labels}
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for words, tags in zip(file.sentences.tokens, file.sentences.gold, strict=True):
        for word, tag in zip(words, tags, strict=True):
            counts[word][types[tag]] += 1
    return OtherPlaces(counts, types)
