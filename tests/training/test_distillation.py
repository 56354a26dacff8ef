"""The loss against teachers, and which of their answers belongs to which position."""

import numpy as np
import pytest
import torch
from conftest import SENTENCES
from torch.nn import functional

from token_classification.alignment.align import build_aligner
from token_classification.data.labels import IGNORED_LABEL, LabelSet
from token_classification.data.schemes import Scheme
from token_classification.data.sentences import Sentences
from token_classification.training.distillation import DistillationLoss, build_lessons
from token_classification.training.loss import LabelLoss

NAMES = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG")
LABELS = LabelSet(NAMES, Scheme.IOB2)
TOKENS = [words.split() for words, _ in SENTENCES]
TAGS = [tags.split() for _, tags in SENTENCES]


def make_outputs(logits: torch.Tensor) -> object:
    return type("Outputs", (), {"logits": logits})


def test_the_loss_is_the_mix_of_both():
    torch.manual_seed(0)
    logits, teacher = torch.randn(1, 3, 4, requires_grad=True), torch.randn(3, 4)
    labels = torch.tensor([[[1, 0], [IGNORED_LABEL, 2], [IGNORED_LABEL, IGNORED_LABEL]]])
    loss = DistillationLoss(functional.softmax(teacher / 2, dim=-1).half(), temperature=2.0, alpha=0.7)
    hard = functional.cross_entropy(logits[0, :1], torch.tensor([1]))
    soft = sum(
        functional.kl_div(
            functional.log_softmax(logits[0, place] / 2, -1), functional.softmax(teacher[row] / 2, -1), reduction="sum"
        )
        for place, row in ((0, 0), (1, 2))
    )
    expected = (0.3 * hard + 0.7 * 4 * soft) / 2
    assert loss(make_outputs(logits), labels).item() == pytest.approx(expected.item(), rel=1e-3)
    assert loss(make_outputs(logits), labels, num_items_in_batch=4).item() == pytest.approx(
        expected.item() / 2, rel=1e-3
    )
    loss(make_outputs(logits), labels).backward()
    assert logits.grad is not None
    assert logits.grad[0, 2].abs().sum() == 0


def test_without_weight_for_the_teachers_it_is_the_loss_of_the_labels():
    logits, gold = torch.randn(2, 3, 4), torch.tensor([[1, -100, 2], [0, 3, 3]])
    labels = torch.stack([gold, torch.full_like(gold, -100)], dim=-1)
    loss = DistillationLoss(torch.zeros(0, 4).half(), temperature=2.0, alpha=0.0)
    assert loss(make_outputs(logits), labels).item() == pytest.approx(LabelLoss()(make_outputs(logits), gold).item())


def test_each_word_has_its_own_answer(wordpiece):
    aligner = build_aligner(wordpiece, LABELS, window_length=12)
    gold = aligner.align(Sentences(TOKENS[:5], TAGS[:5]))
    unlabelled = aligner.align(Sentences(TOKENS[5:]))
    words = [word for row in TOKENS for word in row]
    is_taught = np.array([word != "Anna" for word in words])
    loss = DistillationLoss(torch.rand(len(words), len(NAMES)).half(), 2.0, 0.5)
    split = build_lessons(gold, unlabelled, is_taught, loss).split
    alone = aligner.align(Sentences(TOKENS, TAGS))
    assert split.windows.input_ids.tolist() == alone.windows.input_ids.tolist()
    assert split.windows.owned_words.tolist() == list(range(len(words)))
    assert split.sentence_starts.tolist() == alone.sentence_starts.tolist()
    assert split.windows.labels is not None
    assert alone.windows.labels is not None

    rows = split.windows.labels[:, 1]
    assert rows[rows != IGNORED_LABEL].tolist() == np.flatnonzero(is_taught).tolist()
    tags = split.windows.labels[:, 0]
    known = sum(map(len, TOKENS[:5]))
    assert tags[tags != IGNORED_LABEL].tolist() == alone.windows.labels[alone.windows.labels >= 0][:known].tolist()
    # Where a word has both, they stand at the same position.
    flat = [tag for row in TAGS for tag in row]
    both = np.flatnonzero((tags != IGNORED_LABEL) & (rows != IGNORED_LABEL))
    assert [LABELS.names[tags[place]] for place in both] == [flat[rows[place]] for place in both]


def test_other_answers_are_other_lessons(wordpiece):
    aligner = build_aligner(wordpiece, LABELS, window_length=40)
    gold, nothing = aligner.align(Sentences(TOKENS, TAGS)), aligner.align(Sentences([]))
    taught = np.ones(sum(map(len, TOKENS)), dtype=bool)
    answers = torch.rand(len(taught), len(NAMES)).half()
    losses = [
        DistillationLoss(answers, 2.0, 0.5),
        DistillationLoss(answers, 2.0, 0.6),
        DistillationLoss(answers + 1, 2.0, 0.5),
    ]
    digests = [build_lessons(gold, nothing, taught, loss).digest for loss in losses]
    assert len({*digests}) == 3
    assert build_lessons(gold, nothing, taught, losses[0]).digest == digests[0]
