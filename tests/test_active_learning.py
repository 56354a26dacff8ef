"""Simulated labelling: what it trains is trained once, both sides have the same words, and its figures are right."""

import json
import random

import active_learning
import pytest
from conftest import SENTENCES, write_sentences

from token_classification.data.formats import read_sentences

WAYS = ["entropy, mean", "margin, sum", "diverse"]


@pytest.fixture
def arguments(bert_folder, tmp_path) -> list[str]:
    """Those of a small simulation."""
    generator = random.Random(0)
    files = [
        write_sentences(tmp_path / f"{name}.conll", generator.choices(SENTENCES, k=40)) for name in ("train", "dev")
    ]
    paths = [bert_folder, *files, files[1], "--results", tmp_path / "results.json", "--plot", tmp_path / "curve.svg"]
    return [*map(str, paths), *["--seeds", "0", "--drawn", "45", "--steps", "2", "--epochs", "1", "--ways"], *WAYS]


def test_each_model_is_trained_once_and_all_shares_are_as_large(arguments, tmp_path, monkeypatch, capsys):
    active_learning.main(arguments)
    points = json.loads((tmp_path / "results.json").read_text())
    assert set(points) == {"random/0/10", "random/0/45", *(f"{way}/0/{share}" for way in WAYS for share in (20, 30))}
    pool = read_sentences(arguments[1])
    words = sum(map(len, pool.tokens))
    longest = max(map(len, pool.tokens))
    start = set(points["random/0/10"]["rows"])
    for name, point in points.items():
        share = int(name.rsplit("/", 1)[1])
        assert share / 100 * words <= point["words"] < share / 100 * words + longest
        assert len(set(point["rows"])) == len(point["rows"]) == point["sentences"]
        assert start <= set(point["rows"])
    for way in WAYS:
        assert set(points[f"{way}/0/20"]["rows"]) < set(points[f"{way}/0/30"]["rows"])
    assert (tmp_path / "curve.svg").read_text().count("<svg") == 1
    table = capsys.readouterr().out
    assert "| random | 45 % |" in table

    def refuse(*_, **__):
        raise AssertionError("trained again")

    monkeypatch.setattr(active_learning, "fine_tune", refuse)
    active_learning.main(arguments)
    assert table.splitlines()[-3:] == capsys.readouterr().out.splitlines()[-3:]


def test_a_way_that_was_not_asked_for_at_the_start_is_refused(arguments, tmp_path):
    point = {"rows": [0], "orders": {}}
    (tmp_path / "results.json").write_text(json.dumps({"random/0/10": point, "random/0/45": point}))
    with pytest.raises(SystemExit, match="was begun without 'entropy, mean'"):
        active_learning.main(arguments)


def test_figures_are_those_of_the_seeds_that_are_asked_for():
    points = {f"random/{seed}/{share}": {"test": seed} for seed in (0, 1) for share in (100, 20)}
    assert active_learning.group_points(points, [1]) == {"random": {20: [{"test": 1}], 100: [{"test": 1}]}}
    assert len(active_learning.group_points(points, [0, 1])["random"][20]) == 2


CURVE = {10: 40.0, 20: 44.0, 45: 49.0, 100: 48.0}


@pytest.mark.parametrize(("value", "share"), [(39, 10), (40, 10), (42, 15), (44, 20), (46.5, 32.5), (49, 45)])
def test_the_share_at_which_a_curve_comes_up_to_a_value(value, share):
    assert active_learning.interpolate(CURVE, value) == pytest.approx(share)


@pytest.mark.parametrize(
    ("selected", "expected"), [(0.465, "reached with 32 %"), (0.5, "not reached up to 100 %")], ids=["reached", "not"]
)
def test_what_is_saved_is_said(selected, expected, capsys):
    groups = {
        "random": {share: [{"test": f1 / 100}] for share, f1 in CURVE.items()},
        "way": {30: [{"test": selected}]},
    }
    active_learning.print_savings(groups)
    assert expected in capsys.readouterr().out


def test_the_spread_is_that_of_the_seeds():
    assert active_learning.average([{"test": 0.4}, {"test": 0.5}], "test") == (
        pytest.approx(45),
        pytest.approx(7.0711, abs=1e-3),
    )
