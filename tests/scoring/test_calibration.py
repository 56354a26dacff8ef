"""Scores as probabilities: measures against scikit-learn's, and maps that are found again in drawn data."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score

from token_classification.scoring.calibration import (
    LEAST_OUTCOMES,
    RAW,
    RAW_SCORES,
    Outcomes,
    ScoreMap,
    fit_maps,
    list_fitted_labels,
    measure_reliability,
)


def make_outcomes(scores: np.ndarray, right: np.ndarray, labels: list[str] | None = None) -> Outcomes:
    """Outcomes of two answers a sentence."""
    count = len(scores)
    names = np.array(labels or ["X"] * count, dtype=object)
    return Outcomes(scores, right, names, np.arange(count) // 2, (count + 1) // 2)


def draw_outcomes(seed: int, count: int, truth: ScoreMap, label: str = "X") -> Outcomes:
    """Answers that are right with the probability to which `truth` maps their scores."""
    random = np.random.default_rng(seed)
    scores = random.beta(3, 1, size=count)
    return make_outcomes(scores, random.random(count) < truth.apply_to_all(scores), [label] * count)


def join(first: Outcomes, second: Outcomes) -> Outcomes:
    scores, right, labels = (
        np.concatenate([getattr(first, name), getattr(second, name)]) for name in ("scores", "right", "labels")
    )
    return make_outcomes(scores, right, labels.tolist())


def find_ece(scores: np.ndarray, right: np.ndarray) -> float:
    """The expected calibration error, as its definition says."""
    error = 0.0
    for low in range(10):
        chosen = (scores >= low / 10) & (scores < (low + 1) / 10 + (low == 9))
        if chosen.any():
            error += chosen.mean() * abs(scores[chosen].mean() - right[chosen].mean())
    return error


def test_measures_are_those_of_scikit_learn():
    outcomes = draw_outcomes(0, 501, ScoreMap(0.5, -0.7))
    scores = outcomes.scores.round(2)
    found = measure_reliability(outcomes, scores)
    assert found.count == 501
    assert found.ece.value == pytest.approx(find_ece(scores, outcomes.right))
    assert found.brier.value == pytest.approx(brier_score_loss(outcomes.right, scores))
    assert found.auc == pytest.approx(roc_auc_score(outcomes.right, scores))
    assert found.ece.low < found.ece.high
    assert found.brier.low < found.brier.value < found.brier.high
    assert sum(row.count for row in found.bins) == 501


def test_there_is_no_rank_where_all_are_right():
    assert measure_reliability(make_outcomes(np.array([0.5, 0.9]), np.array([True, True])), np.ones(2)).auc is None


def test_a_map_is_that_of_logistic_regression_on_log_odds():
    outcomes = draw_outcomes(1, 4000, ScoreMap(0.6, -0.8))
    log_odds = np.log(outcomes.scores / (1 - outcomes.scores))
    oracle = LogisticRegression(C=1e6).fit(log_odds[:, None], outcomes.right)
    fit = fit_maps(outcomes)
    assert fit.method == "platt"
    assert (fit.maps.shared.slope, fit.maps.shared.offset) == pytest.approx(
        (oracle.coef_[0, 0], oracle.intercept_[0]), abs=5e-3
    )


@pytest.mark.parametrize("truth", [ScoreMap(0.5, -0.9), ScoreMap(0.4, 0.0)])
def test_calibrated_scores_are_probabilities_of_fresh_answers(truth):
    fit = fit_maps(draw_outcomes(2, 1500, truth))
    fresh = draw_outcomes(3, 20_000, truth)
    assert find_ece(fresh.scores, fresh.right) > 0.08
    assert find_ece(fit.maps.apply(fresh), fresh.right) < 0.03


def test_types_that_differ_get_maps_of_their_own():
    first, second = ScoreMap(0.8, 0.9), ScoreMap(0.8, -1.5)
    few = draw_outcomes(4, 6, RAW, "few")
    outcomes = join(join(draw_outcomes(5, 800, first, "A"), draw_outcomes(6, 800, second, "B")), few)
    fit = fit_maps(outcomes)
    assert fit.method == "platt_by_type"
    assert set(fit.maps.own) == {"A", "B"}
    assert fit.maps.own["A"].offset > 0.4 > -0.8 > fit.maps.own["B"].offset
    assert fit.maps.find("few") == fit.maps.shared


def test_a_type_needs_right_and_wrong_answers():
    right = np.array([True] * 50 + [False] * (LEAST_OUTCOMES - 1))
    outcomes = make_outcomes(np.full(len(right), 0.5), right)
    assert list_fitted_labels(outcomes) == []
    enough = make_outcomes(np.full(len(right) + 1, 0.5), np.append(right, False))
    assert list_fitted_labels(enough) == ["X"]


def test_scores_that_are_probabilities_hardly_change():
    outcomes = draw_outcomes(8, 3000, RAW)
    assert np.abs(fit_maps(outcomes).maps.apply(outcomes) - outcomes.scores).max() < 0.05
    assert ScoreMap().apply(0.123456789) == 0.123456789


def test_scores_that_are_probabilities_stay_as_they_are_in_most_cases():
    """By the log loss alone, 28 of 40 would."""
    methods = [fit_maps(draw_outcomes(seed, 600, RAW)).method for seed in range(20, 60)]
    assert methods.count("raw") >= 32


def test_a_map_never_reverses_an_order():
    """Scores that are the higher the more often they are wrong."""
    random = np.random.default_rng(9)
    scores = random.random(1000)
    fit = fit_maps(make_outcomes(scores, random.random(1000) > scores))
    assert set(fit.refused) == {"temperature", "platt", "platt_by_type"}
    assert (fit.method, fit.maps) == ("raw", RAW_SCORES)


def test_certain_scores_can_be_mapped():
    score_map = ScoreMap(0.5, -1.0)
    mapped = score_map.apply_to_all(np.array([0.0, 1e-300, 0.5, 1.0]))
    assert np.isfinite(mapped).all()
    assert (np.diff(mapped) >= 0).all()
    assert 0 <= mapped[0] < mapped[2] < mapped[3] < 1
    assert score_map.apply(0.5) == mapped[2]


@pytest.mark.parametrize("score_map", [RAW, ScoreMap(0.5, -1.0), ScoreMap(2.0, 3.0)])
def test_a_map_can_be_turned_around(score_map):
    for score in (0.001, 0.2, 0.5, 0.97):
        before = score_map.invert(score)
        assert score_map.apply(before) == pytest.approx(score, rel=1e-6)
        assert score_map.apply(before) <= score
    assert score_map.invert(0.0) < 1e-2


def test_many_certain_answers_do_not_carry_a_fit_away():
    scores = np.array([1.0] * 5000 + [0.6] * 40)
    fit = fit_maps(make_outcomes(scores, np.array([True] * 4999 + [False] + [True, False] * 20)))
    assert 0 < fit.maps.shared.slope < 2
    assert np.isfinite(list(fit.losses.values())).all()
