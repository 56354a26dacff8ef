"""What the system refuses while a model is trained, as messages that say what to type next."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from accelerate.utils.memory import should_reduce_batch_size
from transformers import TrainingArguments

from token_classification.errors import UserError
from token_classification.system_errors import find_error_number

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
NO_BATCH_SIZE = "No executable batch size found"
"""accelerate's last word, for `--auto_find_batch_size`"""


@contextmanager
def explain_write_errors(folder: str | Path) -> Iterator[None]:
    """Turn a full disk or a folder that can't be written to into a `UserError`; other errors pass.

    Args:
        folder: Where the run writes.
    """
    try:
        yield
    except Exception as error:
        number = find_error_number(error)
        if number in FULL:
            raise UserError(
                f"{folder}: no space left to write ({os.strerror(number)}). The last good checkpoint is kept. Make "
                "room, or keep fewer checkpoints with --save_total_limit 1; then run the same command with "
                "--resume_from_checkpoint auto."
            ) from error
        if number in FORBIDDEN:
            place = getattr(error, "filename", None) or folder
            raise UserError(
                f"{place}: can't be written to ({os.strerror(number)}). Give another folder as --output_dir."
            ) from error
        raise


@contextmanager
def explain_memory_errors(advice: str) -> Iterator[None]:
    """Turn running out of memory, on the CPU or an accelerator, into a `UserError`; other errors pass.

    Args:
        advice: What to type next.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, MemoryError) or should_reduce_batch_size(error) or NO_BATCH_SIZE in str(error):
            raise UserError(f"out of memory. {advice}") from error
        raise


def advise_on_training_memory(training: TrainingArguments) -> str:
    """Say what to type when a training step does not fit: half the batch, twice as often for the same step."""
    size, steps = training.per_device_train_batch_size, training.gradient_accumulation_steps
    if size == 1 or training.auto_find_batch_size:
        return "Give a smaller --max_seq_length (e.g. 128), --gradient_checkpointing true, or a smaller model."
    return (
        f"--per_device_train_batch_size {size} is too much; give --per_device_train_batch_size {size // 2} "
        f"--gradient_accumulation_steps {steps * 2}, which learns the same, or --auto_find_batch_size true."
    )


def advise_on_evaluation_memory(training: TrainingArguments) -> str:
    """Say what to type when an evaluation batch does not fit."""
    size = training.per_device_eval_batch_size
    if size == 1:
        return "Evaluation does not fit with a single window: give a smaller --max_seq_length (e.g. 128)."
    return (
        f"Evaluation with --per_device_eval_batch_size {size} is too much; give --per_device_eval_batch_size "
        f"{size // 2}: the results are the same."
    )
