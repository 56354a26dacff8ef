"""How unsure a model is: nothing is less sure than equally probable labels, and what is said of a word is about it."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from token_classification.scoring.uncertainty import measure_entropy, score_text

logits = st.integers(2, 12).flatmap(
    lambda labels: st.lists(st.floats(-30, 30, width=32), min_size=labels, max_size=labels)
)


@given(row=logits)
def test_equally_probable_labels_are_the_most_uncertain(row):
    found = measure_entropy(np.float32([row, [0.0] * len(row)]))
    assert found[1].item() == pytest.approx(1, abs=1e-5)
    assert -1e-6 <= found[0].item() <= found[1].item() + 1e-5


@given(row=logits, order=st.randoms())
def test_neither_the_order_of_labels_nor_a_common_addend_matters(row, order):
    shuffled = order.sample(row, len(row))
    found = measure_entropy(np.float32([row, shuffled, [value + 3 for value in row]]))
    assert found.tolist() == pytest.approx([found[0].item()] * 3, abs=1e-4)


@given(row=logits, factor=st.floats(1.1, 5))
def test_sharper_logits_are_surer(row, factor):
    found = measure_entropy(np.float32([row, [value * factor for value in row]]))
    assert found[1].item() <= found[0].item() + 1e-5


def test_a_label_without_others_leaves_no_doubt():
    assert measure_entropy(np.float32([[1.0], [2.0]])).tolist() == [0, 0]


def test_it_is_the_entropy_of_the_labels():
    entropy = -sum(p * math.log(p) for p in (0.7, 0.2, 0.1)) / math.log(3)
    assert measure_entropy(np.log(np.float32([[0.7, 0.2, 0.1]]))).item() == pytest.approx(entropy)


def test_a_text_with_an_entity_of_which_the_model_is_sure_is_less_uncertain_than_one_with_a_doubtful_entity():
    outside, entity, doubtful = [9.0, 0.0, 0.0], [0.0, 9.0, 0.0], [0.0, 3.0, 2.5]
    sure, unsure = (score_text(measure_entropy(np.float32([outside, word, outside]))) for word in (entity, doubtful))
    assert sure < 0.01 < unsure


@given(row=logits, times=st.integers(2, 20))
def test_the_same_again_makes_a_text_no_more_uncertain(row, times):
    once, often = (measure_entropy(np.float32([row] * count)) for count in (1, times))
    assert score_text(often) == pytest.approx(score_text(once), abs=1e-6)
