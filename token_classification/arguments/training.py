"""How a run trains: all `TrainingArguments`, and what this project adds to them."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

import torch
from accelerate.utils import is_deepspeed_available, parse_flag_from_env
from transformers import TrainingArguments
from transformers.trainer_utils import IntervalStrategy, SaveStrategy

from token_classification.arguments.shown_flags import TRAINING_FLAGS
from token_classification.arguments.time_budget import read_time
from token_classification.arguments.values import (
    OPTIMIZERS,
    find_idle_training,
    find_unknown_optimizer,
    find_unknown_trackers,
    find_wrong_values,
)
from token_classification.errors import UserError
from token_classification.extras import describe_missing
from token_classification.hardware import has_accelerator, multiplies_bf16

LAUNCHED_PRECISION = "ACCELERATE_MIXED_PRECISION"
"""Environment variable in which `accelerate launch` passes on its `--mixed_precision`"""

Precision = Literal["auto", "no", "bf16", "fp16"]


@dataclass
class NerTrainingArguments(TrainingArguments):
    """All `TrainingArguments`, and what this project adds to them; the defaults train as fast as the machine can."""

    output_dir: str = field(
        default="trainer_output", metadata={"metavar": "FOLDER", "help": TRAINING_FLAGS["output_dir"].help}
    )
    train_sampling_strategy: str = field(
        default="auto",
        metadata={
            "help": "How training windows are put into batches: random, sequential, group_by_length (similar lengths "
            "together, little padding) or auto: random where sentences share rows (--pack_windows), otherwise "
            "group_by_length."
        },
    )
    pack_windows: bool = field(
        default=True,
        metadata={
            "help": "Let sentences of a training batch share rows instead of padding each of them; none sees another. "
            "Batches and loss stay the same. Models that cannot do this are padded, with a warning."
        },
    )
    mixed_precision: Precision = field(default="auto", metadata={"help": TRAINING_FLAGS["mixed_precision"].help})
    logging_nan_inf_filter: bool = field(
        default=False,
        metadata={
            "help": "In the log, replace a NaN or infinite loss with the mean of earlier losses. Such a loss ends the "
            "run either way."
        },
    )
    logging_dir: str | None = field(
        default=None,
        metadata={
            "metavar": "FOLDER",
            "help": "Folder of TensorBoard's logs. Default: $TENSORBOARD_LOGGING_DIR, else one in output_dir/runs.",
        },
    )
    keep_freed_memory: bool = field(
        default=True,
        metadata={"help": "On the CPU: keep freed memory for the next step instead of returning it to the system."},
    )
    tune_for_cpu: bool = field(
        default=True,
        metadata={
            "help": "On the CPU: cheaper random numbers for dropout, attention in the precision of the run, embedding "
            "rows that the training data never uses left out of the optimizer (with --weight_decay 0), and fewer "
            "compiled matrix products in memory."
        },
    )
    optim: str = field(
        default=TrainingArguments.optim,
        metadata={
            "help": "The optimizer: one of the library's names (`OptimizerNames`), or one of torch's that it lacks: "
            + ", ".join(OPTIMIZERS)
            + ". Settings: --optim_args momentum=0.9,nesterov=true."
        },
    )
    head_learning_rate: float | None = field(
        default=None, metadata={"help": TRAINING_FLAGS["head_learning_rate"].help}
    )
    layerwise_lr_decay: float | None = field(
        default=None, metadata={"help": TRAINING_FLAGS["layerwise_lr_decay"].help}
    )
    resume_from_checkpoint: str | None = field(
        default=None,
        metadata={
            "aliases": ["--resume"],
            "metavar": "FOLDER",
            "help": TRAINING_FLAGS["resume_from_checkpoint"].help,
        },
    )
    overwrite_output_dir: bool = field(default=False, metadata={"help": TRAINING_FLAGS["overwrite_output_dir"].help})
    early_stopping_patience: int | None = field(
        default=None, metadata={"help": TRAINING_FLAGS["early_stopping_patience"].help}
    )
    time_budget: str | None = field(
        default=None, metadata={"metavar": "TIME", "help": TRAINING_FLAGS["time_budget"].help}
    )

    def __post_init__(self) -> None:
        self._fit_hardware()
        self._check_engines()
        if problems := find_wrong_values(self) or find_idle_training(self) or find_unknown_optimizer(self.optim):
            raise UserError("\n".join(problems))
        if self.time_budget is not None:
            self._check_time_budget(self.time_budget)
        if self.early_stopping_patience is not None:
            self._prepare_early_stopping()
        if self.load_best_model_at_end and self.metric_for_best_model is None:
            self.metric_for_best_model = "f1"
        optimizer = str(self.optim)
        if optimizer in OPTIMIZERS:
            # The library takes its own names only.
            self.optim = TrainingArguments.optim
        precision = self.mixed_precision
        backends: Any = torch.backends  # its settings have no types
        products = backends.fp32_precision
        try:
            super().__post_init__()  # type: ignore[no-untyped-call]  # the library has no type for it
        except ValueError as error:
            # Values that are fine by themselves, but not together.
            raise UserError(str(error)) from error
        if self.torch_compile and self.tf32 is None:
            # The library takes TF32 whenever a model is compiled; evaluations are in float32, which has 13 bits more.
            backends.fp32_precision = products
        # TrainingArguments has an attribute of this name, too, and reads it from the environment.
        self.mixed_precision = precision
        if self.deepspeed_plugin is not None:
            self.deepspeed_plugin.set_mixed_precision(precision)
        if optimizer in OPTIMIZERS:
            self.optim = optimizer
        if problems := find_unknown_trackers(self.report_to):
            raise UserError("\n".join(problems))

    @property
    def folder(self) -> Path:
        """The output folder."""
        return Path(self.output_dir)

    def __getstate__(self) -> dict[str, object]:
        """Return what is pickled (`training_args.bin`, which a push uploads) and copied: everything but the token."""
        return vars(self) | {"hub_token": None}

    def _fit_hardware(self) -> None:
        """Use the CPU if there is nothing else, and choose the precision."""
        self.use_cpu = self.use_cpu or not has_accelerator()
        if self.use_cpu:
            # Pinned memory is for copies to a GPU, and takes memory there even if that isn't used.
            self.dataloader_pin_memory = False
        elif torch.cuda.is_available() and self.dataloader_pin_memory and self.accelerator_config is None:
            # A copy to the GPU that is waited for would wait for the step before, too.
            self.accelerator_config = {"non_blocking": True}
        if self.mixed_precision != "auto":
            if (self.bf16 and self.mixed_precision != "bf16") or (self.fp16 and self.mixed_precision != "fp16"):
                given = "--bf16" if self.bf16 else "--fp16"
                raise UserError(f"--mixed_precision {self.mixed_precision} and {given}: give only one of them.")
        elif self.bf16 or self.fp16:
            self.mixed_precision = "bf16" if self.bf16 else "fp16"
        else:
            self.mixed_precision = self._choose_precision()
        self.bf16 = self.mixed_precision == "bf16"
        self.fp16 = self.mixed_precision == "fp16"
        if self.fp16 and self.use_cpu:
            raise UserError("--fp16 needs a GPU; on a CPU: --mixed_precision auto.")

    def _choose_precision(self) -> Literal["no", "bf16", "fp16"]:
        """Return what `accelerate launch --mixed_precision` asks for; it says `no` if it was not told."""
        launched = os.environ.get(LAUNCHED_PRECISION, "no")
        if launched == "no":
            return "bf16" if multiplies_bf16(on_cpu=self.use_cpu) else "no"
        if launched not in ("bf16", "fp16"):
            raise UserError(f"accelerate launch --mixed_precision {launched}: accepted are no, bf16 and fp16.")
        return cast(Literal["bf16", "fp16"], launched)

    def _check_engines(self) -> None:
        """Refuse engines that shard a model where they can't run; the library ignores them or fails deep inside.

        `accelerate launch` tells in the environment which engine its config file asks for.
        """
        if self.use_cpu and (self.fsdp or parse_flag_from_env("ACCELERATE_USE_FSDP")):
            raise UserError(
                "FSDP needs GPUs: accelerate does not shard on the CPU. CPU processes with a whole model each: "
                "accelerate launch --config_file examples/accelerate/two_cpus.yaml run_ner.py ..."
            )
        if self.deepspeed and not is_deepspeed_available():
            raise UserError(f"--deepspeed: {describe_missing('deepspeed')}; or leave it out.")

    def _check_time_budget(self, text: str) -> None:
        """Refuse what decides the length or the rate of a training besides its time."""
        read_time(text)
        reasons = {
            "--max_steps": self.max_steps > 0 and "it says how long, too",
            "--resume_from_checkpoint": self.resume_from_checkpoint is not None
            and "how much of the time is gone by then is unknown",
            "--lr_scheduler_type": self.lr_scheduler_type != "linear" and "the rate falls to 0 within the time",
            "several processes": int(os.environ.get("WORLD_SIZE", "1")) > 1 and "each would find its own end",
        }
        for flag, reason in reasons.items():
            if reason:
                raise UserError(f"--time_budget {text} and {flag}: {reason}; give only one of them.")
        if not self.do_train:
            raise UserError(f"--time_budget {text}: nothing is trained; add --do_train, or leave it out.")

    def _prepare_early_stopping(self) -> None:
        """Switch on what early stopping needs: evaluations, and the best model to return to."""
        if IntervalStrategy(self.eval_strategy) == IntervalStrategy.NO:
            self.eval_strategy = IntervalStrategy.EPOCH
        if SaveStrategy(self.save_strategy) != SaveStrategy.BEST:
            self.save_strategy = SaveStrategy(IntervalStrategy(self.eval_strategy).value)
            if self.save_strategy == SaveStrategy.STEPS:
                # TrainingArguments evaluates every logging_steps where eval_steps isn't given.
                self.save_steps = self.eval_steps or self.logging_steps
        self.load_best_model_at_end = True
