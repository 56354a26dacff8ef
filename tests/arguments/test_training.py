"""What some settings of a training bring with them, and what is refused of them."""

from pathlib import Path

import pytest
import torch
from transformers import TrainingArguments, training_args

from token_classification.arguments.training import NerTrainingArguments
from token_classification.errors import UserError


@pytest.fixture
def build(tmp_path: Path):
    """Give a function that makes training arguments."""
    return lambda **settings: NerTrainingArguments(output_dir=str(tmp_path), use_cpu=True, **settings)


def test_early_stopping_brings_evaluation_saving_and_the_best_model(build) -> None:
    training = build(early_stopping_patience=2)
    assert (training.eval_strategy, training.save_strategy) == ("epoch", "epoch")
    assert training.load_best_model_at_end
    assert (training.metric_for_best_model, training.greater_is_better) == ("f1", True)


def test_early_stopping_keeps_the_strategy_that_is_given(build) -> None:
    training = build(early_stopping_patience=2, eval_strategy="steps", eval_steps=20)
    assert (training.eval_strategy, training.eval_steps) == ("steps", 20)
    assert (training.save_strategy, training.save_steps) == ("steps", 20)


@pytest.mark.parametrize("logging_steps", [30, 50])
def test_early_stopping_saves_whenever_it_evaluates(build, logging_steps: int) -> None:
    training = build(early_stopping_patience=2, eval_strategy="steps", logging_steps=logging_steps)
    assert training.eval_steps == training.save_steps == logging_steps


def test_early_stopping_keeps_saving_only_the_best(build) -> None:
    training = build(early_stopping_patience=2, eval_strategy="steps", eval_steps=20, save_strategy="best")
    assert (training.eval_strategy, training.save_strategy) == ("steps", "best")


def test_early_stopping_keeps_the_metric_that_is_given(build) -> None:
    training = build(early_stopping_patience=1, metric_for_best_model="loss")
    assert (training.metric_for_best_model, training.greater_is_better) == ("loss", False)


def test_the_best_model_is_that_of_the_best_f1(build) -> None:
    training = build(load_best_model_at_end=True, eval_strategy="epoch", save_strategy="epoch")
    assert (training.metric_for_best_model, training.greater_is_better) == ("f1", True)


def test_without_early_stopping_nothing_changes(build, tmp_path: Path) -> None:
    ours, upstream = build(), TrainingArguments(output_dir=str(tmp_path), use_cpu=True)
    for name in ("eval_strategy", "save_strategy", "save_steps", "load_best_model_at_end", "metric_for_best_model"):
        assert getattr(ours, name) == getattr(upstream, name)


@pytest.mark.parametrize("patience", [0, -1])
def test_patience_is_at_least_one(build, patience: int) -> None:
    with pytest.raises(UserError, match=f"--early_stopping_patience must be 1 or more; got {patience}"):
        build(early_stopping_patience=patience)


def test_what_the_library_refuses_is_a_mistake_too(build) -> None:
    with pytest.raises(UserError, match="--logging_steps"):
        build(logging_steps=0)


@pytest.mark.parametrize(("flags", "precision"), [({}, "none"), ({"tf32": False}, "ieee"), ({"tf32": True}, "tf32")])
def test_compiling_takes_no_tf32_that_was_not_asked_for(flags, precision, build, monkeypatch):
    monkeypatch.setattr(torch.backends, "fp32_precision", "none")
    # As where there is a GPU; the library's own remembers that it was called.
    monkeypatch.setattr(training_args, "is_torch_tf32_available", lambda: True)
    monkeypatch.setattr(training_args, "enable_tf32", set_tf32)
    build(torch_compile=True, bf16=True, **flags)
    assert torch.backends.fp32_precision == precision


def set_tf32(enable: bool) -> None:
    torch.backends.fp32_precision = "tf32" if enable else "ieee"


def test_copies_are_waited_for_on_the_cpu(build):
    assert not build().accelerator_config.non_blocking
