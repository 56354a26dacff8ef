"""Sentences and mentions that come again, and what a clean corpus may hold without an alarm."""

from pathlib import Path

from token_classification.checking.doctor import examine
from token_classification.checking.files import Reading, number_files
from token_classification.data.sentences import Sentences

LONG = "the office in Berlin was closed"
TAGS = "O O O B-LOC O O"


def check(**splits: list[tuple[str, str]]) -> list[tuple[str, str, int]]:
    """Kind, split and record of each problem with sentences of (words, tags)."""
    readings = [
        Reading(
            Path(f"{split}.jsonl"),
            split,
            Sentences([w.split() for w, _ in rows], [t.split() for _, t in rows], list(range(1, len(rows) + 1))),
            [],
        )
        for split, rows in splits.items()
    ]
    findings = examine(number_files(readings)).findings
    return [(f.kind, problem.path.stem, problem.line) for f in findings for problem in f.problems]


def test_a_sentence_of_two_splits_is_to_leave_the_earlier_one():
    other = ("nobody has ever seen it", "O O O O O")
    found = check(test=[(LONG, TAGS)], train=[other, (LONG, TAGS)], validation=[other])
    assert found == [("leakage", "train", 1), ("leakage", "train", 2)]
    assert check(test=[(LONG, TAGS)], validation=[(LONG, TAGS)]) == [("leakage", "validation", 1)]


def test_short_sentences_come_again_by_themselves():
    assert check(train=[("Thank you !", "O O O")] * 3, test=[("Thank you !", "O O O")]) == []


def test_the_rarer_annotation_is_the_doubtful_one():
    rows = [(LONG, "O O O O O O"), (LONG, TAGS), (LONG, TAGS)]
    assert check(train=rows) == [
        ("conflicting_annotation", "train", 1),
        ("duplicate_sentence", "train", 2),
        ("duplicate_sentence", "train", 3),
    ]


def test_files_whose_split_nobody_knows_are_no_leakage():
    assert check(a=[(LONG, TAGS)], b=[(LONG, TAGS)]) == []


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
