"""From counts to a curve, and from a curve to a picture."""

import json
import xml.etree.ElementTree as ElementTree
from itertools import pairwise

import numpy as np
import pytest

from token_classification.errors import UserError
from token_classification.learning_curve.fit import fit_curve
from token_classification.learning_curve.picture import draw_picture
from token_classification.learning_curve.points import CurveSettings, choose_rows
from token_classification.learning_curve.record import build_record, format_curve
from token_classification.output_text import dump_json

SIZES = [250, 500, 1000, 2000, 4000]


def draw_counts(true: list[float], *, seeds: int = 3, sentences: int = 800, luck: float = 0.01, seed: int = 0):
    """Counts of models that find a gold entity of each sentence with probabilities near the given ones."""
    random = np.random.default_rng(seed)
    hardness = random.random(sentences)
    counts = np.ones((len(true), seeds, sentences, 3), dtype=np.int32)
    for part, share in enumerate(true):
        for run in range(seeds):
            found = share + luck * random.normal()
            counts[part, run, :, 2] = 0.7 * hardness + 0.3 * random.random(sentences) < found
    return counts


def true_share(size: float) -> float:
    return 0.8 - 6.0 * size**-0.5


@pytest.fixture(scope="module")
def curve():
    return fit_curve(draw_counts([true_share(size) for size in SIZES]), SIZES, 2000)


def test_points_are_means_with_intervals_around_them(curve):
    assert [point.sentences for point in curve.points] == SIZES
    for point in curve.points:
        assert point.f1.value == pytest.approx(np.mean(point.by_seed))
        assert point.deviation == pytest.approx(np.std(point.by_seed, ddof=1))
        assert point.f1.low < point.f1.value < point.f1.high


def test_the_interval_of_the_gain_holds_the_true_gain_as_often_as_it_says():
    shares = [true_share(size) for size in SIZES]
    # F1 is no straight line of the share: the truth is that of very many sentences.
    truth = fit_curve(draw_counts(shares, sentences=100_000, luck=0, seed=99), SIZES, 2000).gain.value
    gains = [fit_curve(draw_counts(shares, seed=seed), SIZES, 2000).gain for seed in range(1, 25)]
    held = [gain.low <= truth <= gain.high for gain in gains]
    assert np.mean(held) >= 0.85
    assert np.mean([gain.high - gain.low for gain in gains]) < 0.1


def test_more_seeds_make_the_intervals_narrow():
    shares = [true_share(size) for size in SIZES]
    few, many = (fit_curve(draw_counts(shares, seeds=seeds, luck=0.05), SIZES, 1000) for seeds in (2, 12))
    assert many.points[0].f1.high - many.points[0].f1.low < 0.8 * (few.points[0].f1.high - few.points[0].f1.low)


def test_models_that_learnt_nothing_have_no_curve():
    counts = draw_counts([0.5] * 5)
    counts[..., 2] = 0
    with pytest.raises(UserError, match=r"no model has found a single entity.*--num_train_epochs"):
        fit_curve(counts, SIZES, 1000)


def test_the_table_and_the_record_say_the_same(curve):
    record = json.loads(dump_json(build_record(curve, CurveSettings("bert"), {"train_file": "t"})))
    text = format_curve(curve)
    gain = record["more"]["gain"]
    assert f"2,000 more sentences should bring {100 * gain['value']:.2f} points of F1" in text
    assert f"{100 * gain['low']:.2f} .. {100 * gain['high']:.2f})" in text
    assert len(record["points"]) == 5
    law = record["law"]
    predicted = law["ceiling"] - law["loss"] * 4000 ** -law["exponent"]
    assert predicted == pytest.approx(record["points"][-1]["f1"]["value"], abs=0.03)


def test_the_picture_is_svg_with_every_point_inside(curve):
    root = ElementTree.fromstring(draw_picture(curve))
    space = "{http://www.w3.org/2000/svg}"
    circles = root.findall(f".//{space}circle")
    assert len(circles) == 5
    heights = [float(circle.get("cy")) for circle in circles]
    assert heights == sorted(heights, reverse=True)
    for line in root.findall(f".//{space}polyline"):
        for place in line.get("points").split():
            x, y = map(float, place.split(","))
            assert 0 <= x <= 720
            assert 0 <= y <= 400
    labels = [text.text for text in root.findall(f".//{space}text")]
    assert {"250", "4,000", "F1"} <= set(labels)


@pytest.mark.parametrize("seed", [1, 2])
def test_smaller_parts_are_inside_larger_ones(seed):
    parts = [set(choose_rows(4000, size, seed)) for size in SIZES]
    assert [len(part) for part in parts] == SIZES
    assert all(small < large for small, large in pairwise(parts))
    assert choose_rows(4000, 250, 1) != choose_rows(4000, 250, 2)
