"""Drift of scores: the distance is scipy's, drawn alike is no drift, drawn otherwise is."""

import numpy as np
import pytest
from scipy.stats import ks_2samp

from token_classification.scoring.drift import LEAST_DISTANCE, SCORE_BINS, count_scores, find_drift


def draw(seed: int, count: int, a: float, b: float) -> np.ndarray:
    return np.random.default_rng(seed).beta(a, b, size=count)


def test_scores_are_counted_by_bin():
    assert count_scores([0.0, 0.049, 0.05, 0.999, 1.0]) == [2, 1, *[0] * (SCORE_BINS - 3), 2]
    assert count_scores([]) == [0] * SCORE_BINS


@pytest.mark.parametrize(("a", "b"), [(3, 1), (1, 1), (2, 2)])
def test_the_distance_is_that_of_kolmogorov_and_smirnov(a, b):
    there, here = draw(0, 700, 5, 1), draw(1, 900, a, b)
    found = find_drift(count_scores(there), count_scores(here))
    floored = [np.floor(scores * SCORE_BINS) for scores in (there, here)]
    assert found.distance == pytest.approx(ks_2samp(*floored).statistic)
    assert (found.mean_there, found.mean_here) == pytest.approx((there.mean(), here.mean()), abs=0.01)


def test_scores_of_the_same_kind_are_no_drift():
    pairs = [(draw(seed, 400, 3, 1), draw(seed + 500, 300, 3, 1)) for seed in range(300)]
    assert [find_drift(count_scores(there), count_scores(here)) for there, here in pairs].count(None) >= 298


def test_few_scores_and_small_distances_say_nothing():
    there = count_scores(draw(0, 700, 3, 1))
    assert find_drift(there, count_scores([])) is None
    assert find_drift(there, count_scores([0.1, 0.2])) is None
    many, others = count_scores(draw(1, 200_000, 3, 1)), count_scores(draw(2, 200_000, 2.8, 1))
    distance = np.abs(np.cumsum(np.subtract(many, others)) / 200_000).max()
    assert 0.02 < distance < LEAST_DISTANCE
    assert find_drift(many, others) is None
