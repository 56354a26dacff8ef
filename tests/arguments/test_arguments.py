"""The argument dataclasses: what early stopping brings with it, and which values are refused."""

from pathlib import Path

import pytest
from transformers import TrainingArguments

from token_classification.arguments.data import DataArguments
from token_classification.arguments.decoding import DecodingArguments
from token_classification.arguments.export import ExportArguments
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


NAN, INFINITE = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("num_train_epochs", -1),
        ("num_train_epochs", NAN),
        ("num_train_epochs", INFINITE),
        ("per_device_train_batch_size", 0),
        ("per_device_eval_batch_size", 0),
        ("gradient_accumulation_steps", 0),
        ("learning_rate", NAN),
        ("learning_rate", -5e-5),
        ("head_learning_rate", 0.0),
        ("head_learning_rate", INFINITE),
        ("weight_decay", NAN),
        ("adam_beta2", 1.0),
        ("max_grad_norm", -1.0),
        ("warmup_steps", NAN),
        ("label_smoothing_factor", 1.0),
        ("seed", -1),
        ("seed", 2**32),
        ("data_seed", -1),
        ("dataloader_num_workers", -1),
    ],
)
def test_a_training_value_that_can_only_fail_is_named(build, name: str, value: float) -> None:
    with pytest.raises(UserError, match=rf"--{name} must be .*got {value}"):
        build(do_train=True, **{name: value})


@pytest.mark.parametrize("settings", [{"num_train_epochs": 0}, {"max_steps": 0}])
def test_a_training_without_a_step_is_refused(build, settings: dict) -> None:
    with pytest.raises(UserError, match=r"train nothing.*--max_steps 1"):
        build(do_train=True, **settings)
    build(do_eval=True, **settings)


@pytest.mark.parametrize("settings", [{"num_train_epochs": 0.5}, {"num_train_epochs": 0, "max_steps": 1}, {"seed": 0}])
def test_a_training_of_any_step_is_accepted(build, settings: dict) -> None:
    assert {name: getattr(build(do_train=True, **settings), name) for name in settings} == settings


def test_what_the_library_refuses_is_a_mistake_too(build) -> None:
    with pytest.raises(UserError, match="--logging_steps"):
        build(logging_steps=0)


def test_a_tracker_that_is_not_there_is_named(build, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"--report_to wandbb: no such tracker.*none"):
        build(report_to=["wandbb"])
    monkeypatch.setattr("transformers.integrations.integration_utils.is_wandb_available", lambda: False)
    with pytest.raises(UserError, match="pip install wandb"):
        build(report_to=["wandb"])
    assert build(report_to="none").report_to == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("validation_split", 0.0),
        ("validation_split", 1.0),
        ("validation_split", -0.1),
        ("validation_split", 10),
        ("max_train_samples", 0),
        ("max_eval_samples", -1),
        ("max_predict_samples", 0),
    ],
)
def test_a_value_out_of_range_is_named(name: str, value: float) -> None:
    with pytest.raises(UserError, match=rf"--{name} must .*got {value}"):
        DataArguments(train_file="a.conll", **{name: value})


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        (DecodingArguments, "max_seq_length", 0),
        (DecodingArguments, "doc_stride", -1),
        (ExportArguments, "max_f1_drop", NAN),
    ],
)
def test_a_value_out_of_range_of_other_parts_is_named(part: type, name: str, value: float) -> None:
    with pytest.raises(UserError, match=rf"--{name} must .*got {value}"):
        part(**{name: value})


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(UserError) as caught:
        DataArguments(validation_split=2.0, max_train_samples=-1)
    assert [flag in str(caught.value) for flag in ("No data", "--validation_split", "--max_train_samples")] == [
        True
    ] * 3


@pytest.mark.parametrize("settings", [{"doc_stride": 0}, {"max_seq_length": 1}])
def test_values_at_the_edge_are_accepted(settings: dict) -> None:
    decoding = DecodingArguments(**settings)
    assert {name: getattr(decoding, name) for name in settings} == settings


@pytest.mark.parametrize("name", ["dataset_name", "train_file", "validation_file", "test_file"])
def test_any_one_source_of_data_is_enough(name: str) -> None:
    assert getattr(DataArguments(**{name: "x"}), name) == "x"


def test_the_task_is_read_in_any_case() -> None:
    assert DataArguments(task_name="NER", train_file="a.conll").task_name == "ner"
