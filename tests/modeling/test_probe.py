"""What can't be run on sub-tokens alone is refused before a run begins, in the words of its class."""

import pytest
import torch
from headed_models import SIZES
from transformers import (
    BertForSequenceClassification,
    BertForTokenClassification,
    BrosConfig,
    BrosForTokenClassification,
    LayoutLMConfig,
    LayoutLMForTokenClassification,
)

from token_classification.errors import UserError
from token_classification.modeling.probe import check_runs_on_text


def test_a_model_that_needs_boxes_says_so() -> None:
    with pytest.raises(UserError, match=r"model x: BrosForTokenClassification can't be run on text alone: .*bbox"):
        check_runs_on_text(BrosForTokenClassification(BrosConfig(**SIZES, num_labels=3)), "x")


def test_a_model_that_can_do_without_boxes_is_fine() -> None:
    check_runs_on_text(LayoutLMForTokenClassification(LayoutLMConfig(**SIZES, num_labels=3)), "x")


def test_one_answer_for_a_whole_text_is_not_one_for_each_sub_token(bert_folder) -> None:
    with pytest.raises(UserError, match=r"scores of shape \(1, 2\), where one row for each sub-token"):
        check_runs_on_text(BertForSequenceClassification.from_pretrained(bert_folder), "x")


def test_weights_that_are_elsewhere_are_not_tried() -> None:
    with torch.device("meta"):
        check_runs_on_text(BrosForTokenClassification(BrosConfig(**SIZES, num_labels=3)), "x")


@pytest.mark.parametrize("training", [True, False])
def test_nothing_changes(bert_folder, training) -> None:
    model = BertForTokenClassification.from_pretrained(bert_folder).train(training)
    before, state = {name: weight.clone() for name, weight in model.state_dict().items()}, torch.get_rng_state()
    check_runs_on_text(model, "x")
    assert model.training == training
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())
