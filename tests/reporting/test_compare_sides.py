"""Several runs a side: what is printed, counted and refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from tagged_splits import make_sentences

from token_classification import cli
from token_classification.errors import UserError
from token_classification.exit_codes import run_command
from token_classification.reporting.compare import read_run
from token_classification.reporting.compare_sides import compare_several_runs
from token_classification.reporting.predictions import write_predictions
from token_classification.scoring.metrics import score_tags

TIMES = 8


def compare(*arguments: object) -> int:
    return run_command(cli.run, ["compare", *map(str, arguments)])


def write_runs(folder: Path, shares: list[float]) -> list[Path]:
    """Runs that tag the given shares of the sentences right, and nothing in the others."""
    sentences, places = make_sentences(TIMES), []
    random = np.random.default_rng(len(folder.name))
    for number, share in enumerate(shares):
        right = random.random(len(sentences)) < share
        tags = [row if good else ["O"] * len(row) for row, good in zip(sentences.tags, right, strict=True)]
        places.append(folder / f"seed-{number}")
        places[-1].mkdir(parents=True)
        write_predictions(places[-1], sentences, tags)
    return places


@pytest.fixture
def sides(tmp_path) -> tuple[list[Path], list[Path]]:
    return write_runs(tmp_path / "old", [0.3, 0.35, 0.3]), write_runs(tmp_path / "new", [0.9, 0.95])


def test_means_and_deviations_are_those_of_the_scores(sides) -> None:
    a, b = ([read_run(str(place)) for place in side] for side in sides)
    found = compare_several_runs(a, b)
    for mean, deviation, side in (
        (found.micro.a, found.micro.deviation_a, a),
        (found.micro.b, found.micro.deviation_b, b),
    ):
        scores = [score_tags(run.sentences.tags, run.predicted, found.scheme)["overall_f1"] for run in side]
        assert (mean, deviation) == pytest.approx((np.mean(scores), np.std(scores, ddof=1)))
    for number, (in_a, in_b) in found.right.items():
        gold = a[0].sentences.tags[number]
        assert in_a == sum(run.predicted[number] == gold for run in a)
        assert in_b == sum(run.predicted[number] == gold for run in b)
        assert in_a / 3 != in_b / 2


def test_the_command_prints_text(sides, capsys) -> None:
    assert compare("--baseline", *sides[0], "--candidate", *sides[1]) == 0
    text = capsys.readouterr().out
    assert "Means and standard deviations of 3 and 2 runs." in text
    assert "B is better." in text
    assert text.count("predictions.conll\n") == 5
    assert "sentences that B gets right more often:\n" in text
    assert "right in 0 of 3 runs of A, in 2 of 2 of B" in text


def test_the_command_prints_json(sides, capsys) -> None:
    assert compare("--baseline", *sides[0], "--candidate", *sides[1], "--json") == 0
    record = json.loads(capsys.readouterr().out)
    assert (len(record["a"]), len(record["b"])) == (3, 2)
    row = record["micro_f1"]
    assert row["difference"] == row["b"] - row["a"]
    assert row["p_value"] < 0.05
    assert "Obuchowski & Rockette 1995" in record["test"]["name"]
    assert len(record["better"]["first"]) == 10
    assert record["better"]["number"] > record["worse"]["number"]


def test_one_run_on_each_side_is_the_comparison_of_two_runs(sides, capsys) -> None:
    (first, *_), (other, *_) = sides
    assert compare("--baseline", first, "--candidate", other) == 0
    named = capsys.readouterr().out
    assert compare(first, other) == 0
    assert capsys.readouterr().out == named


@pytest.mark.parametrize(("left", "right", "side"), [(1, 2, "baseline"), (3, 1, "candidate")])
def test_one_run_against_several_is_refused(sides, left: int, right: int, side: str) -> None:
    a, b = (
        [read_run(str(place)) for place in places[:number]]
        for places, number in zip(sides, (left, right), strict=True)
    )
    with pytest.raises(UserError, match=f"--{side}: one run says nothing .* two or more on each side"):
        compare_several_runs(a, b)


def test_a_run_counts_once(sides, capsys) -> None:
    assert compare("--baseline", *sides[0], "--candidate", sides[1][0], sides[1][0] / "predictions.conll") == 2
    assert "given twice" in capsys.readouterr().err


@pytest.mark.parametrize("typed", [[], ["a"], ["--baseline", "a"], ["a", "b", "--candidate", "c"]])
def test_two_sides_are_needed(typed: list[str], capsys) -> None:
    assert compare(*typed) == 2
    assert "compare needs two sides; accepted: two runs" in capsys.readouterr().err
