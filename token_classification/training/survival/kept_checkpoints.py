"""Which checkpoints stay during a training; only those of this run are ever removed."""

import logging
import math
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from token_classification.training.survival.checkpoints import list_checkpoints
from token_classification.training.survival.damage import STATE_FILE

logger = logging.getLogger(__name__)


@contextmanager
def keep_all_checkpoints(training: TrainingArguments) -> Iterator[None]:
    """Keep the library from removing any: it takes every folder whose name begins with `checkpoint-` for its own."""
    limit, training.save_total_limit = training.save_total_limit, None
    try:
        yield
    finally:
        training.save_total_limit = limit


def remove_older_checkpoints(folder: Path, limit: int | None, kept: set[Path]) -> None:
    """Remove the oldest checkpoints beyond `--save_total_limit`.

    Args:
        folder: The output folder.
        limit: How many may stay; None, 0 and less: all.
        kept: Those that stay in any case.
    """
    if limit is None or limit <= 0:
        return
    kept = {path.resolve() for path in kept}
    paths = [path.resolve() for path in list_own_checkpoints(folder).values()]
    surplus = len(paths) - max(limit, len(kept.intersection(paths)))
    for path in [path for path in paths if path not in kept][: max(surplus, 0)]:
        shutil.rmtree(path)


def list_own_checkpoints(folder: Path) -> dict[int, Path]:
    """List the checkpoints of this run by their steps, ascending; one that was written over has no state."""
    return {step: path for step, path in sorted(list_checkpoints(folder).items()) if (path / STATE_FILE).exists()}


class KeepBestCheckpoints(TrainerCallback):
    """Keeps the checkpoints with the best monitored scores, and the last one to go on from.

    It says so in Lightning's words, whose users look for them.
    """

    def __init__(self, keep: int, metric: str, greater_is_better: bool, monitor: str) -> None:
        """Keep so many (-1: all, 0: only the last) by a metric of the Trainer, which users know as `monitor`."""
        self.keep = keep
        self.metric = metric
        self.sign = 1 if greater_is_better else -1
        self.monitor = monitor

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object) -> None:
        """Remove the checkpoints that are neither among the best nor the last."""
        if not state.is_world_process_zero:
            return
        folders = list_own_checkpoints(Path(str(args.output_dir)))
        scores = {int(entry["step"]): entry[self.metric] for entry in state.log_history if self.metric in entry}
        ranked = sorted(folders.keys() & scores, key=lambda step: (-self.sign * scores[step], step))
        best = ranked if self.keep < 0 else ranked[: self.keep]
        if state.global_step in scores:
            self._say_rank(state, scores, best, folders[state.global_step])
        kept = {*best, state.global_step}
        if args.load_best_model_at_end and state.best_global_step is not None:
            kept.add(state.best_global_step)
        if self.keep >= 0:
            for step in folders.keys() - kept:
                shutil.rmtree(folders[step])

    def _say_rank(self, state: TrainerState, scores: dict[int, float], best: list[int], path: Path) -> None:
        step = state.global_step
        place = f"Epoch {math.ceil(state.epoch) - 1}, global step {step}: {self.monitor}"
        limit = len(best) if self.keep < 0 else self.keep
        if step in best:
            line = f'{place} reached {scores[step]:.5f} (best {scores[best[0]]:.5f}), saving model to "{path}"'
            logger.info("%s as top %s", line, limit)
        else:
            logger.info("%s was not in top %s", place, limit)
