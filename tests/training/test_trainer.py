"""Training in mixed precision stays in it, whatever is evaluated in between; evaluation is in float32."""

import pytest
import torch
from conftest import SENTENCES
from torch.nn import functional

from token_classification.alignment.align import build_aligner
from token_classification.arguments import DataArguments, ModelArguments, NerTrainingArguments
from token_classification.data.labels import LabelSet
from token_classification.data.schemes import Scheme
from token_classification.data.sentences import Sentences
from token_classification.modeling.build import load_config, load_model
from token_classification.modeling.tokenizer import load_tokenizer
from token_classification.recipe import Recipe
from token_classification.training.loss import LabelLoss
from token_classification.training.trainer import NerTrainer, build_trainer

LABELS = LabelSet(("O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG"), Scheme.IOB2)


def make_trainer(bert_folder, tmp_path, class_weights=None, **settings) -> NerTrainer:
    """A trainer on the eight sentences."""
    model_arguments = ModelArguments(str(bert_folder))
    torch.manual_seed(0)
    model = load_model(model_arguments, load_config(model_arguments), LABELS)
    aligner = build_aligner(load_tokenizer(model_arguments), LABELS, window_length=64)
    words, tags = zip(*((words.split(), tags.split()) for words, tags in SENTENCES), strict=True)
    split = aligner.align(Sentences(list(words), list(tags), list(range(8))))
    training = NerTrainingArguments(output_dir=str(tmp_path), do_train=True, disable_tqdm=True, **settings)
    data = DataArguments(train_file="eight.conll")
    return build_trainer(
        model, aligner, {"train": split, "validation": split}, data, training, Recipe(), class_weights
    )


def test_training_stays_in_bf16_and_evaluation_in_float32(bert_folder, tmp_path):
    trainer = make_trainer(
        bert_folder, tmp_path, mixed_precision="bf16", num_train_epochs=2, eval_strategy="epoch", save_strategy="no"
    )
    seen = []
    trainer.model.bert.encoder.register_forward_hook(
        lambda module, inputs, output: seen.append((module.training, torch.is_autocast_enabled("cpu")))
    )
    trainer.train()
    assert {autocast for is_training, autocast in seen if is_training} == {True}
    assert {autocast for is_training, autocast in seen if not is_training} == {False}
    assert not seen[1][0]
    assert seen[2][0]


@pytest.mark.parametrize("class_weights", [None, torch.tensor([0.2, 3.0, 5.0, 2.0, 4.0, 1.0, 6.0])])
def test_accumulated_steps_learn_as_one_batch(bert_folder, tmp_path, class_weights):
    common = {"max_steps": 2, "mixed_precision": "no", "train_sampling_strategy": "sequential", "save_strategy": "no"}
    common |= {"class_weights": class_weights, "logging_steps": 1}
    whole = make_trainer(bert_folder, tmp_path / "whole", per_device_train_batch_size=8, **common)
    parts = make_trainer(
        bert_folder, tmp_path / "parts", per_device_train_batch_size=2, gradient_accumulation_steps=4, **common
    )
    untrained_loss = parts.evaluate()["eval_loss"]
    whole.train()
    parts.train()
    for trainer in (whole, parts):
        first_loss = next(entry["loss"] for entry in trainer.state.log_history if "loss" in entry)
        assert first_loss == pytest.approx(untrained_loss, rel=1e-5)
    for (name, left), right in zip(whole.model.named_parameters(), parts.model.parameters(), strict=True):
        assert torch.allclose(left, right, atol=1e-5), name


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
