"""Whether one way to train is better than another, from several runs of each: both seeds and sentences are chance.

A multi-reader multi-case analysis (Obuchowski & Rockette 1995, degrees of freedom after Hillis 2014) whose readers are
the runs, each side its own, and whose cases are the sentences, which all runs share.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from token_classification.scoring.intervals import CONFIDENCE, SEED, SentenceCounts, resample, score_counts
from token_classification.scoring.significance import F1, GROUPS_AT_ONCE, take_groups

REPLICATES = 2000
"""Test sets drawn for the covariances"""
MOST_FREEDOM = 1e6
"""Degrees of freedom with which Student's distribution is the normal one"""


@dataclass(frozen=True)
class SidesDifference:
    """F1 of two sides with several runs each, fractions from 0 to 1."""

    a: float
    """Mean over the runs"""
    b: float
    deviation_a: float
    """Standard deviation over the runs"""
    deviation_b: float
    low: float
    high: float
    """Ends of the 95 % interval of B - A"""
    p_value: float
    """How probable so large a difference is if both ways to train are equally good; two-sided"""
    gold: int

    @property
    def value(self) -> float:
        """B - A."""
        return self.b - self.a


@dataclass(frozen=True)
class Spread:
    """How much a score differs from run to run."""

    mean: float
    deviation: float
    """Standard deviation of the runs"""
    low: float
    high: float
    """Ends of the 95 % interval of the mean (Student)"""


def summarise(values: Sequence[float]) -> Spread:
    """Summarise the scores of several runs, at least two."""
    scores = np.array(values, dtype=np.float64)
    mean, deviation = float(scores.mean()), float(scores.std(ddof=1))
    margin = float(stdtrit(len(scores) - 1, (1 + CONFIDENCE) / 2)) * deviation / len(scores) ** 0.5
    return Spread(mean, deviation, mean - margin, mean + margin)


def compare_sides(
    a: Sequence[SentenceCounts], b: Sequence[SentenceCounts], replicates: int = REPLICATES, seed: int = SEED
) -> list[SidesDifference]:
    """Compare the mean F1 of two sides in each group.

    Args:
        a: Counts of each run of one side, at least two.
        b: Those of the other, for the same sentences and groups.
        replicates: How many test sets are drawn.
        seed: Decides which ones.
    """
    rows = []
    for start in range(0, len(a[0].groups), GROUPS_AT_ONCE):
        runs = [take_groups(run, slice(start, start + GROUPS_AT_ONCE)) for run in (*a, *b)]
        scores = np.stack([score_counts(run.totals)[F1] for run in runs])
        drawn = np.stack([score_counts(samples)[:, F1] for samples in resample(runs, replicates, seed)])
        rows += [
            judge_sides(scores[: len(a), place], scores[len(a) :, place], np.cov(drawn[..., place]), gold)
            for place, gold in enumerate(runs[0].totals[0].tolist())
        ]
    return rows


def judge_sides(a: np.ndarray, b: np.ndarray, covariance: np.ndarray, gold: int) -> SidesDifference:
    """Test whether the means of two sides differ.

    The variance of their difference is that of each side's mean over its runs, and what all runs of a side have in
    common beyond what both sides have: some sentences suit one side better.

    Args:
        a: Scores of the runs of one side, at least two.
        b: Those of the other.
        covariance: Of the scores of all runs, those of `a` first, over drawn test sets.
        gold: How many entities there are.
    """
    seeds = np.array([side.var(ddof=1) / len(side) for side in (a, b)])
    own_a, own_b = covariance[: len(a), : len(a)], covariance[len(a) :, len(a) :]
    sentences = _average_pairs(own_a) + _average_pairs(own_b) - 2 * covariance[: len(a), len(a) :].mean()
    variance = float(seeds.sum() + max(sentences, 0.0))
    value = float(b.mean() - a.mean())
    p_value, margin = float(value == 0), 0.0
    if variance > 0:
        spread = float((seeds**2 / (np.array([len(a), len(b)]) - 1)).sum())
        freedom = min(variance**2 / spread, MOST_FREEDOM) if spread > 0 else MOST_FREEDOM
        p_value = float(2 * stdtr(freedom, -abs(value) / variance**0.5))
        margin = float(stdtrit(freedom, (1 + CONFIDENCE) / 2) * variance**0.5)
    return SidesDifference(
        a=float(a.mean()),
        b=float(b.mean()),
        deviation_a=float(a.std(ddof=1)),
        deviation_b=float(b.std(ddof=1)),
        low=value - margin,
        high=value + margin,
        p_value=p_value,
        gold=gold,
    )


def _average_pairs(covariance: np.ndarray) -> float:
    """Return the mean covariance of two different runs of a side."""
    runs = len(covariance)
    return float((covariance.sum() - np.trace(covariance)) / (runs * (runs - 1)))
