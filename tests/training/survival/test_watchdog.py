"""What the watchdog warns of, and what it lets pass."""

import logging
import math

import pytest
import torch
from conftest import SENTENCES
from trainers import LABELS, make_trainer
from transformers import TrainerControl, TrainerState

from token_classification.arguments.training import NerTrainingArguments
from token_classification.training.survival.watchdog import Watchdog

GOLD = [tags.split() for _, tags in SENTENCES]
OUTSIDE = [["O"] * len(tags) for tags in GOLD]


class Stage:
    """Plays a training to a watchdog."""

    def __init__(self, folder, train_gold=GOLD, **settings):
        self.split = type("Split", (), {"gold": train_gold})
        self.watchdog = Watchdog(self.split)
        self.training = NerTrainingArguments(output_dir=str(folder), use_cpu=True, num_train_epochs=3, **settings)
        self.state = TrainerState()

    def begin(self) -> None:
        self.watchdog.on_train_begin(self.training, self.state, TrainerControl())

    def log(self, *losses: float) -> None:
        for loss in losses:
            self.state.log_history.append({"loss": loss})
            self.watchdog.on_log(self.training, self.state, TrainerControl())

    def evaluate(self, predicted, f1: float, gold=GOLD) -> None:
        split = type("Split", (), {"gold": gold})
        self.watchdog.see_results(split, type("Results", (), {"tags": predicted}))
        self.state.log_history.append({"eval_f1": f1})
        self.watchdog.on_evaluate(self.training, self.state, TrainerControl())


@pytest.fixture
def stage(tmp_path) -> Stage:
    """A training of 3 epochs with the usual learning rate."""
    return Stage(tmp_path)


def test_a_good_training_is_left_alone(stage, caplog):
    stage.begin()
    stage.log(2.0, 1.0, 1.5, 1.6, 0.5)
    stage.evaluate(GOLD, 1.0)
    stage.evaluate(GOLD, 1.0)
    assert caplog.messages == []


def test_all_outside_is_said_once(stage, caplog):
    for _ in range(3):
        stage.evaluate(OUTSIDE, 0.0)
    assert len(caplog.messages) == 1
    assert "every word is predicted O, while 36.4% of" in caplog.text
    assert "--num_train_epochs 6, or --learning_rate 1e-4." in caplog.text


def test_gold_without_entities_may_be_all_outside(stage, caplog):
    stage.evaluate(OUTSIDE, 0.0, gold=OUTSIDE)
    assert caplog.messages == []


def test_f1_of_zero_under_a_falling_loss_is_said_at_the_second_evaluation(stage, caplog):
    wrong = [["B-PER" if tag == "O" else "O" for tag in tags] for tags in GOLD]
    stage.log(2.0, 1.0)
    stage.evaluate(wrong, 0.0)
    assert caplog.messages == []
    stage.evaluate(wrong, 0.0)
    assert "the loss falls (2 to 1), but F1 is 0 after 2 evaluations" in caplog.text
    assert "Compare the tag columns of both" in caplog.text


@pytest.mark.parametrize(("losses", "scores"), [((1.0, 2.0), (0.0, 0.0)), ((2.0, 1.0), (0.1, 0.0))])
def test_other_courses_of_loss_and_f1_pass(stage, caplog, losses, scores):
    stage.log(*losses)
    for f1 in scores:
        stage.evaluate(GOLD, f1)
    assert caplog.messages == []


def test_dead_labels_are_listed_at_the_second_evaluation(stage, caplog):
    without_companies = [["O" if tag.endswith("ORG") else tag for tag in tags] for tags in GOLD]
    stage.evaluate(without_companies, 0.7)
    assert caplog.messages == []
    stage.evaluate(without_companies, 0.7)
    assert "never predicted (words in the training data): B-ORG (4), I-ORG (2); they are rare" in caplog.text
    assert "--num_train_epochs 6" in caplog.text


def test_labels_that_the_training_data_does_not_have_are_told_apart(tmp_path, caplog):
    stage = Stage(tmp_path, train_gold=OUTSIDE)
    known = [["O" if tag == "B-ORG" else tag for tag in tags] for tags in GOLD]
    stage.evaluate(known, 0.7)
    stage.evaluate(known, 0.7)
    assert "B-ORG (0); those with 0 do not occur" in caplog.text


@pytest.mark.parametrize(("rate", "lines"), [(1e-3, 0), (2e-3, 1)])
def test_a_learning_rate_far_off_is_said_before_the_first_step(tmp_path, caplog, rate, lines):
    Stage(tmp_path, learning_rate=rate).begin()
    assert len(caplog.messages) == lines
    assert ("--learning_rate 5e-5" in caplog.text) == bool(lines)


def test_a_loss_that_rises_from_the_start_is_said_once(stage, caplog):
    stage.log(1.0, 1.1, 1.2, 1.3, 1.4)
    assert len(caplog.messages) == 1
    assert "the loss rises from the start (1, 1.1, 1.2): the learning rate 5e-05" in caplog.text
    assert "--learning_rate 5e-06 --overwrite_output_dir" in caplog.text


def test_only_the_main_process_speaks(tmp_path, caplog):
    stage = Stage(tmp_path, learning_rate=1.0)
    stage.state.is_world_process_zero = False
    stage.begin()
    stage.log(1.0, 2.0, 3.0)
    assert caplog.messages == []


def test_the_trainer_keeps_it_informed(bert_folder, tmp_path, caplog):
    trainer = make_trainer(bert_folder, tmp_path, max_steps=2, eval_strategy="steps", eval_steps=1, learning_rate=0.0)
    with torch.no_grad():
        trainer.model.classifier.bias[LABELS.names.index("O")] = math.log(1e9)
    with caplog.at_level(logging.WARNING):
        trainer.train()
    assert [message for message in caplog.messages if "every word is predicted O" in message] != []
