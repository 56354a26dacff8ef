"""Entities that models which have not seen them contradict, ranked by how surely the label is wrong."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from token_classification.auditing.other_places import count_places
from token_classification.auditing.read_file import LabelledFile
from token_classification.data.entities import Entity
from token_classification.inference.engine import Beliefs
from token_classification.scoring.error_classes import EntityPair, ErrorClass, find_scored_entities, pair_entities


@dataclass(frozen=True)
class Candidate:
    """Some words whose label may be wrong: those of entities that overlap, the file's and the model's."""

    row: int
    """The sentence"""
    start: int
    end: int
    """The first word behind them"""
    labelled: list[Entity]
    """What the file says"""
    suggested: list[Entity]
    """What the model says"""
    kind: ErrorClass
    """What is wrong with the label if the model is right"""
    probability: float
    """How probable it is that the model is right, if one of the two is"""
    score: float
    """How surely the label is wrong: higher comes first"""


def find_candidates(file: LabelledFile, beliefs: Beliefs) -> list[Candidate]:
    """Return what the models contradict, the labels that are most surely wrong first."""
    numbers = {label: number for number, label in enumerate(file.labels)}
    confusions = measure_confusions(file, beliefs, numbers)
    places = count_places(file)
    candidates = []
    rows = zip(file.sentences.tokens, file.sentences.gold, beliefs.tags, beliefs.log_probabilities, strict=True)
    for row, (words, gold, tags, weights) in enumerate(rows):
        if gold == tags:
            continue
        # The other way round than in an evaluation: it is the file that is scored here, against the model.
        pairs = pair_entities(find_scored_entities(tags, file.scheme), find_scored_entities(gold, file.scheme))
        for group in join_overlaps(pairs):
            if all(pair.error == ErrorClass.CORRECT for pair in group):
                continue
            start, end = min(pair.place[0] for pair in group), max(pair.place[1] for pair in group)
            labelled, suggested = ([numbers[tag] for tag in side[start:end]] for side in (gold, tags))
            elsewhere = list(map(places.favour, words[start:end], gold[start:end], tags[start:end]))
            candidates.append(
                Candidate(
                    row=row,
                    start=start,
                    end=end,
                    labelled=sorted({pair.predicted for pair in group if pair.predicted}, key=_find_start),
                    suggested=sorted({pair.gold for pair in group if pair.gold}, key=_find_start),
                    kind=choose_kind(group),
                    probability=weigh_sides(weights[start:end], labelled, suggested),
                    score=rate_label(weights[start:end], labelled, suggested, confusions, elsewhere),
                )
            )
    return sorted(candidates, key=lambda one: -one.score)


def measure_confusions(file: LabelledFile, beliefs: Beliefs, numbers: Mapping[str, int]) -> np.ndarray:
    """Return what models take the words of each label for, on average.

    Returns:
        float64, (labels, labels): log of the mean probability of a column's label for the words of a row's label. One
        word for which all labels are as probable is added to each row.
    """
    count = len(numbers)
    sums, words = np.full((count, count), 1 / count), np.ones((count, 1))
    for tags, weights in zip(file.sentences.gold, beliefs.log_probabilities, strict=True):
        rows = [numbers[tag] for tag in tags]
        np.add.at(sums, rows, np.exp(weights))
        np.add.at(words, rows, 1)
    return np.log(sums / words)


def rate_label(
    weights: np.ndarray,
    labelled: Sequence[int],
    suggested: Sequence[int],
    confusions: np.ndarray,
    elsewhere: Sequence[float],
) -> float:
    """Return how surely the labels of some words are wrong; the worst word decides.

    A label is the worse, the less probable it is, the more seldom models take words of this label for what is
    suggested (without this, entities that models often overlook would come first), and the more other places of the
    word speak against it. A mean over the words would hide one wrong end of a long entity.
    `benchmarks/label_audit.py` compares measures.

    Args:
        weights: float32, (words, labels): log probabilities.
        labelled: The label of each word in the file.
        suggested: The label of each word as the model says.
        confusions: What `measure_confusions` returns.
        elsewhere: What other places of each word say (`OtherPlaces.favour`).
    """
    return max(
        -float(row[label]) - float(confusions[label, other]) + favour
        for row, label, other, favour in zip(weights, labelled, suggested, elsewhere, strict=True)
        if label != other
    )


def weigh_sides(weights: np.ndarray, labelled: Sequence[int], suggested: Sequence[int]) -> float:
    """Return how probable the suggested labels of some words are, if they or those of the file are right.

    The word on which the model contradicts most surely decides.

    Args:
        weights: float32, (words, labels): log probabilities.
        labelled: The label of each word in the file.
        suggested: The label of each word as the model says.
    """
    words = np.arange(len(weights))
    lead = float((weights[words, suggested] - weights[words, labelled]).max())
    return 1 / (1 + math.exp(-min(max(lead, -500.0), 500.0)))


def join_overlaps(pairs: Sequence[EntityPair]) -> Iterator[list[EntityPair]]:
    """Yield the pairs of a sentence in groups that share no word with each other."""
    group: list[EntityPair] = []
    end = 0
    for pair in pairs:
        if group and pair.place[0] >= end:
            yield group
            group = []
        group.append(pair)
        end = max(end, pair.place[1])
    if group:
        yield group


def choose_kind(group: Sequence[EntityPair]) -> ErrorClass:
    """Return the class of a group: that of the pair with two sides, if there is one."""
    wrong = [pair for pair in group if pair.error != ErrorClass.CORRECT]
    return max(wrong, key=lambda pair: len(pair.sides)).error


def _find_start(entity: Entity) -> int:
    return entity.start
