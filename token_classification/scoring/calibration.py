"""How far scores are probabilities (reliability), and a map of scores that makes them so.

A map is Platt's (1999): the log-odds of a score times a slope, plus an offset. Its slope is positive, so it never
changes which of two scores is the higher one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from token_classification.scoring.intervals import Score, draw_samples, find_interval

Method = Literal["raw", "temperature", "platt", "platt_by_type"]

METHODS: tuple[Method, ...] = ("raw", "temperature", "platt", "platt_by_type")
LARGEST_LOG_ODDS = 16.0
"""A float32 probability of 1 has none; this is where float32 ends"""
FOLDS = 10
BINS = 10
"""Of equal width, for the expected calibration error (Naeini et al. 2015, Guo et al. 2017)"""
LEAST_OUTCOMES = 10
"""Right and wrong entities, each, that a type needs for a map of its own: fewer say nothing about two parameters"""
PRIOR = 1.0
"""Strength with which few observations keep a map at the scores as they are"""
TYPE_PRIOR = 5.0
"""The same for a type's map, which is kept at that of all types"""
MOST = 0.5
"""Share of resampled sentences in which a map has to be better than none"""


@dataclass(frozen=True)
class Outcomes:
    """Answers of a model with their scores, and whether they are right; all arrays are parallel."""

    scores: np.ndarray
    """float64, (n,)"""
    right: np.ndarray
    """bool, (n,)"""
    labels: np.ndarray
    """object (text), (n,): the label of each answer"""
    sentences: np.ndarray
    """int64, (n,): the sentence of each answer"""
    sentence_count: int

    def select(self, chosen: np.ndarray) -> "Outcomes":
        """Return the answers at some places, or where a mask is true."""
        return Outcomes(
            self.scores[chosen], self.right[chosen], self.labels[chosen], self.sentences[chosen], self.sentence_count
        )


@dataclass(frozen=True)
class ScoreMap:
    """What makes a probability of a score."""

    slope: float = 1.0
    offset: float = 0.0

    def apply(self, score: float) -> float:
        """Map a score; as it is where there is nothing to map."""
        return score if self == RAW else float(self.apply_to_all(np.array([score]))[0])

    def apply_to_all(self, scores: np.ndarray) -> np.ndarray:
        """Map scores, float64 (n,)."""
        return scores if self == RAW else _to_probability(self.slope * _to_log_odds(scores) + self.offset)

    def invert(self, score: float) -> float:
        """Return a score that is mapped to the given one, or to slightly less where rounding decides."""
        log_odds = (float(_to_log_odds(np.array([score]))[0]) - self.offset) / self.slope
        return float(_to_probability(np.array([log_odds]))[0]) * (1 - 1e-9)


RAW = ScoreMap()


@dataclass(frozen=True)
class LabelMaps:
    """The map of each label that has one of its own, and that of all others."""

    shared: ScoreMap
    own: Mapping[str, ScoreMap]

    def find(self, label: str) -> ScoreMap:
        """Return the map of a label."""
        return self.own.get(label, self.shared)

    def apply(self, outcomes: Outcomes) -> np.ndarray:
        """Map the scores of outcomes, float64 (n,)."""
        mapped = self.shared.apply_to_all(outcomes.scores).copy()
        for label, score_map in self.own.items():
            chosen = outcomes.labels == label
            mapped[chosen] = score_map.apply_to_all(outcomes.scores[chosen])
        return mapped


RAW_SCORES = LabelMaps(RAW, {})


@dataclass(frozen=True)
class Fit:
    """The maps that were chosen, and what speaks for them."""

    method: Method
    maps: LabelMaps
    losses: dict[Method, float]
    """Method -> mean log loss of answers that it was not fitted on"""
    held_out: np.ndarray
    """float64, (n,): the score of each answer, mapped by what was fitted on the other folds"""
    refused: list[Method]
    """What would have turned the order of scores around"""


def fit_maps(outcomes: Outcomes, methods: Sequence[Method] = METHODS) -> Fit:
    """Fit a map with each method, and choose the one that is best on answers that it was not fitted on.

    Folds are made of whole sentences. A map also has to be better than none in most resampled sentences.

    Args:
        outcomes: What the maps are fitted on.
        methods: The simplest first, which is `raw`; of equally good ones the simpler one is taken.
    """
    folds = np.random.default_rng(0).permutation(outcomes.sentence_count)[outcomes.sentences] % FOLDS
    held_out = {method: outcomes.scores.astype(np.float64) for method in methods}
    for fold in np.unique(folds):
        is_held_out = folds == fold
        for method in methods:
            maps = _fit(method, outcomes.select(~is_held_out))
            held_out[method][is_held_out] = maps.apply(outcomes.select(is_held_out))
    whole = {method: _fit(method, outcomes) for method in methods}
    refused = [method for method in methods if not _keeps_order(whole[method])]
    accepted = [method for method in methods if method not in refused]
    losses = {method: float(_log_loss(held_out[method], outcomes.right).mean()) for method in accepted}
    best = min(losses, key=lambda method: losses[method])
    if best != "raw" and not _improves(held_out[best], outcomes):
        best = "raw"
    return Fit(best, whole[best], losses, held_out[best], refused)


def _improves(mapped: np.ndarray, outcomes: Outcomes) -> bool:
    """Tell whether a map makes both calibration error and log loss lower in most sets of resampled sentences.

    Where scores are nearly probabilities, either of the two alone gets lower by chance.
    """
    samples = [_draw_sums(outcomes, scores) for scores in (outcomes.scores, mapped)]
    (raw_ece, _, raw_loss), (ece, _, loss) = (_score_sums(sums) for _, sums in samples)
    return bool(np.mean((ece < raw_ece) & (loss < raw_loss)) > MOST)


def list_fitted_labels(outcomes: Outcomes) -> list[str]:
    """Return the labels that have enough right and wrong answers for a map of their own, sorted."""
    return [
        label
        for label in sorted(set(outcomes.labels.tolist()))
        for right in [outcomes.right[outcomes.labels == label]]
        if min(np.count_nonzero(right), np.count_nonzero(~right)) >= LEAST_OUTCOMES
    ]


def _fit(method: Method, outcomes: Outcomes) -> LabelMaps:
    if method == "raw":
        return RAW_SCORES
    shared = _fit_map(outcomes, RAW, PRIOR, has_offset=method != "temperature")
    labels = list_fitted_labels(outcomes) if method == "platt_by_type" else []
    own = {label: _fit_map(outcomes.select(outcomes.labels == label), shared, TYPE_PRIOR) for label in labels}
    return LabelMaps(shared, own)


def _fit_map(outcomes: Outcomes, start: ScoreMap, strength: float, *, has_offset: bool = True) -> ScoreMap:
    """Fit slope and offset by Newton's method: the likelihood of the outcomes, and a normal prior around `start`."""
    columns = np.stack([_to_log_odds(outcomes.scores), np.ones(len(outcomes.scores))], axis=1)
    columns = columns if has_offset else columns[:, :1]
    center = np.array([start.slope, start.offset])[: columns.shape[1]]
    found = center.copy()
    for _ in range(100):
        probability = _to_probability(columns @ found)
        gradient = columns.T @ (probability - outcomes.right) + strength * (found - center)
        weights = np.maximum(probability * (1 - probability), 1e-9)
        curvature = (columns * weights[:, None]).T @ columns + strength * np.eye(len(found))
        step = np.linalg.solve(curvature, gradient)
        # Newton's step may be too long where nearly all probabilities are 0 or 1.
        found = found - step / max(1.0, np.abs(step).max())
        if np.abs(step).max() < 1e-10:
            break
    return ScoreMap(float(found[0]), float(found[1]) if has_offset else 0.0)


def _keeps_order(maps: LabelMaps) -> bool:
    return all(score_map.slope > 0 for score_map in (maps.shared, *maps.own.values()))


def _to_log_odds(scores: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.clip(np.log(scores) - np.log1p(-scores), -LARGEST_LOG_ODDS, LARGEST_LOG_ODDS)


def _to_probability(log_odds: np.ndarray) -> np.ndarray:
    return np.exp(-np.logaddexp(0.0, -log_odds))


def _log_loss(scores: np.ndarray, right: np.ndarray) -> np.ndarray:
    return -np.log(np.maximum(np.where(right, scores, 1 - scores), 1e-12))


@dataclass(frozen=True)
class Bin:
    """Answers with like scores."""

    count: int
    score: float
    """Mean score"""
    right: float
    """Share of right answers"""


@dataclass(frozen=True)
class Reliability:
    """How far scores are probabilities."""

    count: int
    ece: Score
    """Expected calibration error: the mean distance between score and share of right answers, over the bins"""
    brier: Score
    """Mean squared distance between a score and what came true, 0 or 1"""
    auc: float | None
    """Probability that a right answer has a higher score than a wrong one; None where all are right or all wrong"""
    bins: list[Bin]
    """Those that are not empty, lowest scores first"""


def measure_reliability(outcomes: Outcomes, scores: np.ndarray) -> Reliability:
    """Measure scores of outcomes, at least one of them, with 95 % intervals from resampled sentences."""
    total, drawn = _draw_sums(outcomes, scores)
    (ece,), (brier,), _ = _score_sums(total)
    drawn_ece, drawn_brier, _ = _score_sums(drawn)
    return Reliability(
        count=len(scores),
        ece=find_interval(ece, drawn_ece),
        brier=find_interval(brier, drawn_brier),
        auc=_rank(scores, outcomes.right),
        bins=list(_list_bins(total[0])),
    )


def _draw_sums(outcomes: Outcomes, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the sums that errors are made of: of all sentences, and of resampled ones; float64 (rows, columns)."""
    places = np.minimum((scores * BINS).astype(np.int64), BINS - 1)
    sums = np.zeros((outcomes.sentence_count, 3 * BINS + 2))
    errors = ((scores - outcomes.right) ** 2, _log_loss(scores, outcomes.right))
    for kind, values in enumerate((np.ones(len(scores)), scores, outcomes.right)):
        np.add.at(sums, (outcomes.sentences, kind * BINS + places), values)
    for column, values in enumerate(errors, 3 * BINS):
        sums[:, column] = np.bincount(outcomes.sentences, values, outcomes.sentence_count)
    drawn = np.concatenate([weights @ sums for weights in draw_samples(outcomes.sentence_count)])
    return sums.sum(axis=0, keepdims=True), drawn[drawn[:, :BINS].sum(axis=1) > 0]


def _score_sums(sums: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the calibration errors, Brier scores and log losses, float64 (rows,), of rows of sums."""
    counts, scores, right = (sums[:, kind * BINS : (kind + 1) * BINS] for kind in range(3))
    total = counts.sum(axis=1)
    return np.abs(scores - right).sum(axis=1) / total, sums[:, -2] / total, sums[:, -1] / total


def _list_bins(sums: np.ndarray) -> Iterator[Bin]:
    for place in range(BINS):
        count, score, right = sums[[place, BINS + place, 2 * BINS + place]]
        if count:
            yield Bin(int(count), float(score / count), float(right / count))


def _rank(scores: np.ndarray, right: np.ndarray) -> float | None:
    good, bad = np.sort(scores[right]), np.sort(scores[~right])
    if not len(good) or not len(bad):
        return None
    below = np.searchsorted(bad, good, side="left") + np.searchsorted(bad, good, side="right")
    return float(below.mean() / 2 / len(bad))
