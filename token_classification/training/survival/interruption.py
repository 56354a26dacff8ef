"""SIGTERM while training: the step is finished, a checkpoint saved, and the command ends with 143."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import torch
from torch import distributed
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from token_classification.errors import StoppedError
from token_classification.output_text import quote_path


class SaveAtSigterm(TrainerCallback):
    """Saves a checkpoint after the step in which SIGTERM came, and leaves the training.

    The library's `enable_jit_checkpoint` waits three seconds, saves in the middle of a step (whose random numbers are
    then drawn twice) and ends like a finished training.
    """

    def __init__(self) -> None:
        self.is_told = False
        """Whether SIGTERM came to this process"""
        self.is_leaving = False
        """Whether it came to any, as all found at the same step"""

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen for SIGTERM, and put back what listened before. Only a main thread can."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(signal.SIGTERM, self._remember)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
    ) -> None:
        """Ask for a checkpoint; after an epoch's last step leave that to `on_epoch_end`, behind its evaluation."""
        self._agree(args)
        if self.is_leaving and not float(state.epoch).is_integer():
            control.should_save = True

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
    ) -> None:
        """Ask for a checkpoint."""
        self._agree(args)
        if self.is_leaving:
            control.should_save = True

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object) -> None:
        """Leave, now that the checkpoint is written.

        Raises:
            StoppedError: SIGTERM came.
        """
        if not self.is_leaving:
            return
        if args.world_size > 1:
            # A launcher ends the first process, which writes the checkpoint, soon after another one has left.
            distributed.barrier()
        raise StoppedError(
            f"stopped by SIGTERM; {args.output_dir}/checkpoint-{state.global_step} is saved. To continue: the "
            "same command again (run_ner.py: with --resume_from_checkpoint auto)."
        )

    def leave_trained(self, args: TrainingArguments, folder: str) -> None:
        """Leave with a model that is trained and saved in `folder`, where SIGTERM came too late for a checkpoint.

        Raises:
            StoppedError: SIGTERM came.
        """
        self._agree(args)
        if self.is_leaving:
            raise StoppedError(
                f"stopped by SIGTERM; the training is finished, its model saved in {folder}. To continue: the same "
                f"command (run_ner.py) with --model_name_or_path {quote_path(folder)} and without --do_train."
            )

    def _remember(self, signal_number: int, frame: FrameType | None) -> None:
        self.is_told = True

    def _agree(self, args: TrainingArguments) -> None:
        """Find out whether any process was told to stop: all must leave after the same step."""
        if args.world_size == 1:
            self.is_leaving = self.is_told
            return
        told = torch.tensor(int(self.is_told), device=args.device)
        distributed.all_reduce(told, op=distributed.ReduceOp.MAX)
        self.is_leaving = bool(told)
