"""Which answers of a model are right, with their scores: what a calibration is fitted on."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from token_classification.data.labels import LabelSet
from token_classification.data.schemes import Tags
from token_classification.inference.entities import find_spans, list_entity_labels, score_words
from token_classification.scoring.calibration import Outcomes
from token_classification.scoring.marginals import Segment


@dataclass(frozen=True)
class SplitOutcomes:
    """The answers to a labelled split."""

    entities: Outcomes
    """An entity is right if its label and all of its words are"""
    words: Outcomes
    """A word is right if its tag is; those of which the model sees nothing (no sub-token) are left out"""
    gold: Counter[str]
    """Label -> how many entities there are to find"""
    labels: list[str]
    """Those that the model knows"""
    proposals: Outcomes
    """Entities that are proposed where the tags mark none; the score is the marginal"""


def collect_outcomes(
    gold: Tags,
    predicted: Tags,
    scores: np.ndarray,
    label_set: LabelSet,
    proposals: Sequence[Sequence[Segment]] = (),
) -> SplitOutcomes:
    """Collect the entities and words that a model found in a split, and the entities that it may have missed.

    Args:
        gold: The right tags.
        predicted: Those of the model.
        scores: Probabilities of the model's tags as it gives them, float (words,).
        label_set: What the model knows.
        proposals: What is proposed for each sentence (`inference.proposals`).
    """
    found: list[tuple[float, bool, str, int]] = []
    proposed: list[tuple[float, bool, str, int]] = []
    counts: Counter[str] = Counter()
    start = 0
    for number, (gold_tags, tags) in enumerate(zip(gold, predicted, strict=True)):
        right = set(find_spans(gold_tags, label_set.scheme))
        counts.update(entity.type for entity in right)
        row = scores[start : start + len(tags)].tolist()
        found += [
            (score_words(row[entity.start : entity.end]), entity in right, entity.type, number)
            for entity in find_spans(tags, label_set.scheme)
        ]
        if proposals:
            proposed += [
                (segment.marginal, segment.entity in right, segment.entity.type, number)
                for segment in proposals[number]
            ]
        start += len(tags)
    words = [
        (float(score), tag == gold_tag, tag, number)
        for score, (tag, gold_tag, number) in zip(scores, _list_words(gold, predicted), strict=True)
        if score > 0
    ]
    return SplitOutcomes(
        _stack(found, len(gold)),
        _stack(words, len(gold)),
        counts,
        list_entity_labels(label_set),
        _stack(proposed, len(gold)),
    )


def _list_words(gold: Tags, predicted: Tags) -> list[tuple[str, str, int]]:
    return [
        (tag, gold_tag, number)
        for number, (gold_tags, tags) in enumerate(zip(gold, predicted, strict=True))
        for gold_tag, tag in zip(gold_tags, tags, strict=True)
    ]


def _stack(rows: Sequence[tuple[float, bool, str, int]], sentences: int) -> Outcomes:
    return Outcomes(
        scores=np.array([row[0] for row in rows], dtype=np.float64),
        right=np.array([row[1] for row in rows], dtype=bool),
        labels=np.array([row[2] for row in rows], dtype=object),
        sentences=np.array([row[3] for row in rows], dtype=np.int64),
        sentence_count=sentences,
    )
