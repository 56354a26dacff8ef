"""Where a run may write and what it continues from: nothing is overwritten or continued by accident."""

import logging
import os
import re
from pathlib import Path

from token_classification.arguments.training import NerTrainingArguments
from token_classification.data.results_folder import LOCK, MARKER
from token_classification.errors import UserError
from token_classification.training.distillation import TEACHER_OUTPUTS
from token_classification.training.survival.damage import STATE_FILE, find_damage, find_json_damage

logger = logging.getLogger(__name__)

FINISHED_RUN_FILE = "train_results.json"
CHECKPOINT_NAME = re.compile(r"checkpoint-(\d+)")
NOTHING_LOST = {"runs", TEACHER_OUTPUTS, LOCK, MARKER}
"""What may lie in a folder that a training begins in: TensorBoard's logs, what teachers said, whose folder it is"""


def find_checkpoint(training: NerTrainingArguments) -> str | None:
    """Check the output folder before a training, and find the checkpoint it continues from; None for a fresh start.

    As in the v4 script: checkpoints of an unfinished run in `output_dir` are continued, and the log says so; other
    contents are only written over with `--overwrite_output_dir`. A model folder given as `--model_name_or_path` is
    never taken for a checkpoint. Broken checkpoints are named and skipped.

    Raises:
        UserError: the folder holds something else, or can't be written to, or there is no such checkpoint.
    """
    path = training.resume_from_checkpoint or "false"
    given = path.lower()
    folder = training.folder
    _check_writable(folder)
    if given not in ("true", "auto", "false"):
        return _check_given(path, folder)
    if training.overwrite_output_dir and given == "false":
        if training.should_save:
            _retire_checkpoints(folder)
        return None
    last = find_last_checkpoint(folder)
    is_finished = (folder / FINISHED_RUN_FILE).exists()
    if last is not None and (given != "false" or not is_finished):
        logger.warning(
            "Continuing from %s. To start over: --overwrite_output_dir without --resume_from_checkpoint.", last
        )
        return last
    if given == "true":
        raise UserError(
            f"--resume_from_checkpoint true: {folder} holds no checkpoint to continue from; "
            "--resume_from_checkpoint auto then trains from the start."
        )
    if not training.overwrite_output_dir and holds_something(folder):
        what = "a finished run" if is_finished else "files"
        raise UserError(
            f"--output_dir {folder} already holds {what}. Give another folder, --overwrite_output_dir to train from "
            "scratch and write over it, or --resume_from_checkpoint true to continue from its last checkpoint."
        )
    if list_checkpoints(folder):
        logger.warning("%s holds no checkpoint to continue from; the training starts from the beginning.", folder)
    return None


def find_last_checkpoint(folder: Path) -> str | None:
    """Find the newest good checkpoint in a folder; a warning names newer ones that are broken."""
    for _, path in sorted(list_checkpoints(folder).items(), reverse=True):
        damage = find_damage(path)
        if damage is None:
            return str(path)
        logger.warning("%s is skipped: %s. Trying the one before it.", path, damage)
    return None


def list_checkpoints(folder: Path) -> dict[int, Path]:
    """List the checkpoints in a folder by their steps: `checkpoint-12`, and not `checkpoint-12-backup`."""
    if not folder.is_dir():
        return {}
    return {
        int(match[1]): path
        for path in folder.iterdir()
        if (match := CHECKPOINT_NAME.fullmatch(path.name)) and path.is_dir()
    }


def _retire_checkpoints(folder: Path) -> None:
    """Keep later `auto` runs from continuing the run that is written over; its weights stay, to start from."""
    old = [path / STATE_FILE for path in list_checkpoints(folder).values() if (path / STATE_FILE).exists()]
    for path in old:
        path.replace(path.with_suffix(".old.json"))
    if old:
        logger.warning("Checkpoints of an earlier run in %s can no longer be continued: %s.", folder, len(old))


def _check_given(given: str, folder: Path) -> str:
    if damage := find_damage(Path(given)):
        raise UserError(
            f"--resume_from_checkpoint {given}: there is no checkpoint to continue from ({damage}). "
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


def holds_something(folder: Path) -> bool:
    """Tell whether a fresh start could lose anything; what a run leaves before its first checkpoint is no loss."""
    if not folder.is_dir():
        return False
    unwritten = {path for path in list_checkpoints(folder).values() if find_json_damage(path / STATE_FILE)}
    return any(path.name not in NOTHING_LOST and path not in unwritten for path in folder.iterdir())
