"""What is wrong with each entity: the gold and predicted entities of a sentence, paired one to one."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from token_classification.data.entities import Entity, find_entities
from token_classification.data.schemes import Scheme, Tags


class ErrorClass(StrEnum):
    """How a predicted entity relates to the gold one at its place.

    After MUC-5 (Chinchor & Sundheim 1993) and SemEval-2013 task 9.1 (Segura-Bedmar et al. 2013). Every gold entity is
    in exactly one class other than spurious, every predicted one in exactly one other than missed.
    """

    CORRECT = "correct"
    TYPE = "type"
    """The right words, the wrong type"""
    BOUNDARY = "boundary"
    """The right type, some of the words"""
    TYPE_AND_BOUNDARY = "type+boundary"
    """The wrong type, some of the words"""
    MISSED = "missed"
    """A gold entity where nothing is predicted"""
    SPURIOUS = "spurious"
    """A predicted entity where there is none in gold"""


ERRORS = tuple(error for error in ErrorClass if error != ErrorClass.CORRECT)


class EntityPair(NamedTuple):
    """A gold entity and its predicted counterpart; one of them is None if it is missed or spurious."""

    gold: Entity | None
    predicted: Entity | None
    error: ErrorClass

    @property
    def sides(self) -> list[Entity]:
        """The gold entity, then the predicted one, as far as there are any."""
        return [side for side in (self.gold, self.predicted) if side is not None]

    @property
    def place(self) -> tuple[int, int]:
        """Where the pair begins and ends, for sorting."""
        return min(side.start for side in self.sides), max(side.end for side in self.sides)


def find_scored_entities(tags: Sequence[str], scheme: Scheme) -> list[Entity]:
    """Find what is scored in one sentence: its entities, or with plain tags each word by itself."""
    if scheme == Scheme.PLAIN:
        return [Entity(tag, place, place + 1) for place, tag in enumerate(tags)]
    return find_entities(tags)


def pair_entities(gold: Sequence[Entity], predicted: Sequence[Entity]) -> list[EntityPair]:
    """Pair the entities of one sentence, sorted by position.

    Equal entities come first, then those with the same words and different types, then overlaps: the same type before
    different types, more words in common before fewer, left before right. What remains is missed or spurious. Each
    entity is in exactly one pair, so the classes add up to the entities of both sides.

    Args:
        gold: Entities that do not overlap, sorted by position.
        predicted: The same for the other side.
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
    """Yield the index of a gold entity, that of a predicted one, and how many words they share (at least one)."""
    first = 0
    for g, entity in enumerate(gold):
        while first < len(predicted) and predicted[first].end <= entity.start:
            first += 1
        for p in range(first, len(predicted)):
            if predicted[p].start >= entity.end:
                break
            yield g, p, min(entity.end, predicted[p].end) - max(entity.start, predicted[p].start)


def pair_sentences(gold: Tags, predicted: Tags, scheme: Scheme) -> list[list[EntityPair]]:
    """Pair the entities of every sentence; both sides have the same sentences and words."""
    return [
        pair_entities(find_scored_entities(gold_tags, scheme), find_scored_entities(predicted_tags, scheme))
        for gold_tags, predicted_tags in zip(gold, predicted, strict=True)
    ]


def _classify(gold: Entity, predicted: Entity) -> ErrorClass:
    """Return the class of two entities that share words."""
    is_same_type = gold.type == predicted.type
    if (gold.start, gold.end) == (predicted.start, predicted.end):
        return ErrorClass.CORRECT if is_same_type else ErrorClass.TYPE
    return ErrorClass.BOUNDARY if is_same_type else ErrorClass.TYPE_AND_BOUNDARY
