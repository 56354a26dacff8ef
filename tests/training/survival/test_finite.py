"""A loss or weights that are NaN or infinite end the training, and nothing good is written over."""

import math

import pytest
import torch
from conftest import SENTENCES
from trainers import make_trainer
from transformers import TrainerCallback

from token_classification.errors import UserError
from token_classification.training.survival.finite import check_loss, check_weights


class BreakWeights(TrainerCallback):
    """Makes the weights of the head NaN before a step begins (or ends)."""

    def __init__(self, step: int, at_its_end: bool = False):
        self.step = step
        self.at_its_end = at_its_end

    def on_step_begin(self, args, state, control, model, **kwargs) -> None:
        """Before the forward pass."""
        if not self.at_its_end and state.global_step + 1 == self.step:
            model.classifier.weight.data.fill_(math.nan)

    def on_step_end(self, args, state, control, model, **kwargs) -> None:
        """Before the checkpoint."""
        if self.at_its_end and state.global_step == self.step:
            model.classifier.weight.data.fill_(math.nan)


SETTINGS = {
    "num_train_epochs": 1,
    "per_device_train_batch_size": 2,
    "save_strategy": "steps",
    "save_steps": 1,
    "train_sampling_strategy": "sequential",
}


def test_a_loss_of_nan_names_step_and_batch(bert_folder, tmp_path):
    # On an accelerator only those of logged steps are looked at.
    trainer = make_trainer(bert_folder, tmp_path, **SETTINGS, logging_steps=1)
    trainer.add_callback(BreakWeights(3))
    with pytest.raises(UserError, match=r"loss is nan at step 3.* 2 windows(.|\n)*--learning_rate") as caught:
        trainer.learn(None, 8)
    for words, _ in SENTENCES[4:6]:
        assert words.split()[0].lower() in str(caught.value)
    assert {path.name for path in tmp_path.iterdir()} == {"checkpoint-1", "checkpoint-2"}


def test_weights_of_nan_are_not_saved(bert_folder, tmp_path):
    trainer = make_trainer(bert_folder, tmp_path, **SETTINGS, save_total_limit=1)
    trainer.add_callback(BreakWeights(3, at_its_end=True))
    with pytest.raises(UserError, match=r"after step 3 the weights of classifier\.weight"):
        trainer.learn(None, 8)
    assert {path.name for path in tmp_path.iterdir()} == {"checkpoint-2"}


@pytest.mark.parametrize("loss", [math.inf, -math.inf, math.nan])
def test_only_numbers_pass(loss):
    with pytest.raises(UserError, match=f"loss is {loss} at step 7, in a batch of 4 windows"):
        check_loss(torch.tensor(loss), 7, lambda: ["a"] * 4)


def test_the_batch_of_a_good_loss_is_not_read():
    check_loss(torch.tensor(1e30), 7, lambda: pytest.fail("was read"))


def test_good_weights_pass():
    check_weights(torch.nn.Linear(2, 2), 1)
