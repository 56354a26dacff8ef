"""Several runs a side: seeds and sentences both count, and chance gives what chance must."""

import numpy as np
import pytest
from scipy.stats import f

from token_classification.scoring.intervals import SentenceCounts
from token_classification.scoring.several_runs import compare_sides, judge_sides


def make_run(correct: np.ndarray) -> SentenceCounts:
    """A sentence with one gold and one predicted entity for each number: whether it is right."""
    values = np.ones((len(correct), 3, 1), dtype=np.int32)
    values[:, 2, 0] = correct
    return SentenceCounts(("PER",), values)


def draw_sides(
    random: np.random.Generator,
    *,
    runs: int = 4,
    sentences: int = 200,
    seeds: float = 0.0,
    texts: float = 0.0,
    gain=0.0,
) -> tuple[list[SentenceCounts], list[SentenceCounts]]:
    """Draw two sides whose runs differ by `seeds`, and which find other sentences hard by `texts`."""
    hardness = random.normal(size=sentences)
    sides = []
    for side in range(2):
        own = hardness + texts * random.normal(size=sentences) + side * gain
        sides.append(
            [make_run(own + seeds * random.normal() + 0.5 * random.normal(size=sentences) > 0) for _ in range(runs)]
        )
    return sides[0], sides[1]


@pytest.mark.parametrize(
    "chance", [{"seeds": 0.3}, {"texts": 0.7}, {"seeds": 0.15, "texts": 0.5}, {"seeds": 0.3, "runs": 2}]
)
def test_equally_good_sides_are_seldom_called_different(chance) -> None:
    random = np.random.default_rng(0)
    values = [compare_sides(*draw_sides(random, **chance), replicates=150)[0].p_value for _ in range(300)]
    # 5 % are expected; 300 trials of that give 8.1 % or more once in a hundred times.
    assert np.mean(np.array(values) < 0.05) < 0.081
    assert np.mean(np.array(values) < 0.5) > 0.3


def test_a_better_side_is_found() -> None:
    random = np.random.default_rng(1)
    rows = [compare_sides(*draw_sides(random, seeds=0.05, gain=0.5), replicates=150)[0] for _ in range(20)]
    assert all(row.p_value < 0.05 and 0 < row.low < row.value < row.high for row in rows)


def test_it_is_the_analysis_of_readers_nested_in_modalities() -> None:
    random = np.random.default_rng(2)
    runs = 5
    a, b = random.normal(0.4, 0.02, size=(2, runs))
    draws = random.normal(size=(2 * runs, 1000)) * 0.01 + random.normal(size=1000) * 0.02
    draws[runs:] += random.normal(size=1000) * 0.015
    covariance = np.cov(draws)
    row = judge_sides(a, b, covariance, 7)
    # Table of Hillis (2014) for a balanced design: MS(T) against MS(R(T)) + r max(Cov2 - Cov3, 0).
    pairs = ~np.eye(runs, dtype=bool)
    cov2 = (covariance[:runs, :runs][pairs].mean() + covariance[runs:, runs:][pairs].mean()) / 2
    cov3 = covariance[:runs, runs:].mean()
    within = ((a - a.mean()) ** 2).sum() + ((b - b.mean()) ** 2).sum()
    within /= 2 * (runs - 1)
    between = runs * (b.mean() - a.mean()) ** 2 / 2
    error = within + runs * max(cov2 - cov3, 0)
    # The mean squares of the sides are pooled there, and kept apart here (Welch): alike where both spread alike.
    spread = (a.var(ddof=1) ** 2 + b.var(ddof=1) ** 2) / runs**2 / (runs - 1)
    freedom = (2 * error / runs) ** 2 / spread
    assert row.p_value == pytest.approx(f.sf(between / error, 1, freedom))
    assert row.gold == 7


def test_equal_runs_do_not_differ() -> None:
    runs = [make_run(np.array([1, 0, 1, 1, 0]))] * 2
    [row] = compare_sides(runs, runs)
    assert (row.value, row.low, row.high, row.p_value) == (0, 0, 0, 1)


def test_groups_are_compared_each_by_itself() -> None:
    random = np.random.default_rng(3)
    sides = [[random.integers(2, size=(40, 3, 60)).astype(np.int32) for _ in range(2)] for _ in range(2)]
    names = tuple(map(str, range(60)))
    whole = compare_sides(*([SentenceCounts(names, values) for values in side] for side in sides), replicates=50)
    alone = compare_sides(
        *([SentenceCounts(("59",), values[:, :, 59:]) for values in side] for side in sides), replicates=50
    )
    assert whole[59] == alone[0]
    assert len(whole) == 60
