"""Other places of a word: they count against a label, its own place does not count."""

import math

import pytest
from conftest import write_sentences

from token_classification.auditing.other_places import count_places
from token_classification.auditing.read_file import read_labelled_file
from token_classification.checking.files import USUAL_COLUMNS

ROWS = [("to Rome", "O B-LOC"), ("New Rome", "B-LOC I-LOC"), ("Rome won", "B-ORG O"), ("Rome", "O")]


@pytest.mark.parametrize(
    ("label", "suggested", "odds"),
    [
        ("B-LOC", "B-ORG", 1.5 / 1.5),
        ("B-ORG", "I-LOC", 2.5 / 0.5),
        ("O", "B-LOC", 2.5 / 0.5),
        ("I-LOC", "O", 1.5 / 1.5),
        ("B-LOC", "I-LOC", 1),
    ],
)
def test_places_are_counted_by_type_without_the_one_in_question(label, suggested, odds, tmp_path):
    places = count_places(read_labelled_file(write_sentences(tmp_path / "x.conll", ROWS), USUAL_COLUMNS))
    assert places.favour("Rome", label, suggested) == pytest.approx(math.log(odds))


def test_a_word_that_occurs_once_says_nothing(tmp_path):
    places = count_places(read_labelled_file(write_sentences(tmp_path / "x.conll", ROWS), USUAL_COLUMNS))
    assert places.favour("won", "O", "B-ORG") == 0


def test_plain_tags_are_types(tmp_path):
    rows = [("to run", "PART VERB"), ("a run", "DET NOUN"), ("the run", "DET NOUN")]
    places = count_places(read_labelled_file(write_sentences(tmp_path / "x.conll", rows), USUAL_COLUMNS))
    assert places.favour("run", "VERB", "NOUN") == pytest.approx(math.log(2.5 / 0.5))
