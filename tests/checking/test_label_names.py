"""Labels that look like another one, tags that are none, labels that the training data lacks."""

from pathlib import Path

import pytest

from token_classification.checking.doctor import examine
from token_classification.checking.files import Reading, number_files
from token_classification.checking.label_names import find_near_misses
from token_classification.data.schemes import Scheme
from token_classification.data.sentences import Sentences


def check(**tags_of_splits: list[str]) -> list[tuple[str, str, int, str]]:
    """Kind, split, line and text of each problem; a sentence of one word per tag."""
    readings = [
        Reading(
            Path(f"{split}.conll"),
            split,
            Sentences([[f"w{n}"] for n in range(len(tags))], [[tag] for tag in tags], list(range(1, len(tags) + 1))),
            [],
        )
        for split, tags in tags_of_splits.items()
    ]
    findings = examine(number_files(readings)).findings
    return [(f.kind, p.path.stem, p.line, p.text.split(": ", 1)[1]) for f in findings for p in f.problems]


@pytest.mark.parametrize(
    ("counts", "meant"),
    [
        ({"O": 9, "B-PER": 4_000, "B-PERS": 3, "I-PERS": 1}, {"B-PERS": "B-PER", "I-PERS": "I-PER"}),
        (
            {"O": 9, "B-LOC": 100, "b-LOC": 1, "B_LOC": 1, "B-Loc": 1},
            dict.fromkeys(("b-LOC", "B_LOC", "B-Loc"), "B-LOC"),
        ),
        ({"O": 9, "B-LOC": 1, "o": 2, "0": 1}, {"o": "O", "0": "O"}),
        ({"O": 9, "B-PER": 90, "b-PERS": 1, "B-PERS": 2}, {"b-PERS": "B-PER", "B-PERS": "B-PER"}),
        ({"O": 9, "B-PER": 90, "I-Per": 60}, {"I-Per": "I-PER"}),
        (
            {"O": 9, "B-LOCATION": 50, "B-LOCATOIN": 1, "B-LOCATON": 1},
            dict.fromkeys(("B-LOCATOIN", "B-LOCATON"), "B-LOCATION"),
        ),
        ({"O": 9, "B-PER": 50, "B-PERS": 3}, {}),
        ({"O": 9, "B-PER": 5_000, "B-PERderiv": 3, "B-PERpart": 9}, {}),
        ({"O": 9, "B-A": 5_000, "B-B": 1}, {}),
        ({"O": 9, "B-PER": 5_000, "B-LOC": 1, "B-ORG": 2}, {}),
    ],
)
def test_near_misses(counts, meant):
    assert find_near_misses(counts, Scheme.IOB2) == meant


def test_plain_tags_are_near_to_each_other():
    counts = {"O": 0, "NN": 9_000, "NNS": 5, "PRP": 900, "PRP$": 2, "nn": 3, ".": 20, ",": 20, "''": 1, "``": 1}
    assert find_near_misses(counts, Scheme.PLAIN) == {"nn": "NN"}


def test_tags_that_are_none_are_named_where_they_stand():
    train = ["B-LOC"] * 30 + ["Paris", "17"]
    assert [row[:3] for row in check(train=train)] == [("odd_tag", "train", 31), ("odd_tag", "train", 32)]


def test_numbers_amid_plain_tags_are_none_but_numbers_alone_are_tags():
    assert [row[0] for row in check(train=["NN"] * 200 + ["3"])] == ["odd_tag"]
    assert check(train=["0", "3"] * 50) == []


def test_a_label_that_train_lacks_is_named_at_its_first_place_in_each_file():
    train = ["B-LOC", "I-LOC"] * 2
    found = check(train=["B-LOC"] * 9, validation=["O", "B-LAW", "B-LAW"], test=["B-LAW"])
    assert [row[:3] for row in found] == [("label_not_in_train", "validation", 2), ("label_not_in_train", "test", 1)]
    assert found[0][3].startswith("'B-LAW' (2x here, first for 'w1') is in no training sentence; accepted: ")
    assert check(validation=["B-LAW"], test=["B-LOC"]) == []
    assert check(train=train[:1], validation=["b-LOC"])[0][0] == "near_miss_label"
