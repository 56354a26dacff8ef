"""The trainer of a spec in the words of the engine: how long, on what, in which precision, and what is kept."""

import logging
from collections.abc import Callable
from pathlib import Path

from omegaconf import DictConfig
from transformers.integrations import is_tensorboard_available, is_wandb_available

from token_classification.arguments.training import NerTrainingArguments, Precision
from token_classification.errors import UserError
from token_classification.extras import describe_missing
from token_classification.hardware import has_accelerator, multiplies_bf16
from token_classification.recipe import EarlyStopping

logger = logging.getLogger(__name__)

MONITORED = {"val_loss": "eval_loss", "f1": "eval_f1", "precision": "eval_precision", "recall": "eval_recall"}
"""NeMo's name of a monitored score -> ours. f1, precision and recall are those of entities."""

PRECISIONS: dict[str, Precision] = {
    "auto": "auto",
    **dict.fromkeys(("32", "32-true", "None"), "no"),
    **dict.fromkeys(("16", "16-mixed"), "fp16"),
    **dict.fromkeys(("bf16", "bf16-mixed"), "bf16"),
}
"""`trainer.precision`, as every version of Lightning writes it -> `--mixed_precision`; null is Lightning's 32"""

ACCELERATORS = {"auto": None, "None": None, "cpu": "cpu", "gpu": "gpu", "cuda": "gpu"}
"""`trainer.accelerator` -> what it asks for"""
STRATEGIES = ("auto", "None", "ddp", "ddp_spawn", "ddp_notebook", "ddp_find_unused_parameters_true", "single_device")
"""Values of `trainer.strategy`, in old versions of `trainer.accelerator`, that train as these commands do"""


def translate_training(spec: DictConfig, output_folder: Path) -> NerTrainingArguments:
    """Say how to train: with an evaluation and a checkpoint every epoch.

    Raises:
        UserError: what can't be had: a precision, a device, a length, a monitored score.
    """
    trainer, checkpoints, loading = spec.trainer, spec.exp_manager.checkpoint_callback_params, spec.model.dataset
    check_checkpoints(checkpoints)
    if trainer.num_nodes not in (None, 1):
        raise UserError(
            f"trainer.num_nodes={trainer.num_nodes}: these commands run on one machine. For several: "
            "torchrun with run_ner.py, see docs/scaling.md."
        )
    max_steps = -1 if trainer.max_steps is None else trainer.max_steps
    if trainer.max_epochs is None and max_steps < 1:
        raise UserError("trainer.max_epochs=null: accepted with trainer.max_steps=N only; give trainer.max_epochs=5.")
    use_cpu = wants_cpu(trainer)
    own = spec.training_ds
    return NerTrainingArguments(
        output_dir=str(output_folder),
        do_train=True,
        num_train_epochs=1 if trainer.max_epochs is None else trainer.max_epochs,
        max_steps=max_steps,
        per_device_train_batch_size=spec.training_ds.batch_size,
        per_device_eval_batch_size=spec.validation_ds.batch_size,
        gradient_accumulation_steps=trainer.accumulate_grad_batches or 1,
        max_grad_norm=trainer.gradient_clip_val or 0.0,
        learning_rate=spec.model.optim.lr,
        head_learning_rate=spec.model.optim.head_lr,
        layerwise_lr_decay=spec.model.optim.layer_decay,
        weight_decay=spec.model.optim.weight_decay,
        lr_scheduler_type="constant",
        train_sampling_strategy="auto" if spec.training_ds.shuffle else "sequential",
        dataloader_drop_last=loading.drop_last if own.drop_last is None else own.drop_last,
        dataloader_num_workers=loading.num_workers if own.num_workers is None else own.num_workers,
        dataloader_pin_memory=loading.pin_memory if own.pin_memory is None else own.pin_memory,
        eval_strategy="epoch",
        save_strategy="epoch",
        metric_for_best_model=MONITORED[checkpoints.monitor],
        greater_is_better=checkpoints.monitor != "val_loss",
        load_best_model_at_end=checkpoints.save_best_model,
        logging_steps=50 if trainer.log_every_n_steps is None else trainer.log_every_n_steps,
        seed=trainer.seed,
        use_cpu=use_cpu,
        mixed_precision=choose_precision(trainer.precision, on_cpu=use_cpu or not has_accelerator()),
        report_to=choose_loggers(spec.exp_manager) or "none",
        # The encoder's pooler is part of the model, and nothing uses it.
        ddp_find_unused_parameters=True if trainer.gpus > 1 else None,
    )


def check_checkpoints(checkpoints: DictConfig) -> None:
    """Check by which score, in which direction and how many epochs are kept.

    Raises:
        UserError: it is not.
    """
    section = "exp_manager.checkpoint_callback_params"
    _check_monitored(section, checkpoints)
    if checkpoints.save_top_k < -1:
        raise UserError(
            f"{section}.save_top_k={checkpoints.save_top_k}: accepted are a number of checkpoints, and -1 for all; "
            f"give {section}.save_top_k=3."
        )


def translate_early_stopping(manager: DictConfig) -> EarlyStopping | None:
    """Say when a training ends before its last epoch; None where it doesn't.

    Raises:
        UserError: no such score, or it is not better in the direction given.
    """
    if not manager.create_early_stopping_callback:
        return None
    section, params = "exp_manager.early_stopping_callback_params", manager.early_stopping_callback_params
    _check_monitored(section, params)
    if params.patience < 0:
        raise UserError(f"{section}.patience={params.patience}: accepted is a number of evaluations, e.g. 3.")
    if not params.min_delta >= 0:
        raise UserError(f"{section}.min_delta={params.min_delta}: accepted is 0 or more.")
    return EarlyStopping(
        MONITORED[params.monitor], params.patience, params.min_delta, greater_is_better=params.monitor != "val_loss"
    )


def _check_monitored(section: str, params: DictConfig) -> None:
    """Check that a monitored score exists and is better in the direction given."""
    if params.monitor not in MONITORED:
        raise UserError(f"{section}.monitor={params.monitor}: accepted are {', '.join(MONITORED)}.")
    mode = "min" if params.monitor == "val_loss" else "max"
    if params.mode not in ("auto", mode):
        raise UserError(
            f"{section}.mode={params.mode}: for {params.monitor} accepted are auto and {mode}; "
            f"give {section}.mode=auto."
        )


def wants_cpu(trainer: DictConfig) -> bool:
    """Tell whether a spec asks for the CPU, and warn where it asks for a GPU that is not there.

    Raises:
        UserError: devices or a way to share the work among them that are not here.
    """
    accelerator = str(trainer.accelerator).lower()
    if accelerator not in ACCELERATORS and accelerator not in STRATEGIES:
        raise UserError(f"trainer.accelerator={trainer.accelerator}: accepted are auto, cpu and gpu.")
    if str(trainer.strategy).lower() not in STRATEGIES:
        raise UserError(
            f"trainer.strategy={trainer.strategy}: accepted are auto and ddp. Models that are split over GPUs: "
            "run_ner.py, see docs/scaling.md."
        )
    if ACCELERATORS.get(accelerator) == "gpu" and not has_accelerator():
        logger.warning("trainer.accelerator=%s: there is no GPU here; the CPU is used.", trainer.accelerator)
    return ACCELERATORS.get(accelerator) == "cpu" or trainer.gpus == 0


def choose_precision(precision: str | None, on_cpu: bool) -> Precision:
    """Translate `trainer.precision`; float16 needs a GPU, and on a CPU another takes its place with a warning.

    Raises:
        UserError: a precision that doesn't exist here.
    """
    if str(precision) not in PRECISIONS:
        raise UserError(
            f"trainer.precision={precision}: accepted are auto, 32, 16 and bf16, also as 32-true, 16-mixed and "
            "bf16-mixed; weights are always float32."
        )
    chosen = PRECISIONS[str(precision)]
    if chosen == "fp16" and on_cpu:
        instead = "bf16" if multiplies_bf16(on_cpu=True) else "32"
        logger.warning("trainer.precision=%s needs a GPU; on this CPU it is trainer.precision=%s.", precision, instead)
        return PRECISIONS[instead]
    return chosen


def choose_loggers(manager: DictConfig) -> list[str]:
    """Choose where the Trainer reports to; a logger that is not installed is left out with a warning."""
    wanted: dict[str, tuple[bool, Callable[[], bool]]] = {
        "tensorboard": (manager.create_tensorboard_logger, is_tensorboard_available),
        "wandb": (manager.create_wandb_logger, is_wandb_available),
    }
    loggers = []
    for name, (is_wanted, is_available) in wanted.items():
        if is_wanted and not is_available():
            logger.warning(
                "exp_manager.create_%s_logger=true: nothing is logged there; %s", name, describe_missing(name)
            )
        elif is_wanted:
            loggers.append(name)
    return loggers
