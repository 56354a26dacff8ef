"""Tags to entities of a text: their places, labels and scores; thresholds."""

import pytest

from token_classification.data.labels import LabelSet
from token_classification.data.schemes import Scheme
from token_classification.errors import UserError
from token_classification.inference.entities import list_entities, list_entity_labels, read_thresholds, score_words

SPANS = [(0, 2), (3, 5), (6, 8)]


def test_a_score_is_the_geometric_mean_of_the_words_probabilities():
    found = list_entities("ab cd ef", SPANS, ["B-X", "I-X", "B-X"], [0.9, 0.4, 0.123456789], Scheme.IOB2, {})
    assert found[0] == {"start": 0, "end": 5, "label": "X", "score": pytest.approx(0.6), "text": "ab cd"}
    assert found[1]["score"] == 0.123456789


def test_an_entity_of_any_length_has_a_score():
    assert score_words([0.25] * 5000) == pytest.approx(0.25)
    assert score_words([0.9, 0.0]) == 0


def test_the_threshold_looks_at_whole_entities():
    tags, scores = ["B-X", "I-X", "B-Y"], [0.5, 0.5, 0.5]
    for thresholds, labels in (({"X": 0.5, "Y": 0.6}, ["X"]), ({"X": 0.51}, ["Y"]), ({}, ["X", "Y"])):
        found = list_entities("ab cd ef", SPANS, tags, scores, Scheme.IOB2, thresholds)
        assert [entity["label"] for entity in found] == labels


def test_each_plain_tag_is_an_entity():
    found = list_entities("ab cd ef", SPANS, ["NOUN", "O", "NOUN"], [0.5] * 3, Scheme.PLAIN, {})
    assert [(entity["label"], entity["text"]) for entity in found] == [("NOUN", "ab"), ("NOUN", "ef")]


def test_labels_are_types_of_tags():
    assert list_entity_labels(LabelSet(("O", "B-PER", "I-PER", "B-LOC"), Scheme.IOB2)) == ["LOC", "PER"]
    assert list_entity_labels(LabelSet(("O", "B", "I"), Scheme.IOB2)) == ["_"]
    assert list_entity_labels(LabelSet(("VERB", "B-X", "O"), Scheme.PLAIN)) == ["B-X", "VERB"]


@pytest.mark.parametrize("threshold", [-0.1, 1.5, float("nan"), True, "0.5", {"LOC": 0.5, "PERS": 0.5}, {"PER": None}])
def test_a_threshold_is_a_probability_of_a_label(threshold):
    labels = LabelSet(("O", "B-PER", "B-LOC"), Scheme.IOB2)
    assert read_thresholds(0.5, labels) == {"LOC": 0.5, "PER": 0.5}
    with pytest.raises(UserError, match="threshold: "):
        read_thresholds(threshold, labels)
