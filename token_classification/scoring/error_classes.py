"""What is wrong with each entity: gold and predicted entities of a sentence side by side, one to one."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from token_classification.data.entities import Entity, find_entities
from token_classification.data.schemes import Scheme, Tags


class ErrorClass(StrEnum):
    """How a predicted entity relates to the gold one at its place.

    After MUC-5 (Chinchor & Sundheim 1993) and SemEval-2013 task 9.1 (Segura-Bedmar et al. 2013). Every gold entity is
    exactly one of all but spurious, every predicted one exactly one of all but missed.
    """

    CORRECT = "correct"
    TYPE = "type"
    """The right words, another type"""
    BOUNDARY = "boundary"
    """The right type, some of the words"""
    TYPE_AND_BOUNDARY = "type+boundary"
    """Another type, some of the words"""
    MISSED = "missed"
    """A gold entity at which nothing is predicted"""
    SPURIOUS = "spurious"
    """A predicted entity where gold has none"""


ERRORS = tuple(error for error in ErrorClass if error != ErrorClass.CORRECT)


class EntityPair(NamedTuple):
    """A gold entity and the predicted one that stands for it; one of them is None for missed and spurious."""

    gold: Entity | None
    predicted: Entity | None
    error: ErrorClass

    @property
    def place(self) -> tuple[int, int]:
        """Where the pair begins and ends, for sorting."""
        sides = [side for side in (self.gold, self.predicted) if side is not None]
        return min(side.start for side in sides), max(side.end for side in sides)


def find_scored_entities(tags: Sequence[str], scheme: Scheme) -> list[Entity]:
    """What counts in the scores of one sentence: its entities, or with plain tags each word by itself."""
    if scheme == Scheme.PLAIN:
        return [Entity(tag, place, place + 1) for place, tag in enumerate(tags)]
    return find_entities(tags)


def pair_entities(gold: Sequence[Entity], predicted: Sequence[Entity]) -> list[EntityPair]:
    """Pair the entities of one sentence, in the order of their places.

    Equal entities first, then the same words with another type, then overlaps: those of one type before those of two,
    more common words before fewer, the left one first. What is left over is missed or spurious. Each entity is in one
    pair, so that the classes sum up to the entities of both sides.

    Args:
        gold: Entities without words in common, in the order of their places.
        predicted: Such entities of the other side.
    """
    if gold == predicted:
        return [EntityPair(entity, entity, ErrorClass.CORRECT) for entity in gold]
    candidates = sorted(
        (list(ErrorClass).index(error), -overlap, g, p, error)
        for g, p, overlap in find_overlaps(gold, predicted)
        for error in [_classify(gold[g], predicted[p])]
    )
    free_gold, free_predicted = dict(enumerate(gold)), dict(enumerate(predicted))
    pairs = []
    for _, _, g, p, error in candidates:
        if g in free_gold and p in free_predicted:
            pairs.append(EntityPair(free_gold.pop(g), free_predicted.pop(p), error))
    pairs += [EntityPair(entity, None, ErrorClass.MISSED) for entity in free_gold.values()]
    pairs += [EntityPair(None, entity, ErrorClass.SPURIOUS) for entity in free_predicted.values()]
    return sorted(pairs, key=lambda pair: pair.place)


def find_overlaps(gold: Sequence[Entity], predicted: Sequence[Entity]) -> Iterator[tuple[int, int, int]]:
    """Number of a gold entity, number of a predicted one, and how many words they have in common (one at least)."""
    first = 0
    for g, entity in enumerate(gold):
        while first < len(predicted) and predicted[first].end <= entity.start:
            first += 1
        for p in range(first, len(predicted)):
            if predicted[p].start >= entity.end:
                break
            yield g, p, min(entity.end, predicted[p].end) - max(entity.start, predicted[p].start)


def pair_sentences(gold: Tags, predicted: Tags, scheme: Scheme) -> list[list[EntityPair]]:
    """The pairs of every sentence; the same sentences and words on both sides."""
    return [
        pair_entities(find_scored_entities(gold_tags, scheme), find_scored_entities(predicted_tags, scheme))
        for gold_tags, predicted_tags in zip(gold, predicted, strict=True)
    ]


def _classify(gold: Entity, predicted: Entity) -> ErrorClass:
    """The class of two entities with common words."""
    is_same_type = gold.type == predicted.type
    if (gold.start, gold.end) == (predicted.start, predicted.end):
        return ErrorClass.CORRECT if is_same_type else ErrorClass.TYPE
    return ErrorClass.BOUNDARY if is_same_type else ErrorClass.TYPE_AND_BOUNDARY
