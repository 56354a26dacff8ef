"""Whether two models differ, or were merely lucky with the test set: tests on the counts of each sentence."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from token_classification.scoring.error_classes import EntityPair
from token_classification.scoring.intervals import (
    SEED,
    SentenceCounts,
    count_pairs,
    find_interval,
    list_types,
    resample,
    score_counts,
    split_rows,
)

COMPARED_REPLICATES = 10_000
"""With 1,000 the ends of an interval would move by 0.3 points from seed to seed, which is a lot for a difference"""
GROUPS_AT_ONCE = 50
"""Bounds the memory that many types take: replicates x groups counts at a time"""

SHUFFLES = 10_000
SHUFFLES_AT_ONCE = 500
ROUNDING = 1e-12
F1 = 2


@dataclass(frozen=True)
class Difference:
    """F1 of two models on the same sentences, fractions from 0 to 1."""

    a: float
    b: float
    low: float
    high: float
    """95 % of the resampled differences are between `low` and `high`"""
    gold: int

    @property
    def value(self) -> float:
        """B - A."""
        return self.b - self.a


def count_both(
    a: Sequence[Sequence[EntityPair]], b: Sequence[Sequence[EntityPair]]
) -> tuple[SentenceCounts, SentenceCounts]:
    """Count the entities of each type that occurs in either of two rows of sentences, sorted by name."""
    types = sorted({*list_types(a), *list_types(b)})
    counts_a, counts_b = (count_pairs(pairs, types, lambda _, entity: entity.type) for pairs in (a, b))
    return counts_a, counts_b


def compare_groups(
    a: SentenceCounts, b: SentenceCounts, replicates: int = COMPARED_REPLICATES, seed: int = SEED
) -> list[Difference]:
    """Compute the difference in each group, with the interval of a paired bootstrap (Koehn 2004).

    Both models are scored on the same resampled sentences, so what is hard for both does not blur the difference.

    Args:
        a: Counts of one model.
        b: Counts of the other, for the same sentences and groups.
        replicates: How many test sets are drawn.
        seed: Decides which ones.
    """
    rows = []
    for start in range(0, len(a.groups), GROUPS_AT_ONCE):
        some = slice(start, start + GROUPS_AT_ONCE)
        rows += _compare_some_groups(take_groups(a, some), take_groups(b, some), replicates, seed)
    return rows


def take_groups(counts: SentenceCounts, part: slice) -> SentenceCounts:
    """Return the counts of some of the groups."""
    return SentenceCounts(counts.groups[part], counts.values[:, :, part])


def _compare_some_groups(a: SentenceCounts, b: SentenceCounts, replicates: int, seed: int) -> list[Difference]:
    drawn_a, drawn_b = (score_counts(samples)[:, F1] for samples in resample([a, b], replicates, seed))
    values_a, values_b = score_counts(a.totals)[F1], score_counts(b.totals)[F1]
    rows = []
    for place, gold in enumerate(a.totals[0].tolist()):
        interval = find_interval(values_b[place] - values_a[place], drawn_b[:, place] - drawn_a[:, place])
        rows.append(Difference(float(values_a[place]), float(values_b[place]), interval.low, interval.high, gold))
    return rows


def find_p_value(a: SentenceCounts, b: SentenceCounts, shuffles: int = SHUFFLES, seed: int = SEED) -> float:
    """Return how probable so large a difference in F1 is if it does not matter which model tagged which sentence.

    Approximate randomisation (Noreen 1989; Yeh 2000), two-sided: in each shuffle the two models' counts for each
    sentence are swapped with probability 1/2. All groups count together.

    Returns:
        (shuffles that differ at least as much + 1) / (shuffles + 1).
    """
    counts_a, counts_b = (side.values.sum(axis=2).astype(np.float64) for side in (a, b))
    # Where both have the same counts, a swap changes nothing.
    exchange = (counts_b - counts_a)[(counts_a != counts_b).any(axis=1)]
    totals_a, totals_b = counts_a.sum(axis=0), counts_b.sum(axis=0)
    observed = abs(_score_f1(totals_b) - _score_f1(totals_a))
    random = np.random.default_rng(seed)
    as_large = 0
    for rows in split_rows(shuffles, SHUFFLES_AT_ONCE, len(exchange)):
        moved = random.integers(2, size=(rows, len(exchange))) @ exchange
        differences = np.abs(_score_f1(totals_b - moved) - _score_f1(totals_a + moved))
        as_large += int((differences >= observed - ROUNDING).sum())
    return (as_large + 1) / (shuffles + 1)


def _score_f1(counts: np.ndarray) -> np.ndarray:
    """Compute F1 from counts (..., 3)."""
    return score_counts(counts[..., None])[..., F1, 0]
