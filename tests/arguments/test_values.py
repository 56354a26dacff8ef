"""Which values settings may have: what could only fail later, or learn nothing, is named before anything is done."""

from pathlib import Path

import pytest

from token_classification.arguments.data import DataArguments
from token_classification.arguments.decoding import DecodingArguments
from token_classification.arguments.export import ExportArguments
from token_classification.arguments.learning import LearningArguments
from token_classification.arguments.training import NerTrainingArguments
from token_classification.arguments.values import find_unknown_trackers
from token_classification.errors import UserError


@pytest.fixture
def build(tmp_path: Path):
    """Give a function that makes training arguments."""
    return lambda **settings: NerTrainingArguments(output_dir=str(tmp_path), use_cpu=True, **settings)


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
        ("layerwise_lr_decay", 0.0),
        ("layerwise_lr_decay", 1.1),
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


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        (DataArguments, "validation_split", 0.0),
        (DataArguments, "validation_split", 1.0),
        (DataArguments, "validation_split", -0.1),
        (DataArguments, "validation_split", 10),
        (DataArguments, "max_train_samples", 0),
        (DataArguments, "max_eval_samples", -1),
        (DataArguments, "max_predict_samples", 0),
        (DecodingArguments, "max_seq_length", 0),
        (DecodingArguments, "doc_stride", -1),
        (ExportArguments, "max_f1_drop", NAN),
        (LearningArguments, "head_layers", 0),
    ],
)
def test_a_value_out_of_range_is_named(part: type, name: str, value: float) -> None:
    needed = {"train_file": "a.conll"} if part is DataArguments else {}
    with pytest.raises(UserError, match=rf"--{name} must .*got {value}"):
        part(**needed, **{name: value})


@pytest.mark.parametrize("settings", [{"doc_stride": 0}, {"max_seq_length": 1}, {"max_seq_length": -1}])
def test_values_at_the_edge_are_accepted(settings: dict) -> None:
    decoding = DecodingArguments(**settings)
    assert {name: getattr(decoding, name) for name in settings} == settings


def test_a_tracker_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    (problem,) = find_unknown_trackers(["wandbb"])
    assert "--report_to wandbb: no such tracker" in problem
    assert "none" in problem
    monkeypatch.setattr("transformers.integrations.integration_utils.is_wandb_available", lambda: False)
    (problem,) = find_unknown_trackers(["wandb"])
    assert "pip install wandb" in problem
    assert find_unknown_trackers([]) == find_unknown_trackers(None) == []
