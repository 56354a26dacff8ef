"""Entities below the winning tags: what is proposed, and that looking for less never loses one that is wanted."""

from itertools import pairwise

import numpy as np
import pytest

from token_classification.data.entities import Entity
from token_classification.data.labels import LabelSet
from token_classification.data.schemes import Scheme
from token_classification.inference.entities import find_spans, list_proposals
from token_classification.inference.proposals import LEAST_MARGINAL, Proposer, build_proposer
from token_classification.scoring.calibration import RAW_SCORES, LabelMaps, ScoreMap
from token_classification.scoring.marginals import Segment

LABELS = LabelSet(("O", "B-X", "I-X", "B-Y", "I-Y"), Scheme.IOB2)
MAPS = LabelMaps(ScoreMap(0.8, -0.5), {"Y": ScoreMap(1.3, 0.4)})


def draw_texts(seed: int, count: int) -> tuple[list[list[str]], np.ndarray, np.ndarray]:
    """Tags, log probabilities and borders of some texts, in most words of which `O` is the most probable label."""
    random = np.random.default_rng(seed)
    lengths = random.integers(0, 12, size=count)
    logits = random.normal(size=(lengths.sum(), len(LABELS))) * 2
    logits[:, 0] += random.exponential(4.0, size=len(logits))
    rows = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    starts = np.cumsum([0, *lengths])
    names = np.array(LABELS.names)[rows.argmax(axis=1)].tolist()
    return [names[start:end] for start, end in pairwise(starts)], rows, starts


def shown(proposer: Proposer, thresholds: dict[str, float], maps: LabelMaps, seed: int = 1) -> list[list[dict]]:
    tags, rows, starts = draw_texts(seed, 200)
    spans = [(place, place + 1) for place in range(20)]
    return [
        list_proposals("x" * 20, spans, segments, thresholds, maps)
        for segments in proposer.propose(tags, rows, starts)
    ]


def test_nothing_that_is_proposed_shares_a_word_with_anything():
    tags, rows, starts = draw_texts(2, 200)
    proposed = build_proposer(LABELS).propose(tags, rows, starts)
    assert sum(map(len, proposed)) > 200
    for row, segments in zip(tags, proposed, strict=True):
        entities = [*find_spans(row, LABELS.scheme), *(segment.entity for segment in segments)]
        words = [word for entity in entities for word in range(entity.start, entity.end)]
        assert len(words) == len(set(words))
        assert all(segment.marginal >= LEAST_MARGINAL for segment in segments)


@pytest.mark.parametrize("thresholds", [{"X": 0.02, "Y": 0.3}, {"X": 0.2}, {"Y": 0.05}, {"X": 0.0}])
@pytest.mark.parametrize("maps", [RAW_SCORES, MAPS])
def test_looking_only_for_what_a_threshold_lets_through_loses_nothing(thresholds, maps):
    everything = shown(build_proposer(LABELS), thresholds, maps)
    assert shown(build_proposer(LABELS, thresholds, maps), thresholds, maps) == everything
    assert {one["label"] for found in everything for one in found} == set(thresholds)
    least = min(maps.find(label).invert(score) for label, score in thresholds.items())
    assert build_proposer(LABELS, thresholds, maps).least == max(least, LEAST_MARGINAL)


def test_a_higher_threshold_only_drops():
    before = shown(build_proposer(LABELS, {"X": 0.02, "Y": 0.02}, MAPS), {"X": 0.02, "Y": 0.02}, MAPS)
    after = shown(build_proposer(LABELS, {"X": 0.3, "Y": 0.1}, MAPS), {"X": 0.3, "Y": 0.1}, MAPS)
    least = {"X": 0.3, "Y": 0.1}
    assert after == [[one for one in found if one["score"] >= least[one["label"]]] for found in before] != before


def test_proposals_are_entities_of_the_text():
    segments = [Segment(Entity("X", 0, 2), 0.3), Segment(Entity("Y", 2, 3), 0.2)]
    spans = [(0, 2), (3, 5), (6, 8)]
    found = list_proposals("ab cd ef", spans, segments, {"X": 0.1}, MAPS)
    assert found == [{"start": 0, "end": 5, "label": "X", "score": MAPS.shared.apply(0.3), "text": "ab cd"}]
    assert list_proposals("ab cd ef", spans, segments, {}, MAPS) == []
