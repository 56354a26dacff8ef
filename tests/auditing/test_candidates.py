"""Candidates: what is wrong with a label, what is suggested instead, and what comes first."""

import numpy as np
import pytest
from beliefs import believe
from conftest import write_sentences

from token_classification.auditing.candidates import find_candidates, weigh_sides
from token_classification.auditing.read_file import read_labelled_file
from token_classification.checking.files import USUAL_COLUMNS
from token_classification.data.entities import Entity

WORDS = "Anna Smith moved to New York City today"


def audit(tmp_path, gold: str, predicted: str):
    """The candidates of one sentence."""
    others = [("Acme Corp hired", "B-ORG I-ORG O"), ("to New Rome", "O B-LOC I-LOC"), ("Anna Bo", "B-PER I-PER")]
    file = read_labelled_file(write_sentences(tmp_path / "x.conll", [(WORDS, gold), *others]), USUAL_COLUMNS)
    tags = [predicted.split(), *(row for _, row in ((0, tags.split()) for _, tags in others))]
    return find_candidates(file, believe(file, tags))


RIGHT = "B-PER I-PER O O B-LOC I-LOC I-LOC O"


@pytest.mark.parametrize(
    ("gold", "kind", "labelled", "suggested"),
    [
        ("O O O O B-LOC I-LOC I-LOC O", "missed", [], [Entity("PER", 0, 2)]),
        ("B-PER I-PER O O B-LOC I-LOC I-LOC B-LOC", "spurious", [Entity("LOC", 7, 8)], []),
        ("B-ORG I-ORG O O B-LOC I-LOC I-LOC O", "type", [Entity("ORG", 0, 2)], [Entity("PER", 0, 2)]),
        ("B-PER I-PER O O B-LOC I-LOC O O", "boundary", [Entity("LOC", 4, 6)], [Entity("LOC", 4, 7)]),
        ("B-PER I-PER O O B-ORG I-ORG O O", "type+boundary", [Entity("ORG", 4, 6)], [Entity("LOC", 4, 7)]),
        (
            "B-PER I-PER O O B-LOC I-LOC B-LOC O",
            "boundary",
            [Entity("LOC", 4, 6), Entity("LOC", 6, 7)],
            [Entity("LOC", 4, 7)],
        ),
    ],
)
def test_a_wrong_label_is_named_for_what_it_is(gold, kind, labelled, suggested, tmp_path):
    [candidate] = audit(tmp_path, gold, RIGHT)
    assert (candidate.kind, candidate.labelled, candidate.suggested) == (kind, labelled, suggested)
    sides = [*labelled, *suggested]
    assert (candidate.row, candidate.start) == (0, min(side.start for side in sides))
    assert candidate.end == max(side.end for side in sides)
    assert candidate.probability > 0.5


def test_labels_that_models_agree_with_are_no_candidates(tmp_path):
    assert audit(tmp_path, RIGHT, RIGHT) == []


def test_neighbours_without_common_words_are_candidates_of_their_own(tmp_path):
    found = audit(tmp_path, "B-ORG I-ORG B-PER O B-LOC I-LOC I-LOC O", RIGHT)
    assert sorted((one.kind, one.start, one.end) for one in found) == [("spurious", 2, 3), ("type", 0, 2)]


def test_the_surer_the_model_the_earlier(tmp_path):
    rows = [("Anna left", "O O"), ("Anna slept", "O O"), ("Anna went", "O O"), ("Anna", "B-PER")]
    file = read_labelled_file(write_sentences(tmp_path / "x.conll", rows), USUAL_COLUMNS)
    beliefs = believe(file, [["B-PER", "O"]] * 3 + [["B-PER"]], [0.6, 0.99, 0.8, 0.9])
    found = find_candidates(file, beliefs)
    assert [one.row for one in found] == [1, 2, 0]
    assert [round(one.probability, 4) for one in found] == [0.99, 0.8, 0.6]


def test_one_surely_wrong_word_of_a_long_entity_decides():
    weights = np.log(np.array([[0.8, 0.2]] * 6, dtype=np.float32))
    short, long = (weigh_sides(weights[:length], [1] * length, [0] * length) for length in (1, 6))
    assert short == pytest.approx(0.8)
    assert long == pytest.approx(0.8)
    assert weigh_sides(weights, [0] * 5 + [1], [0] * 6) == pytest.approx(0.8)


def test_what_models_often_confuse_comes_later(tmp_path):
    rows = [("Anna left", "B-PER O")] * 9 + [("Anna left", "B-LOC O"), ("Anna left", "O O")]
    file = read_labelled_file(write_sentences(tmp_path / "x.conll", rows), USUAL_COLUMNS)
    # Persons are overlooked all the time; what is no name is seldom taken for one.
    tags = [["O", "O"]] * 8 + [["B-PER", "O"]] * 3
    found = find_candidates(file, believe(file, tags))
    assert len({round(one.probability, 6) for one in found}) == 1
    assert [one.kind for one in found[:2]] != ["spurious", "spurious"]
    assert {one.kind for one in found[2:]} == {"spurious"}
    assert len(found) == 10


def test_what_other_places_of_the_word_contradict_comes_first(tmp_path):
    rows = [("to Rome", "O B-LOC")] * 3 + [("to Rome", "O O"), ("to Oslo", "O O"), ("to Bonn", "O O")]
    rows += [("to Bonn", "O O")] * 3
    file = read_labelled_file(write_sentences(tmp_path / "x.conll", rows), USUAL_COLUMNS)
    found = find_candidates(file, believe(file, [["O", "B-LOC"]] * 6 + [["O", "O"]] * 3))
    # Rome is a place elsewhere, of Oslo nothing is known, Bonn is none elsewhere.
    assert [one.row for one in found] == [3, 4, 5]
    assert len({one.probability for one in found}) == 1
