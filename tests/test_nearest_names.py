"""Which name was meant."""

import time

import pytest

from token_classification.nearest_names import did_you_mean, find_nearest

KNOWN = ["--do_train", "--do_eval", "--Seed", "B-PER"]


@pytest.mark.parametrize(
    ("typed", "nearest"), [("--do_trian", "--do_train"), ("--seed", "--Seed"), ("--DO_EVAL", "--do_eval")]
)
def test_the_nearest_name_is_asked_for(typed: str, nearest: str) -> None:
    assert find_nearest(typed, KNOWN)[0] == nearest
    assert did_you_mean(typed, KNOWN, otherwise="see --help") == f"did you mean {nearest}?"


@pytest.mark.parametrize("typed", ["qqqqqqqq", "", "x" * 10_000])
def test_where_none_is_near_something_else_is_said(typed: str) -> None:
    assert find_nearest(typed, KNOWN) == []
    assert did_you_mean(typed, KNOWN, otherwise="see --help") == "see --help"


def test_long_names_cost_no_time() -> None:
    start = time.process_time()
    assert find_nearest("name", ["name" * 100_000, "names"]) == ["names"]
    assert find_nearest("name" * 100_000, ["name" * 100_000]) == []
    assert time.process_time() - start < 1
