"""Trainers of specs in the words of the engine: precision, devices, what is loaded how, what is monitored."""

import logging
from pathlib import Path

import pytest

from token_classification.arguments.training import NerTrainingArguments
from token_classification.errors import UserError
from token_classification.recipe import EarlyStopping
from token_classification.tao import translate_trainer
from token_classification.tao.spec import load_spec
from token_classification.tao.translate_trainer import translate_early_stopping, translate_training


@pytest.fixture(autouse=True)
def _log_everything(caplog) -> None:
    caplog.set_level(logging.INFO, logger="token_classification")


@pytest.fixture
def on_a_cpu(monkeypatch) -> None:
    """A machine without a GPU."""
    monkeypatch.setattr(translate_trainer, "has_accelerator", lambda: False)


def translate_overrides(*overrides: str) -> NerTrainingArguments:
    """The training arguments of a spec."""
    return translate_training(load_spec("train", None, overrides, []), Path("unused"))


@pytest.mark.usefixtures("on_a_cpu")
@pytest.mark.parametrize("precision", ["16", "16-mixed"])
@pytest.mark.parametrize("has_units", [True, False])
def test_float16_falls_back_aloud_on_a_cpu(precision, has_units, monkeypatch, caplog):
    monkeypatch.setattr(translate_trainer, "multiplies_bf16", lambda on_cpu: has_units)
    args = translate_overrides(f"trainer.precision={precision}")
    assert (args.bf16, args.fp16) == (has_units, False)
    (message,) = caplog.messages
    assert f"trainer.precision={precision}" in message
    assert message.endswith("trainer.precision=bf16." if has_units else "trainer.precision=32.")


PRECISIONS = {
    **dict.fromkeys(["32", "32-true", "null"], (False, False)),
    **dict.fromkeys(["bf16", "bf16-mixed"], (True, False)),
}


@pytest.mark.usefixtures("on_a_cpu")
@pytest.mark.parametrize("precision", PRECISIONS)
def test_precisions_of_every_lightning(precision, caplog):
    args = translate_overrides(f"trainer.precision={precision}")
    assert (args.bf16, args.fp16) == PRECISIONS[precision]
    assert caplog.messages == []


REFUSED = {
    "weights in float16": ("trainer.precision=16-true", "16-mixed"),
    "weights in float64": ("trainer.precision=64", "float32"),
    "a split model": ("trainer.strategy=fsdp", "docs/scaling.md"),
    "TPUs": ("trainer.accelerator=tpu", "cpu and gpu"),
    "several nodes": ("trainer.num_nodes=2", "docs/scaling.md"),
    "no length": ("trainer.max_epochs=null", "trainer.max_steps"),
    "no such score": ("exp_manager.checkpoint_callback_params.monitor=acc", "val_loss"),
    "fewer than no checkpoints": ("exp_manager.checkpoint_callback_params.save_top_k=-5", "-1 for all"),
    "the worst score": ("exp_manager.checkpoint_callback_params.mode=max", "mode=auto"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_had_is_refused(kind):
    override, advice = REFUSED[kind]
    with pytest.raises(UserError) as error:
        translate_overrides(override)
    assert override.partition("=")[0] in str(error.value)
    assert advice in str(error.value)


def test_null_is_lightnings_default():
    args = translate_overrides(
        *("trainer.max_epochs=null", "trainer.max_steps=7", "trainer.accumulate_grad_batches=null"),
        *("trainer.gradient_clip_val=null", "trainer.log_every_n_steps=null", "trainer.num_nodes=null"),
    )
    assert (args.max_steps, args.gradient_accumulation_steps, args.max_grad_norm, args.logging_steps) == (7, 1, 0, 50)


@pytest.mark.parametrize("override", ["trainer.gpus=0", "trainer.accelerator=cpu"])
def test_the_cpu_is_used_where_it_is_asked_for(override):
    assert translate_overrides(override).use_cpu


@pytest.mark.usefixtures("on_a_cpu")
def test_a_gpu_that_is_missing_is_missed_aloud(caplog):
    assert translate_overrides("trainer.accelerator=gpu") is not None
    assert "no GPU" in caplog.text


def test_training_data_has_loading_options_of_its_own():
    common = ["model.dataset.num_workers=2", "model.dataset.drop_last=true"]
    args = translate_overrides(*common)
    assert (args.dataloader_num_workers, args.dataloader_drop_last) == (2, True)
    args = translate_overrides(*common, "training_ds.num_workers=1", "model.train_ds.drop_last=false")
    assert (args.dataloader_num_workers, args.dataloader_drop_last) == (1, False)


def test_a_logger_that_is_not_installed_is_left_out_aloud(monkeypatch, caplog):
    monkeypatch.setattr(translate_trainer, "is_tensorboard_available", lambda: False)
    assert translate_overrides("exp_manager.create_tensorboard_logger=true").report_to == []
    assert 'pip install ".[tensorboard]"' in caplog.text


def test_the_head_has_a_rate_of_its_own():
    assert translate_overrides().head_learning_rate is None
    assert translate_overrides("optim.head_lr=1e-3").head_learning_rate == 1e-3
    assert translate_overrides("optim.layer_decay=0.9").layerwise_lr_decay == 0.9


CREATE = "exp_manager.create_early_stopping_callback=true"
PARAMS = "exp_manager.early_stopping_callback_params"
EARLY_STOPPING = {
    "no callback": ([f"{PARAMS}.patience=3"], None),
    "NeMo's defaults": ([CREATE], EarlyStopping("eval_loss", 10, 0.001, greater_is_better=False)),
    "NeMo's section": (
        [
            CREATE,
            f"{PARAMS}={{monitor: val_loss, mode: min, min_delta: 0.01, patience: 2, verbose: true, strict: true, "
            "check_finite: true, stopping_threshold: null, divergence_threshold: null, log_rank_zero_only: false}",
        ],
        EarlyStopping("eval_loss", 2, 0.01, greater_is_better=False),
    ),
    "F1": (
        [CREATE, f"{PARAMS}.monitor=f1", f"{PARAMS}.patience=1", f"{PARAMS}.min_delta=0"],
        EarlyStopping("eval_f1", 1, 0.0),
    ),
}


@pytest.mark.parametrize("kind", EARLY_STOPPING)
def test_early_stopping(kind, caplog):
    overrides, rule = EARLY_STOPPING[kind]
    assert translate_early_stopping(load_spec("train", None, overrides, []).exp_manager) == rule
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("override", "advice"),
    [
        (f"{PARAMS}.monitor=val_f1", "accepted are val_loss"),
        (f"{PARAMS}.mode=max", "mode=auto"),
        (f"{PARAMS}.patience=-1", "e.g. 3"),
        (f"{PARAMS}.min_delta=-1", "0 or more"),
        (f"{PARAMS}.stopping_threshold=0.9", "would change the result"),
        (f"{PARAMS}.patienc=3", "did you mean"),
    ],
)
def test_early_stopping_that_cannot_be_had_is_refused(override, advice):
    with pytest.raises(UserError) as error:
        translate_early_stopping(load_spec("train", None, [CREATE, override], []).exp_manager)
    assert override.partition("=")[0] in str(error.value)
    assert advice in str(error.value)
