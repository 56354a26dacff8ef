"""Thresholds with a promise: the bounds are scipy's, and the promises hold on fresh data as often as they say."""

import numpy as np
import pytest
from scipy.stats import beta

from token_classification.scoring.calibration import Outcomes
from token_classification.scoring.operating_points import (
    OutOfReach,
    bound_share,
    find_balanced,
    find_complete,
    find_precise,
)


def make_outcomes(scores: np.ndarray, right: np.ndarray) -> Outcomes:
    count = len(scores)
    return Outcomes(scores, right, np.array(["X"] * count, dtype=object), np.arange(count), count)


def draw_outcomes(random: np.random.Generator, count: int) -> Outcomes:
    """Entities that are right with the probability that their score says."""
    scores = random.beta(4, 1, size=count)
    return make_outcomes(scores, random.random(count) < scores)


@pytest.mark.parametrize(("hits", "trials"), [(1, 1), (1, 20), (58, 58), (59, 59), (300, 310), (5000, 9000)])
@pytest.mark.parametrize("level", [0.05, 0.0025])
def test_bounds_are_those_of_clopper_and_pearson(hits, trials, level):
    assert bound_share(hits, trials, level) == pytest.approx(beta.ppf(level, hits, trials - hits + 1), abs=1e-9)


def test_nothing_is_promised_of_nothing():
    assert bound_share(0, 10, 0.05) == bound_share(0, 0, 0.05) == 0


@pytest.mark.parametrize("target", [0.85, 0.9])
def test_a_promised_precision_holds_on_fresh_data(target):
    random = np.random.default_rng(1)
    draws = [draw_outcomes(random, 1500) for _ in range(60)]
    found = [find_precise(dev.scores, dev, 2000, target).threshold for dev in draws]
    # The mean of the scores above a threshold, which are the probabilities of being right.
    truth = [0.8 * (1 - threshold**5) / (1 - threshold**4) for threshold in found]
    assert sum(precision < target for precision in truth) <= 3
    assert np.mean(truth) < target + 0.04


def test_a_promised_recall_holds_on_fresh_data():
    random = np.random.default_rng(2)
    draws = [draw_outcomes(random, 1000) for _ in range(200)]
    found = [find_complete(dev.scores, dev, int(dev.right.sum()), 0.9).threshold for dev in draws]
    recalls = [1 - threshold**5 for threshold in found]
    # 5 % of 200, and three standard deviations of that.
    assert sum(recall < 0.9 for recall in recalls) <= 19
    assert np.mean(recalls) < 0.93


def split_found(outcomes: Outcomes) -> tuple[Outcomes, Outcomes]:
    """What the tags mark, and what may be proposed: chance decides, so that the one has no better scores."""
    is_found = np.arange(len(outcomes.scores)) % 3 > 0
    return outcomes.select(is_found), outcomes.select(~is_found)


def test_a_recall_beyond_the_tags_holds_on_fresh_data():
    random = np.random.default_rng(4)
    recalls = []
    for _ in range(200):
        dev = draw_outcomes(random, 1200)
        found, proposed = split_found(dev)
        choice = find_complete(found.scores, found, int(dev.right.sum()), 0.85, proposed)
        assert choice.threshold == 0
        assert choice.bound >= 0.85
        # Two thirds are found whatever their score, and of the others those above the threshold.
        recalls.append((2 + 1 - choice.proposed**5) / 3)
    assert sum(recall < 0.85 for recall in recalls) <= 19
    assert np.mean(recalls) < 0.88


def test_entities_are_proposed_only_where_the_tags_are_not_enough():
    random = np.random.default_rng(5)
    dev = draw_outcomes(random, 3000)
    found, proposed = split_found(dev)
    gold = int(dev.right.sum())
    assert find_complete(found.scores, found, gold, 0.6, proposed) == find_complete(found.scores, found, gold, 0.6)
    assert isinstance(find_complete(found.scores, found, gold, 0.8), OutOfReach)
    choice = find_complete(found.scores, found, gold, 0.8, proposed)
    kept = np.concatenate((found.right, proposed.right[proposed.scores >= choice.proposed]))
    assert (choice.precision, choice.recall) == (kept.mean(), kept.sum() / gold)
    beyond = find_complete(found.scores, found, gold + 1000, 0.95, proposed)
    assert beyond == OutOfReach(bound_share(gold, gold + 1000, 0.05))


def test_the_lowest_threshold_is_taken_that_keeps_a_precision():
    scores = np.linspace(0, 1, 1001)[1:]
    outcomes = make_outcomes(scores, scores > 0.4)
    choice = find_precise(scores, outcomes, 600, 0.95)
    assert 0.35 <= choice.threshold <= 0.45
    assert choice.bound >= 0.95
    assert choice.recall == 1


def test_what_cannot_be_promised_is_said_with_the_best_that_can():
    scores = np.linspace(0.5, 1, 40)
    outcomes = make_outcomes(scores, np.ones(40, dtype=bool))
    assert find_precise(scores, outcomes, 40, 0.95) == OutOfReach(pytest.approx(0.0025 ** (1 / 40)))
    # 40 of 50 are found at all.
    assert find_complete(scores, outcomes, 50, 0.9) == OutOfReach(pytest.approx(bound_share(40, 50, 0.05)))
    nothing = make_outcomes(np.array([]), np.array([], dtype=bool))
    assert find_precise(nothing.scores, nothing, 9, 0.5) == find_complete(nothing.scores, nothing, 9, 0.5)


def test_the_balanced_threshold_has_the_best_f1():
    random = np.random.default_rng(3)
    outcomes = draw_outcomes(random, 400)
    scores = outcomes.scores.round(2)
    gold = int(outcomes.right.sum()) + 30
    choice = find_balanced(scores, outcomes, gold)
    f1 = {
        threshold: 2 * outcomes.right[scores >= threshold].sum() / ((scores >= threshold).sum() + gold)
        for threshold in [0.0, *np.unique(scores)]
    }
    assert f1[choice.threshold] == max(f1.values())
    assert choice.bound is None
