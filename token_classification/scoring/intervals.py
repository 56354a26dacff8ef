"""How certain a score is: bootstrap intervals over sentences (Efron & Tibshirani 1993, chapter 13)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from token_classification.data.entities import Entity
from token_classification.scoring.error_classes import EntityPair, ErrorClass

REPLICATES = 1000
SEED = 42
CONFIDENCE = 0.95
REPLICATES_AT_ONCE = 50
CHOICES_AT_ONCE = 10_000_000
"""Bounds the memory that a large test set takes: random choices (replicates x sentences) at a time"""

GOLD, PREDICTED, CORRECT = range(3)
"""Indices of the three counts, from which F1 and the others follow"""


@dataclass(frozen=True)
class SentenceCounts:
    """How many entities of each group (a type, a slice) each sentence has."""

    groups: tuple[str, ...]
    values: np.ndarray
    """int32, (sentences, 3, groups): gold, predicted, correct"""

    @property
    def totals(self) -> np.ndarray:
        """int64, (3, groups): the counts of the whole split."""
        return self.values.sum(axis=0)

    def join_groups(self) -> "SentenceCounts":
        """Merge all groups into one."""
        return SentenceCounts(("all",), self.values.sum(axis=2, keepdims=True))


@dataclass(frozen=True)
class Score:
    """A score as a fraction, with the interval that holds 95 % of its replicates."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class GroupScore:
    """Precision, recall and F1 of a group of entities, and how many there are."""

    precision: Score
    recall: Score
    f1: Score
    gold: int
    predicted: int
    correct: int


def count_pairs(
    pairs: Sequence[Sequence[EntityPair]], groups: Sequence[str], find_group: Callable[[int, Entity], str]
) -> SentenceCounts:
    """Count the entities of each group, sentence by sentence.

    Args:
        pairs: The pairs of each sentence.
        groups: The names of all groups.
        find_group: Index of a sentence, and one of its entities -> the group; equal entities have the same.
    """
    places = {group: place for place, group in enumerate(groups)}
    events = []
    for number, row in enumerate(pairs):
        for gold, predicted, error in row:
            if gold is not None:
                kind = CORRECT if error == ErrorClass.CORRECT else GOLD
                events.append((number, kind, places[find_group(number, gold)]))
            if predicted is not None and error != ErrorClass.CORRECT:
                events.append((number, PREDICTED, places[find_group(number, predicted)]))
    values = np.zeros((len(pairs), 3, len(groups)), dtype=np.int32)
    if events:
        np.add.at(values, tuple(np.array(events).T), 1)
    # A correct entity is on both sides.
    values[:, [GOLD, PREDICTED]] += values[:, [CORRECT]]
    return SentenceCounts(tuple(groups), values)


def count_types(pairs: Sequence[Sequence[EntityPair]]) -> SentenceCounts:
    """Count the entities of each type that occurs on either side, sorted by name."""
    return count_pairs(pairs, list_types(pairs), lambda _, entity: entity.type)


def list_types(pairs: Sequence[Sequence[EntityPair]]) -> list[str]:
    """Return the types that occur on either side, sorted by name."""
    return sorted({side.type for row in pairs for pair in row for side in pair.sides})


def draw_samples(sentences: int, replicates: int = REPLICATES, seed: int = SEED) -> Iterator[np.ndarray]:
    """Draw as many sentences as there are, with replacement, over and over.

    Yields:
        float32, (some replicates, sentences): how often each sentence was drawn.
    """
    random = np.random.default_rng(seed)
    for rows in split_rows(replicates, REPLICATES_AT_ONCE, sentences):
        draws = random.integers(sentences, size=(rows, sentences))
        draws += np.arange(rows)[:, None] * sentences
        yield np.bincount(draws.ravel(), minlength=rows * sentences).reshape(rows, sentences).astype(np.float32)


def split_rows(rows: int, at_once: int, width: int) -> Iterator[int]:
    """Split rows of random choices into parts that fit into memory; what is drawn does not depend on the split.

    Args:
        rows: How many rows there are.
        at_once: How many of them a part may have.
        width: Choices in a row.
    """
    most = max(1, min(at_once, CHOICES_AT_ONCE // max(width, 1)))
    while rows > 0:
        yield min(most, rows)
        rows -= most


def resample(counts: Sequence[SentenceCounts], replicates: int = REPLICATES, seed: int = SEED) -> list[np.ndarray]:
    """Resample sentences: counts, int64 (replicates, 3, groups), for each of the `counts` of the same sentences."""
    sentences = len(counts[0].values)
    # float32 is exact up to 16 million entities, and its matrix products are the fast ones.
    flat = np.concatenate([part.values.reshape(sentences, -1) for part in counts], axis=1).astype(np.float32)
    sums = np.concatenate([weights @ flat for weights in draw_samples(sentences, replicates, seed)])
    borders = np.cumsum([3 * len(part.groups) for part in counts])[:-1]
    return [part.round().astype(np.int64).reshape(replicates, 3, -1) for part in np.split(sums, borders, axis=1)]


def score_counts(counts: np.ndarray) -> np.ndarray:
    """Compute precision, recall and F1 from counts (..., 3, groups), float64 of the same shape; 0 for no entities."""
    gold, predicted, correct = np.moveaxis(counts, -2, 0).astype(np.float64)
    precision = correct / np.maximum(predicted, 1)
    recall = correct / np.maximum(gold, 1)
    f1 = 2 * correct / np.maximum(gold + predicted, 1)
    return np.stack([precision, recall, f1], axis=-2)


def score_groups(counts: SentenceCounts, samples: np.ndarray) -> list[GroupScore]:
    """Score each group by itself. A replicate without entities of the group says nothing about it and is left out.

    Args:
        counts: The split.
        samples: Its resampled counts, from `resample`.
    """
    totals, values, drawn = counts.totals, score_counts(counts.totals), score_counts(samples)
    rows = []
    for place in range(len(counts.groups)):
        occurs = samples[:, [GOLD, PREDICTED], place].any(axis=1)
        precision, recall, f1 = (find_interval(values[kind, place], drawn[occurs, kind, place]) for kind in range(3))
        gold, predicted, correct = totals[:, place].tolist()
        rows.append(GroupScore(precision, recall, f1, gold, predicted, correct))
    return rows


def score_micro(counts: SentenceCounts, samples: np.ndarray) -> GroupScore:
    """Score all groups together."""
    return score_groups(counts.join_groups(), samples.sum(axis=2, keepdims=True))[0]


def score_macro(counts: SentenceCounts, samples: np.ndarray) -> Score:
    """Average the F1 of the groups; one that a replicate happens to lack keeps its score on the whole split there."""
    values = score_counts(counts.totals)[2]
    occurs = samples[:, [GOLD, PREDICTED]].any(axis=1)
    drawn = np.where(occurs, score_counts(samples)[:, 2], values)
    if not counts.groups:
        return Score(0.0, 0.0, 0.0)
    return find_interval(values.mean(), drawn.mean(axis=1))


def find_interval(value: float, drawn: np.ndarray) -> Score:
    """Return a score with the percentile interval of its replicates."""
    if not len(drawn):
        return Score(float(value), float(value), float(value))
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Score(float(value), float(low), float(high))
