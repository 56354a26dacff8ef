"""Where a run may write and from where it goes on: nothing is overwritten or continued by accident."""

import logging
import os
import re
import shutil
from pathlib import Path

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from token_classification.arguments import NerTrainingArguments
from token_classification.data.results_folder import LOCK, MARKER
from token_classification.errors import UserError
from token_classification.training.damage import STATE_FILE, find_damage

logger = logging.getLogger(__name__)

FINISHED_RUN_FILE = "train_results.json"
CHECKPOINT_NAME = re.compile(r"checkpoint-(\d+)")
LOG_FOLDER = "runs"
"""TensorBoard's"""


def find_checkpoint(training: NerTrainingArguments) -> str | None:
    """Check the output folder before a training and find the checkpoint that it goes on from, None for a fresh start.

    As in the v4 script: checkpoints of an unfinished run in `output_dir` are continued, and the log says so; other
    contents are only written over with `--overwrite_output_dir`. A model folder given as `--model_name_or_path` is
    never taken for a checkpoint (behaviour.md T27). Broken checkpoints are named and passed over.

    Raises:
        UserError: the folder holds something else, or can't be written to, or there is no such checkpoint.
    """
    given = training.resume_from_checkpoint
    if given and given.lower() == "false":
        given = None
    folder = Path(training.output_dir)
    _check_writable(folder)
    if given and given.lower() not in ("true", "auto"):
        return _check_given(given, folder)
    if training.overwrite_output_dir and not given:
        if training.should_save:
            _retire_checkpoints(folder)
        return None
    last = find_last_checkpoint(folder)
    if given and last is not None:
        return last
    if given and given.lower() == "true":
        raise UserError(
            f"--resume_from_checkpoint {given}: {folder} holds no checkpoint to continue from; "
            "--resume_from_checkpoint auto then trains from the start."
        )
    is_finished = (folder / FINISHED_RUN_FILE).exists()
    if last is not None and not is_finished:
        logger.warning("%s holds an unfinished run: going on from it. To start afresh: --overwrite_output_dir.", last)
        return last
    if not training.overwrite_output_dir and _holds_something(folder):
        what = "a finished run" if is_finished else "files"
        raise UserError(
            f"--output_dir {folder} already holds {what}. Give another folder, --overwrite_output_dir to train from "
            "scratch and write over it, or --resume_from_checkpoint true to go on from its last checkpoint."
        )
    return None


def find_last_checkpoint(folder: Path) -> str | None:
    """Find the newest good checkpoint in a folder; newer ones that are broken are named in a warning."""
    if not folder.is_dir():
        return None
    steps = {int(match[1]): path for path in folder.iterdir() if (match := CHECKPOINT_NAME.fullmatch(path.name))}
    for _, path in sorted(steps.items(), reverse=True):
        damage = find_damage(path)
        if damage is None:
            return str(path)
        logger.warning("%s is passed over: %s. The one before it is looked for.", path, damage)
    return None


def _retire_checkpoints(folder: Path) -> None:
    """Have no later `auto` go on from the run that is written over; its weights stay, somebody may start from them."""
    old = [path for path in folder.glob(f"checkpoint-*/{STATE_FILE}") if CHECKPOINT_NAME.fullmatch(path.parent.name)]
    for path in old:
        path.rename(path.with_suffix(".old.json"))
    if old:
        logger.warning("Checkpoints of an earlier run in %s can't be continued any more: %s.", folder, len(old))


def _check_given(given: str, folder: Path) -> str:
    if damage := find_damage(Path(given)):
        raise UserError(
            f"--resume_from_checkpoint {given}: no checkpoint there to go on from ({damage}). "
            f"--resume_from_checkpoint auto takes the last good one in {folder}."
        )
    return given


def _check_writable(folder: Path) -> None:
    """Find out before the training what would otherwise end it at the first checkpoint."""
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if existing.is_file():
        raise UserError(f"--output_dir {folder}: {existing} is a file; give the path of a folder, new or empty.")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise UserError(f"--output_dir {folder}: {existing} can't be written to; give another folder.")


def _holds_something(folder: Path) -> bool:
    """Whether a fresh start could cost anything: not what a run leaves that is killed before its first checkpoint."""
    if not folder.is_dir():
        return False
    return any(
        path.name not in (LOG_FOLDER, LOCK, MARKER)
        and not (CHECKPOINT_NAME.fullmatch(path.name) and path.is_dir() and not (path / STATE_FILE).exists())
        for path in folder.iterdir()
    )


class KeepBestCheckpoints(TrainerCallback):
    """Keeps the checkpoints with the best monitored scores, and the last one to go on from (behaviour.md K22)."""

    def __init__(self, keep: int, metric: str, greater_is_better: bool):
        self.keep = keep
        self.metric = metric
        self.sign = 1 if greater_is_better else -1

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs) -> None:
        """Remove the checkpoints that are neither among the best nor the last."""
        if not state.is_world_process_zero:
            return
        scores = {entry["step"]: self.sign * entry[self.metric] for entry in state.log_history if self.metric in entry}
        folders = {int(path.name.split("-")[1]): path for path in Path(args.output_dir).glob("checkpoint-*")}
        ranked = sorted((step for step in folders if step in scores), key=lambda step: scores[step], reverse=True)
        for step in ranked[self.keep :]:
            if step != max(folders):
                shutil.rmtree(folders[step])
