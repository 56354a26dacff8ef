"""Mentions that come again, and what a clean corpus may hold without an alarm."""

from checked_splits import check


def build_mentions(usual: int, other: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(f"w{n} New York {n}", "O B-LOC I-LOC O") for n in range(usual)] + other


def test_a_mention_that_is_once_something_else():
    person, untagged = ("so New York sang", "O B-PER I-PER O"), ("so New York sang", "O O O O")
    assert check(train=build_mentions(20, [person])) == [("inconsistent_mention", "train", 21)]
    assert check(train=build_mentions(20, [untagged])) == [("inconsistent_mention", "train", 21)]


def test_mentions_that_are_ambiguous_or_rare_are_no_mistake():
    person = ("so New York sang", "O B-PER I-PER O")
    assert check(train=build_mentions(20, [person] * 2)) == []
    assert check(train=build_mentions(9, [person])) == []


def test_a_mention_is_whole_and_within_a_sentence():
    part, cut = ("New ideas", "O O"), [("brand New", "O O"), ("York is", "O O")]
    inside = ("the New York Times wrote", "O B-ORG I-ORG I-ORG O")
    assert check(train=build_mentions(30, [part, *cut, inside])) == []
