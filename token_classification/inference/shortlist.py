"""Which of many candidates stay: the best of a stream in bounded memory, and among those the most different ones."""

import heapq
import random
from dataclasses import dataclass, field
from itertools import accumulate

import numpy as np

from token_classification.inference.records import Record


@dataclass(frozen=True)
class Candidate:
    """A record that may be selected, and why."""

    record: Record
    key: bytes
    """The same for texts that say the same"""
    words: tuple[str, ...] = field(repr=False)
    score: float = 0.0
    """How unsure the model is of the text"""
    doubtful: tuple[str, ...] = ()
    """The words of which it is, the most uncertain first"""
    vector: np.ndarray | None = field(default=None, repr=False)
    """float32, (width,): what the encoder makes of them"""


@dataclass
class Shortlist:
    """The candidates of the highest priority so far, each text once; of equal priorities the earlier one stays."""

    limit: int
    _heap: list[tuple[float, int, Candidate]] = field(default_factory=list)
    _keys: set[bytes] = field(default_factory=set)

    def offer(self, candidate: Candidate, priority: float) -> None:
        """Take a candidate, unless its text is there already or the list is full of better ones."""
        if candidate.key in self._keys:
            return
        # Lines differ, so candidates themselves are never compared.
        entry = (priority, -candidate.record.line, candidate)
        if len(self._heap) < self.limit:
            heapq.heappush(self._heap, entry)
        elif entry[:2] > self._heap[0][:2]:
            self._keys.remove(heapq.heapreplace(self._heap, entry)[2].key)
        else:
            return
        self._keys.add(candidate.key)

    def list_candidates(self) -> list[Candidate]:
        """Return the candidates, that of the highest priority first."""
        return [candidate for _, _, candidate in sorted(self._heap, reverse=True)]


def spread_out(vectors: np.ndarray, count: int, seed: int) -> list[int]:
    """Choose vectors that are far from each other and from zero: k-means++, which starts from zero here.

    Each one is drawn with a probability that is proportional to the square of its distance to the nearest one that is
    chosen already (Arthur & Vassilvitskii 2007). Zero stands for texts that raise no doubt, of which none is needed
    (as in BADGE, Ash et al. 2020).

    Args:
        vectors: float32, (n, width).
        count: How many are chosen, or all there are.
        seed: Of the draws.

    Returns:
        Their places, in the order in which they were chosen.
    """
    generator = random.Random(seed)
    distances = np.square(vectors, dtype=np.float64).sum(axis=1)
    free = np.ones(len(vectors), dtype=bool)
    chosen: list[int] = []
    while len(chosen) < min(count, len(vectors)):
        weights = np.where(free, distances, 0.0)
        # Where all that are left equal chosen ones, each is as good as any other.
        weights = weights if weights.any() else free.astype(np.float64)
        bounds = list(accumulate(weights.tolist()))
        place = generator.choices(range(len(vectors)), cum_weights=bounds)[0]
        chosen.append(place)
        free[place] = False
        distances = np.minimum(distances, np.square(vectors - vectors[place], dtype=np.float64).sum(axis=1))
    return chosen
