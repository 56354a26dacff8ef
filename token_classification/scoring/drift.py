"""Whether scores are spread as they were where a map was fitted; where they are not, promises made there may not hold.

The measure is Kolmogorov's and Smirnov's: the largest difference between the shares of scores below a limit. It asks
nothing of the labels, which new texts don't have.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SCORE_BINS = 20
"""Of equal width: what is kept of the scores that a map was fitted on"""
LEAST_DISTANCE = 0.1
"""Smaller ones are no drift, however sure they are"""
CHANCE = 0.001
"""How often scores of the same texts may look like drift"""


@dataclass(frozen=True)
class Drift:
    """How far scores are from those that a map was fitted on."""

    distance: float
    """From 0 to 1"""
    mean_there: float
    mean_here: float


def count_scores(scores: Sequence[float] | np.ndarray) -> list[int]:
    """Count scores by bin, lowest first."""
    places = np.minimum((np.asarray(scores, dtype=np.float64) * SCORE_BINS).astype(np.int64), SCORE_BINS - 1)
    return [int(count) for count in np.bincount(places, minlength=SCORE_BINS)]


def find_drift(there: Sequence[int], here: Sequence[int]) -> Drift | None:
    """Tell whether counts of scores differ by more than chance; None: they don't, or are too few to tell.

    Args:
        there: Counts of the scores that a map was fitted on, calibrated.
        here: Those of other texts.
    """
    totals = np.array([sum(there), sum(here)])
    if not totals.all():
        return None
    distance = measure_distance(there, here)
    # Where both are drawn from the same texts, a larger distance has the probability CHANCE.
    limit = math.sqrt(-math.log(CHANCE / 2) / 2 * (1 / totals).sum())
    if distance <= max(LEAST_DISTANCE, limit):
        return None
    return Drift(distance, _find_mean(there), _find_mean(here))


def measure_distance(there: Sequence[int], here: Sequence[int]) -> float:
    """Return the largest difference between shares of scores below a limit; of both there are some."""
    shares = [np.array(counts) / sum(counts) for counts in (there, here)]
    return float(np.abs(np.cumsum(shares[0] - shares[1])).max())


def _find_mean(counts: Sequence[int]) -> float:
    return float(np.average((np.arange(SCORE_BINS) + 0.5) / SCORE_BINS, weights=counts))
