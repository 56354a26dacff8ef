"""The loss of a step: the mean over labelled positions, or over their class weights."""

from collections import Counter

import pytest
import torch
from torch.nn import functional

from token_classification.data.labels import LabelSet
from token_classification.data.load import Corpus
from token_classification.data.schemes import Scheme
from token_classification.data.sentences import Sentences
from token_classification.training.loss import LabelLoss, balance_classes, weigh_classes


def test_the_loss_is_the_mean_over_labelled_positions():
    logits, labels = torch.randn(2, 3, 5), torch.tensor([[1, -100, 2], [-100, 4, 0]])
    outputs = type("Outputs", (), {"logits": logits})
    expected = functional.cross_entropy(logits.flatten(0, 1), labels.flatten())
    assert LabelLoss()(outputs, labels).item() == pytest.approx(expected.item())
    assert LabelLoss()(outputs, labels, num_items_in_batch=8).item() == pytest.approx(expected.item() / 2)


def test_class_weights_weigh_the_loss():
    logits, labels = torch.randn(1, 4, 3), torch.tensor([[0, 1, 2, 0]])
    weights = torch.tensor([0.5, 2.0, 3.0])
    losses = functional.cross_entropy(logits[0], labels[0], reduction="none")
    expected = (weights[labels[0]] * losses).sum() / weights[labels[0]].sum()
    outputs = type("Outputs", (), {"logits": logits})
    assert LabelLoss(weights)(outputs, labels).item() == pytest.approx(expected.item())


def test_a_part_without_labels_adds_nothing():
    outputs = type("Outputs", (), {"logits": torch.randn(1, 4, 3, requires_grad=True)})
    loss = LabelLoss()(outputs, torch.full((1, 4), -100), num_items_in_batch=8)
    loss.backward()
    assert loss.item() == 0
    assert outputs.logits.grad.abs().sum() == 0


def test_rare_labels_weigh_more():
    assert balance_classes({"O": 6, "B-LOC": 2}) == {"O": 8 / (2 * 6), "B-LOC": 8 / (2 * 2)}


def test_a_label_that_does_not_occur_weighs_1():
    tags = [["O", "O", "B-LOC"], ["O"]]
    corpus = Corpus({"train": Sentences([["a", "b", "c"], ["d"]], tags, [1, 5])}, {"train": "x"})
    assert corpus.count_tags("train") == Counter({"O": 3, "B-LOC": 1})
    weights = weigh_classes(corpus, LabelSet(("O", "B-LOC", "I-LOC"), Scheme.IOB2))
    assert weights.tolist() == pytest.approx([4 / 6, 2.0, 1.0])
