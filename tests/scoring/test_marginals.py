"""Marginals of segments: those of all sequences one by one, whatever the scheme, the label set and the logits."""

from collections import Counter
from itertools import pairwise, product

import numpy as np
import pytest

from token_classification.data.entities import Entity
from token_classification.data.labels import LabelSet
from token_classification.data.schemes import Scheme
from token_classification.data.transitions import may_end, may_follow
from token_classification.inference.entities import find_spans
from token_classification.scoring import marginals
from token_classification.scoring.marginals import Segment, build_lattice, choose_apart

PREFIXES = {Scheme.IOB1: "BI", Scheme.IOB2: "BI", Scheme.IOBES: "BIES", Scheme.BILOU: "BILU"}


def make_label_set(scheme: Scheme, types: str = "XY") -> LabelSet:
    if scheme == Scheme.PLAIN:
        return LabelSet(("VERB", "O", "B-X", "I-X"), scheme)
    return LabelSet(("O", *(f"{prefix}-{name}" for prefix in PREFIXES[scheme] for name in types)), scheme)


def draw_rows(random: np.random.Generator, words: int, labels: int, scale: float) -> np.ndarray:
    """Log probabilities; a large scale makes them sure, and contradict each other."""
    logits = random.normal(size=(words, labels)) * scale
    logits -= logits.max(axis=1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def enumerate_paths(label_set: LabelSet, rows: np.ndarray) -> dict[Entity, float]:
    """The marginals, by looking at each sequence that the scheme allows."""
    total, weights = 0.0, Counter()
    for path in product(range(len(label_set)), repeat=len(rows)):
        tags = [label_set.names[label] for label in path]
        steps = pairwise(["O", *tags])
        if all(may_follow(before, tag, label_set.scheme) for before, tag in steps) and may_end(
            tags[-1], label_set.scheme
        ):
            weight = float(np.exp(rows[np.arange(len(rows)), path].sum()))
            total += weight
            for entity in find_spans(tags, label_set.scheme):
                weights[entity] += weight
    return {entity: weight / total for entity, weight in weights.items()} if total else {}


def find(label_set: LabelSet, sentences: list[np.ndarray], least: float) -> list[dict[Entity, float]]:
    rows = np.concatenate([*sentences, np.zeros((0, len(label_set)))])
    found = build_lattice(label_set).find_segments(rows, np.cumsum([0, *map(len, sentences)]), least)
    assert all(len({segment.entity for segment in one}) == len(one) for one in found)
    return [dict(one) for one in found]


def assert_same(found: dict[Entity, float], expected: dict[Entity, float], tolerance: float = 2e-9) -> None:
    for entity in {*found, *expected}:
        assert found.get(entity, 0.0) == pytest.approx(expected.get(entity, 0.0), abs=tolerance), entity


@pytest.mark.parametrize("scheme", Scheme)
@pytest.mark.parametrize("scale", [0.5, 3.0, 20.0])
def test_marginals_are_those_of_all_sequences(scheme, scale):
    random = np.random.default_rng(int(10 * scale))
    label_set = make_label_set(scheme)
    longest = 3 if len(label_set) > 5 else 5
    sentences = [draw_rows(random, words, len(label_set), scale) for words in (longest, 1, 0, 2, longest - 1, 1)]
    for rows, found in zip(sentences, find(label_set, sentences, 1e-13), strict=True):
        assert_same(found, enumerate_paths(label_set, rows) if len(rows) else {})


@pytest.mark.parametrize("scheme", PREFIXES)
def test_long_entities_too(scheme):
    label_set = make_label_set(scheme, "X")
    rows = draw_rows(np.random.default_rng(5), 6, len(label_set), 1.0)
    [found] = find(label_set, [rows], 1e-13)
    assert Entity("X", 0, 6) in found
    assert_same(found, enumerate_paths(label_set, rows))


@pytest.mark.parametrize(
    "label_set",
    [
        LabelSet(("O", "I-X", "B-Y"), Scheme.IOB2),  # nothing reaches I-X
        LabelSet(("O", "B-X", "I-X", "S-X"), Scheme.IOBES),  # B-X has no end
        LabelSet(("B-X", "I-X", "E-X"), Scheme.IOBES),  # no sentence of one word is allowed
        LabelSet(("B", "I", "O"), Scheme.IOB2),
        LabelSet(("O",), Scheme.IOB2),
    ],
)
def test_label_sets_with_gaps(label_set):
    random = np.random.default_rng(6)
    sentences = [draw_rows(random, words, len(label_set), 2.0) for words in (4, 1, 3, 2)]
    for rows, found in zip(sentences, find(label_set, sentences, 1e-13), strict=True):
        assert_same(found, enumerate_paths(label_set, rows))


def test_labels_that_nothing_reaches_leave_the_others_alone():
    """The model is sure of a label that never stands in a sequence, for a thousand words."""
    label_set = LabelSet(("O", "I-X", "B-Y"), Scheme.IOB2)
    rows = np.log(np.tile([0.0009, 0.999, 0.0001], (1000, 1)))
    [found] = find(label_set, [rows], 0.05)
    assert len(found) == 1000
    assert set(np.round([*found.values()], 9)) == {0.1}


@pytest.mark.parametrize("scheme", PREFIXES)
def test_logits_of_any_size(scheme):
    """Each word contradicts its neighbours as surely as float32 can say it."""
    label_set = make_label_set(scheme)
    rows = draw_rows(np.random.default_rng(7), 3000, len(label_set), 1e6).astype(np.float32)
    [found] = find(label_set, [rows], 1e-6)
    assert found
    covered = np.zeros(len(rows))
    for (_, start, end), marginal in found.items():
        assert 0 < marginal <= 1 + 1e-9
        covered[start:end] += marginal
    assert covered.max() <= 1 + 1e-6


@pytest.mark.parametrize("scheme", Scheme)
@pytest.mark.parametrize("least", [0.001, 0.02, 0.3])
def test_what_is_left_out_has_less_than_the_least(scheme, least):
    """Sentences that are surely without entities, and entities that hardly go on, are not looked at further."""
    random = np.random.default_rng(8)
    label_set = make_label_set(scheme, "XYZ")
    sentences = []
    for number in range(300):
        rows = draw_rows(random, int(random.integers(1, 9)), len(label_set), 2.0)
        rows[:, label_set.ids["O"]] += random.exponential(4.0) if number % 3 else 0.0
        sentences.append(rows - np.log(np.exp(rows).sum(axis=1, keepdims=True)))
    everything = find(label_set, sentences, 1e-12)
    expected = [{entity: share for entity, share in one.items() if share >= least} for one in everything]
    found = find(label_set, sentences, least)
    assert [one.keys() for one in found] == [one.keys() for one in expected]
    for one, other in zip(found, expected, strict=True):
        assert_same(one, other, 1e-12)
    assert sum(map(len, found)) < sum(map(len, everything))


def test_sentences_without_doubt_cost_nothing(monkeypatch):
    label_set = make_label_set(Scheme.IOB2)
    rows = np.log(np.tile([0.9996, 0.0001, 0.0001, 0.0001, 0.0001], (4, 1)))
    assert find(label_set, [rows], 0.0001)[0]
    monkeypatch.setattr(marginals, "_run_passes", None)
    assert find(label_set, [rows], 0.002) == [{}]


def test_a_word_that_the_model_has_not_seen_is_outside():
    label_set = make_label_set(Scheme.IOB2)
    rows = draw_rows(np.random.default_rng(9), 5, len(label_set), 1.0)
    rows[2] = 0.0
    [found] = find(label_set, [rows], 1e-9)
    assert found
    assert not any(entity.start <= 2 < entity.end for entity in found)
    [before] = find(label_set, [rows[:2]], 1e-9)
    assert {entity for entity in found if entity.end <= 2} == set(before)


def test_neighbours_in_a_batch_change_nothing():
    random = np.random.default_rng(10)
    label_set = make_label_set(Scheme.IOBES)
    sentences = [draw_rows(random, int(words), len(label_set), 2.0) for words in random.integers(1, 30, size=40)]
    together = find(label_set, sentences, 0.01)
    assert together == [find(label_set, [rows], 0.01)[0] for rows in sentences]


def test_nothing_is_found_in_no_words():
    assert find(make_label_set(Scheme.IOB2), [], 0.01) == []
    assert find(make_label_set(Scheme.IOB2), [np.zeros((0, 5))] * 2, 0.01) == [{}, {}]


def test_the_most_probable_of_those_that_overlap_is_chosen():
    a, b, c, d = (
        Segment(Entity("X", *place), share) for *place, share in [(0, 2, 0.3), (1, 3, 0.4), (3, 4, 0.1), (2, 4, 0.35)]
    )
    assert choose_apart([a, b, c, d], []) == [b, c]
    assert choose_apart([a, b, c, d], [Entity("Y", 2, 3)]) == [a, c]
    assert choose_apart([d, a], []) == [a, d]


def test_a_choice_that_is_cut_off_is_the_choice_of_what_remains():
    random = np.random.default_rng(11)
    for _ in range(200):
        segments = [
            Segment(Entity("XY"[start % 2], start, start + int(length)), float(share))
            for start, length, share in zip(
                random.integers(0, 12, 15).tolist(), random.integers(1, 5, 15), random.random(15), strict=True
            )
        ]
        whole = choose_apart(segments, [])
        for least in (0.2, 0.5, 0.8):
            above = choose_apart([segment for segment in segments if segment.marginal >= least], [])
            assert above == [segment for segment in whole if segment.marginal >= least]
