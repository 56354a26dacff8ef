"""Keys of NeMo, PyTorch Lightning and Hydra that have no effect here, and values of them that are not available.

A value that changes nothing is accepted: silently if it is null or what every configuration of the original has,
otherwise with a notice. A value that would change the result is refused.
"""

import logging
from dataclasses import dataclass

import yaml

from token_classification.errors import UserError
from token_classification.tao.settings import Setting, describe_node, is_null

logger = logging.getLogger(__name__)

ON, OFF = ("true", "yes", "on"), ("false", "no", "off")
ANY_SWITCH = (*ON, *OFF)
ANYTHING = "*"


@dataclass(frozen=True)
class ForeignKey:
    """A key that the schema does not have."""

    advice: str
    """What takes its place"""
    usual: tuple[str, ...] = ()
    """Values that are accepted silently, in lower case; null always is; ANYTHING: all are"""
    is_refused: bool = False
    """Whether other values are an error, because they would change the result"""


def _refuse(advice: str, *usual: str) -> ForeignKey:
    return ForeignKey(advice, usual, is_refused=True)


def _ignore(advice: str, *usual: str) -> ForeignKey:
    return ForeignKey(advice, usual)


_RESULTS = "the results folder is -r"
_EPOCH = "a checkpoint is written every epoch"
_SAVED = "the model is saved in checkpoints/ of the results folder"
_LOGGERS = "loggers are those of exp_manager.create_tensorboard_logger and exp_manager.create_wandb_logger"
_SUBSET = "use a part of the data with training_ds.num_samples and validation_ds.num_samples"
_EPOCHS = "the model is evaluated every epoch"
_LENGTH = "set the length of a training with trainer.max_epochs or trainer.max_steps"
_SCREEN = "progress is always shown"
_ONE_RUN = "each -r holds one run"
_RESUME = "a training continues by itself with the same -r"
_TUNERS = "nothing is tuned automatically: give model.optim.lr and training_ds.batch_size"

TRAINER_KEYS = {
    "amp_level": _refuse("use trainer.precision", "o0", "o1"),
    "amp_backend": _refuse("use trainer.precision", "native"),
    "checkpoint_callback": _ignore("exp_manager writes the checkpoints", *ANY_SWITCH),
    "enable_checkpointing": _ignore("exp_manager writes the checkpoints", *ANY_SWITCH),
    "logger": _ignore(_LOGGERS, *ANY_SWITCH),
    "val_check_interval": _refuse(_EPOCHS, "1.0"),
    "check_val_every_n_epoch": _refuse(_EPOCHS, "1"),
    "num_sanity_val_steps": _ignore("nothing is validated before the first epoch", "0", "2"),
    "resume_from_checkpoint": _refuse(_RESUME),
    "limit_train_batches": _refuse(_SUBSET, "1.0"),
    "limit_val_batches": _refuse(_SUBSET, "1.0"),
    "limit_test_batches": _refuse(_SUBSET, "1.0"),
    "limit_predict_batches": _refuse(_SUBSET, "1.0"),
    "overfit_batches": _refuse(_SUBSET, "0", "0.0"),
    "fast_dev_run": _refuse("give trainer.max_steps=1", *OFF),
    "min_epochs": _refuse(_LENGTH, "1"),
    "min_steps": _refuse(_LENGTH),
    "max_time": _refuse(_LENGTH),
    "gradient_clip_algorithm": _refuse("gradients are clipped by their norm", "norm"),
    "deterministic": _refuse(
        "trainer.seed fixes all random numbers; on the CPU the same run gives the same model; leave it out", *OFF
    ),
    "benchmark": _ignore("speed only", *ANY_SWITCH),
    "sync_batchnorm": _ignore("encoders have no batch norm", *ANY_SWITCH),
    "stochastic_weight_avg": _refuse("average checkpoints with `token_classification average`", *OFF),
    "callbacks": _refuse("leave it out"),
    "plugins": _refuse("leave it out", "[]"),
    "profiler": _ignore("nothing is profiled"),
    "default_root_dir": _ignore(_RESULTS),
    "weights_save_path": _ignore(_RESULTS),
    "enable_progress_bar": _ignore(_SCREEN, *ANY_SWITCH),
    "progress_bar_refresh_rate": _ignore(_SCREEN),
    "process_position": _ignore(_SCREEN, "0"),
    "enable_model_summary": _ignore("parameter counts are always logged", *ANY_SWITCH),
    "weights_summary": _ignore("parameter counts are always logged", "top", "full"),
    "flush_logs_every_n_steps": _ignore("speed only", "100"),
    "log_gpu_memory": _ignore("not logged"),
    "track_grad_norm": _ignore("not logged", "-1"),
    "detect_anomaly": _ignore("a NaN or infinite loss always ends the training", *ANY_SWITCH),
    "terminate_on_nan": _ignore("a NaN or infinite loss always ends the training", *ANY_SWITCH),
    "auto_lr_find": _refuse(_TUNERS, *OFF),
    "auto_scale_batch_size": _refuse(_TUNERS, *OFF),
    "auto_select_gpus": _ignore("choose with CUDA_VISIBLE_DEVICES", *OFF),
    "num_processes": _ignore("processes are started by -g", "1"),
    "tpu_cores": _refuse("TPUs are not used"),
    "ipus": _refuse("IPUs are not used"),
    "replace_sampler_ddp": _ignore("processes always share the data", *ON),
    "use_distributed_sampler": _ignore("processes always share the data", *ON),
    "reload_dataloaders_every_epoch": _ignore("data is read once", *OFF),
    "reload_dataloaders_every_n_epochs": _ignore("data is read once", "0"),
    "prepare_data_per_node": _ignore("data is read by each process", *ANY_SWITCH),
    "move_metrics_to_cpu": _ignore("speed only", *ANY_SWITCH),
    "multiple_trainloader_mode": _ignore("there is one training file", "max_size_cycle"),
    "truncated_bptt_steps": _refuse("leave it out"),
    "inference_mode": _ignore("speed only", *ANY_SWITCH),
    "barebones": _refuse("leave it out", *OFF),
}
"""Arguments of Lightning's Trainer, of all versions that NeMo was released with"""

CHECKPOINT_KEYS = {
    "filepath": _ignore("checkpoints are in checkpoints/ of the results folder"),
    "dirpath": _ignore("checkpoints are in checkpoints/ of the results folder"),
    "filename": _ignore("a checkpoint is named checkpoint-N, N being the step"),
    "auto_insert_metric_name": _ignore("a checkpoint is named checkpoint-N, N being the step", *ANY_SWITCH),
    "verbose": _ignore("what is saved is always logged", *ANY_SWITCH),
    "save_last": _ignore("the last checkpoint is always kept, to continue from", *ON),
    "save_weights_only": _ignore("checkpoints can always be continued from", *OFF),
    "period": _refuse(_EPOCH, "1"),
    "every_n_epochs": _refuse(_EPOCH, "1"),
    "every_n_train_steps": _refuse(_EPOCH),
    "train_time_interval": _refuse(_EPOCH),
    "prefix": _ignore("the name is exp_manager.name"),
    "postfix": _ignore("a model is a .tlt file with -k, else a folder", ".tlt", ".nemo"),
    "always_save_nemo": _ignore("the model is saved at the end", *OFF),
    "save_nemo_on_train_end": _ignore("the model is saved at the end", *ON),
    "save_on_train_epoch_end": _ignore(_EPOCH, *ANY_SWITCH),
    "model_parallel_size": _refuse("a model is not split across devices", "1"),
}
"""Keys of exp_manager.checkpoint_callback_params"""

EARLY_STOPPING_KEYS = {
    "verbose": _ignore("why a training ends is always logged", *ANY_SWITCH),
    "strict": _ignore("every evaluation has all scores", *ANY_SWITCH),
    "check_finite": _ignore("a NaN or infinite loss always ends the training", *ANY_SWITCH),
    "stopping_threshold": _refuse("a training ends when its score gets no better"),
    "divergence_threshold": _refuse("a training ends when its score gets no better"),
    "check_on_train_epoch_end": _ignore("scores are looked at after each evaluation", *ANY_SWITCH),
    "log_rank_zero_only": _ignore("the first process logs", *ANY_SWITCH),
}
"""Keys of exp_manager.early_stopping_callback_params"""

MANAGER_KEYS = {
    "exp_dir": _ignore(_RESULTS),
    "version": _ignore(_ONE_RUN),
    "use_datetime_version": _ignore(_ONE_RUN, *ANY_SWITCH),
    "resume_past_end": _ignore("a finished training does not train any further", *OFF),
    "resume_from_checkpoint": _refuse(_RESUME),
    "summary_writer_kwargs": _ignore("use the environment variable TENSORBOARD_LOGGING_DIR"),
    "wandb_logger_kwargs": _ignore("use the environment variables of wandb"),
    "create_mlflow_logger": _ignore(_LOGGERS, *OFF),
    "mlflow_logger_kwargs": _ignore(_LOGGERS),
    "create_dllogger_logger": _ignore(_LOGGERS, *OFF),
    "dllogger_logger_kwargs": _ignore(_LOGGERS),
    "create_clearml_logger": _ignore(_LOGGERS, *OFF),
    "clearml_logger_kwargs": _ignore(_LOGGERS),
    "create_neptune_logger": _ignore(_LOGGERS, *OFF),
    "neptune_logger_kwargs": _ignore(_LOGGERS),
    "create_checkpoint_callback": _ignore(_EPOCH, *ANY_SWITCH),
    "create_preemption_callback": _ignore("SIGTERM always saves a checkpoint", *ANY_SWITCH),
    "ema.enable": _refuse("average checkpoints with `token_classification average`", *OFF),
    "ema": _ignore("average checkpoints with `token_classification average`", ANYTHING),
    "files_to_copy": _ignore("the spec is copied into the results folder"),
    "log_step_timing": _ignore("times are part of the results", *ANY_SWITCH),
    "step_timing_kwargs": _ignore("times are part of the results"),
    "log_local_rank_0_only": _ignore("each process has its own log", *OFF),
    "log_global_rank_0_only": _ignore("each process has its own log", *OFF),
    "disable_validation_on_resume": _ignore("nothing is validated before the first step", *ANY_SWITCH),
    "model_parallel_size": _refuse("a model is not split across devices", "1"),
    "max_time_per_run": _refuse(_LENGTH),
    "seconds_to_sleep": _ignore("nothing sleeps"),
}
"""Keys of exp_manager"""

SCHEDULE_KEYS = {
    "last_epoch": _refuse("a schedule starts at its first step", "-1"),
    "max_steps": _refuse("a schedule is as long as the training: trainer.max_steps", "-1"),
    "monitor": _refuse("the score is exp_manager.checkpoint_callback_params.monitor", "val_loss"),
    "reduce_on_plateau": _ignore("the schedule is model.optim.sched.name", *OFF),
}
"""Keys of model.optim.sched"""

FOREIGN_KEYS: dict[str, ForeignKey] = {
    **{f"trainer.{name}": key for name, key in TRAINER_KEYS.items()},
    **{f"exp_manager.{name}": key for name, key in MANAGER_KEYS.items()},
    **{f"exp_manager.checkpoint_callback_params.{name}": key for name, key in CHECKPOINT_KEYS.items()},
    **{f"exp_manager.early_stopping_callback_params.{name}": key for name, key in EARLY_STOPPING_KEYS.items()},
    **{f"model.optim.sched.{name}": key for name, key in SCHEDULE_KEYS.items()},
    "model.dataset.use_cache": _ignore("preparing the data takes less time than reading a cache", *ANY_SWITCH),
    "model.tokenizer.special_tokens": _refuse("special tokens are those of the tokenizer"),
    "model.language_model.nemo_file": _refuse("archives of NeMo can't be read; give a Hugging Face model"),
    "model.nemo_path": _ignore(_SAVED),
    "save_to": _ignore(_SAVED),
    "task_name": _ignore("the task is always token classification"),
    "model.task_name": _ignore("the task is always token classification"),
    "validation_ds.drop_last": _refuse("every sentence is scored", *OFF),
    "test_ds.drop_last": _refuse("every sentence is scored", *OFF),
    "validation_ds.num_workers": _ignore("training_ds.num_workers is for all data", ANYTHING),
    "validation_ds.pin_memory": _ignore("training_ds.pin_memory is for all data", ANYTHING),
    "test_ds.num_workers": _ignore("evaluation reads its data in one process", ANYTHING),
    "test_ds.pin_memory": _ignore("evaluation reads its data in one process", ANYTHING),
    "hydra": _ignore("there is no Hydra here", ANYTHING),
}
"""Key, or section with everything in it -> what to do with it"""

PUNCTUATION_PARTS = {
    *("punct_label_ids", "capit_label_ids", "punct_labels_file", "capit_labels_file", "label_vocab_dir"),
    *("capit_head", "punct_num_fc_layers", "capit_num_fc_layers", "common_dataset_parameters"),
}
"""Parts of keys that only specs of NeMo's punctuation task have"""


def refuse_other_task(settings: list[Setting]) -> None:
    """Refuse a spec for punctuation and capitalization as a whole instead of key by key.

    Raises:
        UserError: it is one.
    """
    for setting in settings:
        if not PUNCTUATION_PARTS.isdisjoint(setting.key.split(".")):
            raise UserError(
                f"{setting.place}: {setting.key} belongs to punctuation and capitalization, which is not supported; "
                "accepted: one label per word; type `token_classification download_specs -o specs` for specs."
            )


def find_foreign_key(key: str) -> ForeignKey | None:
    """Return what to do with a key; None if the schema has to know it."""
    while key:
        if key in FOREIGN_KEYS:
            return FOREIGN_KEYS[key]
        key = key.rpartition(".")[0]
    return None


def judge_foreign_setting(foreign: ForeignKey, setting: Setting) -> str | None:
    """Accept a value, with a notice where one is due, or return why it is not accepted."""
    node = setting.node
    is_usual = isinstance(node, yaml.ScalarNode) and node.value.lower() in foreign.usual
    if is_usual or ANYTHING in foreign.usual or is_null(node) or not node.value:
        return None
    found = f"{setting.place}: {setting.key}={describe_node(node)}"
    if not foreign.is_refused:
        logger.warning("%s has no effect here: %s", found, foreign.advice)
        return None
    accepted = " and ".join(["null", *foreign.usual[:1]])
    return f"{found} would change the result and is not available here; accepted: {accepted}; {foreign.advice}"
