"""Thresholds that keep a promise: a precision or a recall that holds with a confidence of 95 %.

Bounds are Clopper & Pearson's (1934), which are exact for independent entities. Of several cut-offs that are tried for
a precision, each has to pass at a level divided by their number (Bonferroni), so that the best of them may be taken
(Learn then Test, Angelopoulos et al. 2021). For a recall there is one order: the entities that the tags mark, from the
highest score on, and behind all of them what is proposed below the winning tags. Recall rises along it, so one number
of right entities is just enough, and nothing is chosen.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from token_classification.scoring.calibration import Outcomes
from token_classification.scoring.intervals import CONFIDENCE

CUTOFFS = 20
"""Cut-offs that are tried for a precision: after each twentieth of the entities, from the highest score on"""


@dataclass(frozen=True)
class Choice:
    """A threshold, and what remains above it on the data that it was chosen on."""

    threshold: float
    precision: float
    recall: float
    bound: float | None
    """What the promised one of the two is at least, with a confidence of 95 %; None: nothing is promised"""
    proposed: float | None = None
    """Lowest score of entities that are proposed below the winning tags; None: none are"""


@dataclass(frozen=True)
class OutOfReach:
    """No threshold keeps the promise."""

    best: float
    """The highest bound that any threshold reaches"""


def find_precise(scores: np.ndarray, outcomes: Outcomes, gold: int, target: float) -> Choice | OutOfReach:
    """Find the lowest threshold above which at least `target` of the entities are right.

    Args:
        scores: What thresholds are compared with, float64 (n,).
        outcomes: Which entities are right.
        gold: How many entities there are to find.
        target: The precision.
    """
    cutoffs = _list_cutoffs(scores)
    level = (1 - CONFIDENCE) / max(len(cutoffs), 1)
    best, found = 0.0, None
    for threshold in cutoffs:
        kept = outcomes.right[scores >= threshold]
        bound = bound_share(int(kept.sum()), len(kept), level)
        best = max(best, bound)
        if bound >= target:
            found = _describe(threshold, scores, outcomes, gold, bound)
    return found or OutOfReach(best)


def find_complete(
    scores: np.ndarray, outcomes: Outcomes, gold: int, target: float, proposed: Outcomes | None = None
) -> Choice | OutOfReach:
    """Find the highest threshold above which at least `target` of the entities to find are; see `find_precise`.

    Args:
        scores: What thresholds are compared with, float64 (n,).
        outcomes: Which entities are right.
        gold: How many entities there are to find.
        target: The recall.
        proposed: What may be proposed if all that the tags mark is not enough, with scores for thresholds.
    """
    level = 1 - CONFIDENCE
    right = np.sort(scores[outcomes.right])[::-1]
    more = np.zeros(0) if proposed is None else np.sort(proposed.scores[proposed.right])[::-1]
    needed = bisect_left(range(gold + 1), target, key=lambda hits: bound_share(hits, gold, level))
    if needed > len(right) + len(more):
        return OutOfReach(bound_share(len(right) + len(more), gold, level))
    bound = bound_share(needed, gold, level)
    if proposed is None or needed <= len(right):
        return _describe(_round_down(right[needed - 1]), scores, outcomes, gold, bound)
    least = _round_down(more[needed - len(right) - 1])
    kept = proposed.right[proposed.scores >= least]
    hits = len(right) + int(kept.sum())
    return Choice(0.0, hits / (len(scores) + len(kept)), hits / gold, bound, least)


def find_balanced(scores: np.ndarray, outcomes: Outcomes, gold: int) -> Choice:
    """Find the threshold of the highest F1; it promises nothing."""
    order = np.argsort(-scores, kind="stable")
    right = np.cumsum(outcomes.right[order])
    f1 = 2 * right / (np.arange(1, len(scores) + 1) + max(gold, 1))
    # Entities of one score are kept or dropped together.
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    last = ends[int(f1[ends].argmax())]
    threshold = 0.0 if last == len(scores) - 1 else _round_down(scores[order][last])
    return _describe(threshold, scores, outcomes, gold, None)


def bound_share(hits: int, trials: int, level: float) -> float:
    """Return what a share is at least, with the confidence 1 - `level`, where `hits` of `trials` were observed.

    This is the lower bound of Clopper and Pearson: with a smaller share as many hits would come with a probability of
    less than `level`.
    """
    if hits == 0:
        return 0.0
    counts = np.arange(hits, trials + 1)
    logs = np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, trials + 1)))))
    ways = logs[trials] - logs[counts] - logs[trials - counts]
    low, high = 0.0, hits / trials
    for _ in range(60):
        middle = (low + high) / 2
        # The probability of as many hits or more.
        tail = np.exp(ways + counts * math.log(middle) + (trials - counts) * math.log1p(-middle)).sum()
        low, high = (middle, high) if tail < level else (low, middle)
    return low


def _list_cutoffs(scores: np.ndarray) -> Sequence[float]:
    """Return the scores after each twentieth of the entities, highest first."""
    if not len(scores):
        return []
    ordered = np.sort(scores)[::-1]
    places = np.ceil(len(scores) * np.arange(1, CUTOFFS + 1) / CUTOFFS).astype(np.int64) - 1
    return list(dict.fromkeys(map(_round_down, ordered[places])))


def _round_down(score: float) -> float:
    """Return a threshold for a score: scores of other batches differ in the seventh decimal."""
    return math.floor(score * 1e6) / 1e6


def _describe(threshold: float, scores: np.ndarray, outcomes: Outcomes, gold: int, bound: float | None) -> Choice:
    kept = outcomes.right[scores >= threshold]
    right = int(kept.sum())
    return Choice(threshold, right / max(len(kept), 1), right / max(gold, 1), bound)
