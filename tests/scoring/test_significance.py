"""Paired tests: equal models do not differ, clearly better ones do, and chance gives what chance must."""

import tracemalloc
from itertools import product

import numpy as np
import pytest

from token_classification.scoring import intervals, significance
from token_classification.scoring.intervals import SentenceCounts
from token_classification.scoring.significance import SHUFFLES, compare_groups, find_p_value


def make_counts(correct: list[int]) -> SentenceCounts:
    """A sentence with one gold and one predicted entity for each 0 (wrong) or 1 (right)."""
    values = np.ones((len(correct), 3, 1), dtype=np.int32)
    values[:, 2, 0] = correct
    return SentenceCounts(("PER",), values)


def test_a_model_does_not_differ_from_itself() -> None:
    counts = make_counts([1, 0, 1, 1, 0])
    [row] = compare_groups(counts, counts)
    assert (row.value, row.low, row.high) == (0, 0, 0)
    assert find_p_value(counts, counts) == 1


def test_the_p_value_is_the_share_of_all_exchanges() -> None:
    a, b = [0, 0, 0, 1, 0, 1, 1, 0], [1, 1, 1, 0, 1, 1, 1, 1]
    differing = [y - x for x, y in zip(a, b, strict=True) if x != y]
    observed = abs(sum(differing))
    exact = np.mean([abs(sum(np.multiply(differing, signs))) >= observed for signs in product([1, -1], repeat=6)])
    assert find_p_value(make_counts(a), make_counts(b)) == pytest.approx(exact, abs=0.02)


def test_the_p_value_has_no_side() -> None:
    a, b = make_counts([0] * 12 + [1] * 30), make_counts([1] * 12 + [0] * 4 + [1] * 26)
    assert find_p_value(a, b) == pytest.approx(find_p_value(b, a), abs=0.02)


def test_a_clearly_better_model_is_found() -> None:
    a, b = make_counts([0] * 40 + [1] * 60), make_counts([1] * 100)
    [row] = compare_groups(a, b)
    assert (row.a, row.b, row.value) == pytest.approx((0.6, 1.0, 0.4))
    assert 0.25 < row.low < 0.4 < row.high < 0.55
    assert find_p_value(a, b) == 1 / (SHUFFLES + 1)


def test_models_that_differ_by_luck_are_seldom_called_different() -> None:
    random = np.random.default_rng(0)
    values = [
        find_p_value(make_counts(list(a)), make_counts(list(b)), shuffles=500)
        for a, b in random.integers(2, size=(100, 2, 60))
    ]
    assert np.mean(np.array(values) < 0.05) <= 0.12


def test_pairing_makes_the_interval_narrow() -> None:
    # Hard sentences are hard for both: the difference of one sentence in 100 is the same in most replicates.
    a, b = make_counts([0] * 50 + [1] * 50), make_counts([0] * 49 + [1] * 51)
    [row] = compare_groups(a, b)
    assert row.high - row.low < 0.05


def draw_two_models(sentences: int, groups: int, seed: int = 0) -> tuple[SentenceCounts, SentenceCounts]:
    """Counts of two models on the same gold: an entity of some group in every second sentence, most of them found."""
    random = np.random.default_rng(seed)
    places = np.arange(0, sentences, 2), np.arange(0, sentences, 2) % groups
    models = []
    for _ in range(2):
        values = np.zeros((sentences, 3, groups), dtype=np.int32)
        values[places[0], 0, places[1]] = 1
        found = random.random(len(places[0])) < 0.7
        values[places[0][found], 1:, places[1][found]] = 1
        models.append(SentenceCounts(tuple(map(str, range(groups))), values))
    return models[0], models[1]


def test_another_seed_moves_the_interval_by_less_than_a_tenth_of_a_point() -> None:
    a, b = (counts.join_groups() for counts in draw_two_models(1287, 6))
    ends = [(row.low, row.high) for seed in range(8) for row in compare_groups(a, b, seed=seed)]
    assert np.std(ends, axis=0).max() < 0.001
    assert np.std(ends, axis=0).min() > 0


def test_many_types_are_compared_in_little_memory() -> None:
    a, b = draw_two_models(200, 600)
    compare_groups(*draw_two_models(10, 2))
    tracemalloc.start()
    try:
        rows = compare_groups(a, b)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(rows) == 600
    assert peak < 100 << 20


def test_what_is_drawn_at_once_changes_nothing(monkeypatch) -> None:
    a, b = draw_two_models(40, 5)
    expected = compare_groups(a, b), find_p_value(a, b)
    monkeypatch.setattr(intervals, "CHOICES_AT_ONCE", 90)
    monkeypatch.setattr(significance, "GROUPS_AT_ONCE", 2)
    assert (compare_groups(a, b), find_p_value(a, b)) == expected
