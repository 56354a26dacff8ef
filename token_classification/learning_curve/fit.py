"""From the counts of all trainings to a curve: points with intervals, a power law, and what more data should bring."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from token_classification.errors import UserError
from token_classification.learning_curve.points import as_counts
from token_classification.scoring.intervals import SEED, Score, find_interval, resample, score_counts
from token_classification.scoring.power_law import PowerLaw, fit_power_laws
from token_classification.scoring.significance import F1

REPLICATES = 2000
"""How many curves are drawn and fitted for the intervals"""
DRAWN_SIZES = 60
"""Sizes at which the picture shows the law"""


@dataclass(frozen=True)
class CurvePoint:
    """The F1 of the models that learned from parts of one size."""

    sentences: int
    f1: Score
    """Mean over the seeds; the interval is that of other seeds and other validation sentences"""
    deviation: float
    """Standard deviation of the seeds"""
    by_seed: tuple[float, ...]


@dataclass(frozen=True)
class LearningCurve:
    """How F1 grows with the training data."""

    points: tuple[CurvePoint, ...]
    law: PowerLaw
    """Of one row: the law through the means"""
    more: int
    """Further sentences"""
    gain: Score
    """What they should bring"""
    course: tuple[tuple[float, Score], ...]
    """Sizes up to all sentences and those further ones -> what the law says"""


def fit_curve(counts: np.ndarray, sizes: Sequence[int], more: int) -> LearningCurve:
    """Fit the curve.

    Seeds and sentences are chance: each drawn curve has the sentences of a resampled validation set, and means that
    are off by as much as seeds are, of which there are few (Student).

    Args:
        counts: int32, (parts, seeds, sentences, 3): gold, predicted and correct entities of each validation sentence.
        sizes: How many sentences each part has.
        more: How many further sentences are asked about.

    Raises:
        UserError: no model has found anything.
    """
    parts, seeds = counts.shape[:2]
    runs = [as_counts(one) for part in counts for one in part]
    scores = np.array([score_counts(run.totals)[F1, 0] for run in runs]).reshape(parts, seeds)
    if not scores.any():
        raise UserError(
            "no model has found a single entity, so there is no curve; accepted are settings with which the encoder "
            "learns; give a larger --num_train_epochs or --learning_rate"
        )
    means = scores.mean(axis=1)
    drawn = np.array([score_counts(samples)[:, F1, 0] for samples in resample(runs, REPLICATES, SEED)])
    drawn = drawn.reshape(parts, seeds, REPLICATES).mean(axis=1).T
    curves = np.clip(drawn + draw_seed_noise(scores), 0.0, 1.0)
    places = np.array(sizes, dtype=np.float64)
    law, laws = fit_power_laws(places, means[None]), fit_power_laws(places, curves)
    largest, grown = sizes[-1], sizes[-1] + more
    gains = laws.predict(grown) - laws.predict(largest)
    return LearningCurve(
        points=tuple(
            CurvePoint(
                size, find_interval(means[row], curves[:, row]), float(scores[row].std(ddof=1)), tuple(scores[row])
            )
            for row, size in enumerate(sizes)
        ),
        law=law,
        more=more,
        gain=find_interval((law.predict(grown) - law.predict(largest)).item(), gains),
        course=tuple(
            (float(size), find_interval(law.predict(size).item(), laws.predict(size)))
            for size in np.geomspace(sizes[0], grown, DRAWN_SIZES)
        ),
    )


def draw_seed_noise(scores: np.ndarray) -> np.ndarray:
    """Draw by how much means over other seeds would differ.

    Args:
        scores: float64, (parts, seeds).

    Returns:
        float64, (replicates, parts).
    """
    parts, seeds = scores.shape
    freedom = parts * (seeds - 1)
    spread = (scores.var(axis=1, ddof=1).mean() / seeds) ** 0.5
    return spread * np.random.default_rng(SEED).standard_t(freedom, size=(REPLICATES, parts))
