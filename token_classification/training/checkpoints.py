"""Where a run may write and from where it goes on: nothing is overwritten or continued by accident."""

import logging
import shutil
from pathlib import Path

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_utils import get_last_checkpoint

from token_classification.arguments import NerTrainingArguments
from token_classification.errors import UserError

logger = logging.getLogger(__name__)

FINISHED_RUN_FILE = "train_results.json"


def find_checkpoint(training: NerTrainingArguments) -> str | None:
    """Check the output folder before a training and find the checkpoint that it goes on from, None for a fresh start.

    As in the v4 script: checkpoints of an unfinished run in `output_dir` are continued, and the log says so; other
    contents are only written over with `--overwrite_output_dir`. A model folder given as `--model_name_or_path` is
    never taken for a checkpoint (behaviour.md T27).

    Raises:
        UserError: the folder holds something else, or the given checkpoint doesn't exist.
    """
    given = training.resume_from_checkpoint
    if given and given.lower() == "false":
        given = None
    folder = Path(training.output_dir)
    if folder.is_file():
        raise UserError(f"--output_dir {folder} is a file; give the path of a folder, new or empty.")
    if given and given.lower() not in ("true", "auto"):
        if not (Path(given) / "trainer_state.json").is_file():
            raise UserError(f"--resume_from_checkpoint {given}: no checkpoint there (no trainer_state.json).")
        return given
    last = get_last_checkpoint(str(folder)) if folder.is_dir() else None
    if given:
        if last is None:
            raise UserError(f"--resume_from_checkpoint {given}: {folder} holds no checkpoint to continue from.")
        return last
    if training.overwrite_output_dir or not folder.is_dir() or not any(folder.iterdir()):
        return None
    if last is None or (folder / FINISHED_RUN_FILE).exists():
        what = "a finished run" if (folder / FINISHED_RUN_FILE).exists() else "files"
        raise UserError(
            f"--output_dir {folder} already holds {what}. Give another folder, --overwrite_output_dir to train from "
            "scratch and write over it, or --resume_from_checkpoint true to go on from its last checkpoint."
        )
    logger.warning("%s holds an unfinished run: going on from it. To start afresh: --overwrite_output_dir.", last)
    return last


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
