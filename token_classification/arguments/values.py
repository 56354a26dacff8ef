"""Which values the settings of a run may have; each part is checked before anything else is done with it."""

from collections.abc import Callable, Collection
from math import isfinite
from typing import TYPE_CHECKING

from token_classification.errors import UserError
from token_classification.extras import describe_missing
from token_classification.nearest_names import did_you_mean

if TYPE_CHECKING:
    from transformers import TrainingArguments

LARGEST_SEED = 2**32 - 1
"""NumPy's"""
UNLISTED_TRACKERS = {"azure_ml", "flyte", "kubeflow"}
"""Trackers whose packages the library does not list even if they are installed"""

OPTIMIZERS = ("adam", "adamw", "sgd", "adadelta", "adamax", "adagrad", "rmsprop", "rprop")
"""Names in `training/optimizer.py`, accepted besides the library's"""

COUNT = (lambda value: value >= 1, "1 or more")
NUMBER = (lambda value: value >= 0 and isfinite(value), "0 or more")
SEED = (lambda value: 0 <= value <= LARGEST_SEED, f"0 to {LARGEST_SEED}")
SHARE = (lambda value: 0 <= value < 1, "0 or more, and below 1")

ACCEPTED: dict[str, tuple[Callable[[float], bool], str]] = {
    "num_train_epochs": NUMBER,
    "per_device_train_batch_size": COUNT,
    "per_device_eval_batch_size": COUNT,
    "gradient_accumulation_steps": COUNT,
    "learning_rate": NUMBER,
    "head_learning_rate": (lambda value: value > 0 and isfinite(value), "above 0, e.g. 1e-3"),
    "layerwise_lr_decay": (lambda value: 0 < value <= 1, "above 0, and 1 at most, e.g. 0.9"),
    "weight_decay": NUMBER,
    "adam_beta1": SHARE,
    "adam_beta2": SHARE,
    "adam_epsilon": NUMBER,
    "max_grad_norm": (NUMBER[0], "0 (no clipping) or more"),
    "warmup_steps": (NUMBER[0], "0 or more; below 1 it is a share of all steps"),
    "label_smoothing_factor": SHARE,
    "seed": SEED,
    "data_seed": SEED,
    "dataloader_num_workers": NUMBER,
    "early_stopping_patience": COUNT,
    "head_layers": COUNT,
    "head_dropout": SHARE,
    "lora_rank": COUNT,
    "lora_alpha": (lambda value: value > 0 and isfinite(value), "above 0, e.g. twice --lora_rank"),
    "max_seq_length": (lambda value: value >= 1 or value == -1, "1 or more, or -1 for what the model can take"),
    "doc_stride": NUMBER,
    "distillation_temperature": (lambda value: value > 0 and isfinite(value), "above 0, e.g. 2"),
    "distillation_alpha": (lambda value: 0 <= value <= 1, "0 to 1"),
    "hint_weight": NUMBER,
    "teacher_confidence": (lambda value: 0 <= value <= 1, "0 to 1"),
    "max_train_samples": COUNT,
    "max_eval_samples": COUNT,
    "max_predict_samples": COUNT,
    "validation_split": (lambda value: 0 < value < 1, "above 0 and below 1, e.g. 0.1"),
    "max_f1_drop": NUMBER,
    "port": (lambda value: 0 <= value <= 65535, "0 (any free port) to 65535"),
    "max_batch_tokens": COUNT,
    "batch_wait_ms": NUMBER,
    "queue_capacity": COUNT,
    "max_text_characters": COUNT,
    "max_texts_per_request": COUNT,
    "max_body_bytes": COUNT,
    "request_timeout_s": (lambda value: value > 0 and isfinite(value), "a number of seconds above 0"),
}
"""Setting -> what it may be, as a test (which NaN fails) and in words; None is always accepted"""


def check_values(arguments: object) -> None:
    """Check a part of the settings.

    Raises:
        UserError: a value is not accepted; the message names all of them.
    """
    if problems := find_wrong_values(arguments):
        raise UserError("\n".join(problems))


def find_wrong_values(arguments: object) -> list[str]:
    """Describe every setting of a dataclass whose value could only fail later."""
    values = {name: value for name, value in vars(arguments).items() if name in ACCEPTED and value is not None}
    return [
        f"--{name} must be {ACCEPTED[name][1]}; got {value}."
        for name, value in values.items()
        if not ACCEPTED[name][0](value)
    ]


def find_idle_training(training: "TrainingArguments") -> list[str]:
    """Describe what makes a training learn nothing; each of the values may be fine by itself."""
    epochs, steps = training.num_train_epochs, training.max_steps
    is_idle = steps == 0 or (steps < 0 and epochs == 0)
    if not (training.do_train and is_idle):
        return []
    return [
        f"--num_train_epochs {epochs:g} and --max_steps {steps} train nothing. Give --num_train_epochs above 0 "
        "(0.5 is half of the data), or --max_steps 1 or more; or leave out --do_train."
    ]


def find_unknown_optimizer(name: str) -> list[str]:
    """Describe an unknown `--optim`, with the nearest name."""
    # Here, because the help reads this file without the library.
    from transformers import TrainingArguments
    from transformers.training_args import OptimizerNames

    names = list(dict.fromkeys([*OPTIMIZERS, *(member.value for member in OptimizerNames)]))
    if name in names:
        return []
    hint = did_you_mean(name, names, otherwise=f"the usual one is {TrainingArguments.optim}.")
    return [f"--optim {name}: no such optimizer; {hint} Accepted are {', '.join(names)}."]


def find_unknown_trackers(names: Collection[str] | None) -> list[str]:
    """Describe what `--report_to` cannot report to: an unknown tracker, or one whose package is missing.

    Args:
        names: The trackers, after `TrainingArguments` has resolved `all` and `none`.
    """
    if not names:
        return []
    # Here, because it looks for each tracker's package.
    from transformers.integrations.integration_utils import (
        INTEGRATION_TO_CALLBACK,
        get_available_reporting_integrations,
    )

    available = get_available_reporting_integrations()
    problems = []
    for name in names:
        if name not in INTEGRATION_TO_CALLBACK:
            usable = ", ".join([*available, "none"])
            problems.append(f"--report_to {name}: no such tracker; accepted here: {usable}.")
        elif name not in available and name not in UNLISTED_TRACKERS:
            problems.append(f"--report_to {name}: {describe_missing(name)}; or leave it out.")
    return problems
