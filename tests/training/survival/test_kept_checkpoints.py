"""Which checkpoints stay, and that nothing else is removed."""

import shutil
from pathlib import Path

import pytest
from conftest import write_checkpoint
from trainers import make_trainer
from transformers import TrainerControl, TrainerState, TrainingArguments

from token_classification.training.survival.kept_checkpoints import KeepBestCheckpoints, remove_older_checkpoints

LOSSES = {2: 0.9, 4: 0.5, 6: 0.7, 8: 0.4}
"""Step, two of them an epoch -> validation loss"""


def list_names(folder: Path) -> set[str]:
    """Names of the checkpoints and of whatever looks like one."""
    return {path.name for path in folder.glob("checkpoint-*")}


def keep_best(folder: Path, keep: int, losses: dict[int, float] = LOSSES, **settings) -> None:
    """Save a checkpoint after each evaluation of a training, and have the best kept."""
    callback = KeepBestCheckpoints(keep, "eval_loss", greater_is_better=False, monitor="val_loss")
    arguments = TrainingArguments(output_dir=str(folder), use_cpu=True)
    for name, value in settings.items():
        setattr(arguments, name, value)
    state = TrainerState()
    for step, loss in losses.items():
        state.global_step, state.epoch = step, step / 2
        state.log_history.append({"step": step, "eval_loss": loss})
        if loss == min(entry["eval_loss"] for entry in state.log_history):
            state.best_global_step = step
        write_checkpoint(folder, step)
        callback.on_save(arguments, state, TrainerControl())


@pytest.mark.parametrize(
    ("keep", "steps"), [(2, {4, 8}), (1, {8}), (0, {8}), (3, {4, 6, 8}), (-1, {2, 4, 6, 8}), (9, {2, 4, 6, 8})]
)
def test_the_best_and_the_last_are_kept(tmp_path: Path, keep: int, steps: set[int]) -> None:
    keep_best(tmp_path, keep)
    assert list_names(tmp_path) == {f"checkpoint-{step}" for step in steps}


def test_the_last_is_kept_to_go_on_from_however_bad(tmp_path: Path) -> None:
    keep_best(tmp_path, 1, {2: 0.5, 4: 0.9})
    assert list_names(tmp_path) == {"checkpoint-2", "checkpoint-4"}


def test_the_model_that_is_loaded_at_the_end_is_kept(tmp_path: Path) -> None:
    keep_best(tmp_path, 0, {2: 0.5, 4: 0.9, 6: 0.8}, load_best_model_at_end=True)
    assert list_names(tmp_path) == {"checkpoint-2", "checkpoint-6"}


def test_only_exact_names_are_checkpoints(tmp_path: Path) -> None:
    for step in (2, 4):
        write_checkpoint(tmp_path / "elsewhere", step)
        shutil.copytree(tmp_path / "elsewhere" / f"checkpoint-{step}", tmp_path / f"checkpoint-{step}-backup")
    keep_best(tmp_path, 1)
    assert list_names(tmp_path) == {"checkpoint-8", "checkpoint-2-backup", "checkpoint-4-backup"}


def test_a_run_that_was_written_over_is_neither_counted_nor_removed(tmp_path: Path) -> None:
    old = write_checkpoint(tmp_path, 100)
    (old / "trainer_state.json").rename(old / "trainer_state.old.json")
    keep_best(tmp_path, 1, {2: 0.5, 4: 0.9})
    assert list_names(tmp_path) == {"checkpoint-2", "checkpoint-4", "checkpoint-100"}


def test_what_is_saved_is_said_in_lightnings_words(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    keep_best(tmp_path, 2)
    path = tmp_path / "checkpoint"
    assert caplog.messages == [
        f'Epoch 0, global step 2: val_loss reached 0.90000 (best 0.90000), saving model to "{path}-2" as top 2',
        f'Epoch 1, global step 4: val_loss reached 0.50000 (best 0.50000), saving model to "{path}-4" as top 2',
        f'Epoch 2, global step 6: val_loss reached 0.70000 (best 0.50000), saving model to "{path}-6" as top 2',
        f'Epoch 3, global step 8: val_loss reached 0.40000 (best 0.40000), saving model to "{path}-8" as top 2',
    ]


def test_what_is_not_among_the_best_is_said_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    keep_best(tmp_path, 1, {2: 0.5, 4: 0.9})
    assert caplog.messages[-1] == "Epoch 1, global step 4: val_loss was not in top 1"


@pytest.mark.parametrize(
    ("limit", "kept", "left"),
    [
        (None, {3}, {1, 2, 3}),
        (0, {3}, {1, 2, 3}),
        (2, {3}, {2, 3}),
        (1, {3}, {3}),
        (1, {1, 3}, {1, 3}),
        (2, {1}, {1, 3}),
    ],
)
def test_the_oldest_beyond_the_limit_go(tmp_path: Path, limit: int | None, kept: set[int], left: set[int]) -> None:
    paths = {step: write_checkpoint(tmp_path, step) for step in (1, 2, 3)}
    remove_older_checkpoints(tmp_path, limit, {paths[step] for step in kept})
    assert list_names(tmp_path) == {f"checkpoint-{step}" for step in left}


def test_a_training_with_a_limit_removes_its_own_only(bert_folder, tmp_path: Path) -> None:
    shutil.copytree(write_checkpoint(tmp_path / "elsewhere", 1), tmp_path / "checkpoint-1-backup")
    settings = {"eval_strategy": "steps", "eval_steps": 1, "metric_for_best_model": "loss", "greater_is_better": True}
    trainer = make_trainer(
        bert_folder, tmp_path, max_steps=3, save_steps=1, save_total_limit=1, load_best_model_at_end=True, **settings
    )
    trainer.learn(None, 8)
    # The loss falls: its greatest value is that of the first step.
    assert list_names(tmp_path) == {"checkpoint-1", "checkpoint-1-backup"}
    assert trainer.args.save_total_limit == 1
