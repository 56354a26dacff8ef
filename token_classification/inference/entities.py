"""Tags of words to entities of a text: places, labels, scores; and which of them are sure enough."""

import math
from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

from token_classification.data.entities import Entity, find_entities
from token_classification.data.levels import Labels, list_sets
from token_classification.data.schemes import OUTSIDE, Scheme, name_type
from token_classification.errors import UserError
from token_classification.scoring.calibration import RAW_SCORES, LabelMaps
from token_classification.scoring.marginals import Segment

Thresholds = Mapping[str, float]
"""Label -> least score of an entity; a label that is not named has none."""


class TextEntity(TypedDict):
    """An entity of a text: `text[start:end]` of the whole text is its own `text`."""

    start: int
    end: int
    label: str
    score: float
    text: str
    level: NotRequired[str]
    """Where the model finds nested entities: `outer`, `inner` ..."""


def list_entities(
    text: str,
    spans: Sequence[tuple[int, int]],
    tags: Sequence[str],
    scores: Sequence[float],
    scheme: Scheme,
    thresholds: Thresholds,
    maps: LabelMaps = RAW_SCORES,
) -> list[TextEntity]:
    """List the entities of a text, in order; no two overlap.

    The score of an entity is that of its words together (`score_words`), calibrated. The threshold applies to whole
    entities after decoding, so raising it never adds one.

    Args:
        text: The text.
        spans: Where its words are.
        tags: One tag per word.
        scores: The probability of each tag.
        scheme: How the tags mark entities; each plain tag but `O` is an entity of its own.
        thresholds: Lowest scores.
        maps: What makes probabilities of scores.
    """
    entities: list[TextEntity] = []
    for label, first, end in find_spans(tags, scheme):
        score = maps.find(label).apply(score_words(scores[first:end]))
        if score >= thresholds.get(label, 0.0):
            entities.append(_place_entity(text, spans[first:end], label, score))
    return entities


def list_proposals(
    text: str, spans: Sequence[tuple[int, int]], segments: Sequence[Segment], thresholds: Thresholds, maps: LabelMaps
) -> list[TextEntity]:
    """List the entities of a text that are proposed below the winning tags, in order.

    Args:
        text: The text.
        spans: Where its words are.
        segments: What is proposed.
        thresholds: Lowest scores; of a label that is not named nothing is listed.
        maps: What makes scores of marginals.
    """
    entities: list[TextEntity] = []
    for (label, first, end), marginal in segments:
        score = maps.find(label).apply(marginal)
        if label in thresholds and score >= thresholds[label]:
            entities.append(_place_entity(text, spans[first:end], label, score))
    return entities


def _place_entity(text: str, words: Sequence[tuple[int, int]], label: str, score: float) -> TextEntity:
    start, end = words[0][0], words[-1][1]
    return {"start": start, "end": end, "label": label, "score": score, "text": text[start:end]}


def score_words(scores: Sequence[float]) -> float:
    """Return the score of words that belong together: the geometric mean of the probabilities of their tags.

    Not the product, which sinks with each word: it calls long entities unsure that are right as often as short ones.
    """
    return math.prod(score ** (1 / len(scores)) for score in scores)


def find_spans(tags: Sequence[str], scheme: Scheme) -> list[Entity]:
    """Find what is an entity in a text: each plain tag but `O` is one."""
    if scheme == Scheme.PLAIN:
        return [Entity(tag, place, place + 1) for place, tag in enumerate(tags) if tag != OUTSIDE]
    return find_entities(tags)


def list_entity_labels(labels: Labels) -> list[str]:
    """List the labels that entities can have, sorted: types of the tags (`_` for bare ones), or the plain tags."""
    names = {name for label_set in list_sets(labels).values() for name in label_set.names} - {OUTSIDE}
    return sorted(names if labels.scheme == Scheme.PLAIN else set(map(name_type, names)))


def read_thresholds(threshold: float | Mapping[str, float], labels: Labels) -> Thresholds:
    """Return the lowest score of each label, given one for all labels or one for each that is named.

    Raises:
        UserError: a label that the model doesn't have, or a threshold that is not a probability.
    """
    known = list_entity_labels(labels)
    thresholds = threshold if isinstance(threshold, Mapping) else dict.fromkeys(known, threshold)
    unknown = sorted(set(map(str, thresholds)) - set(known))
    if unknown:
        raise UserError(f"threshold: the model has no label {', '.join(unknown)}; accepted are {', '.join(known)}.")
    for label, least in thresholds.items():
        if isinstance(least, bool) or not isinstance(least, int | float) or not 0 <= least <= 1:
            raise UserError(f"threshold: {least!r} for {label}; accepted is a probability, from 0 to 1, e.g. 0.8.")
    return dict(thresholds)
