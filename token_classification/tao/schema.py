"""Every key that a spec may hold, with its type, the original's default, and the commands that read it.

There is one schema for all commands: a spec written for `train` also serves `evaluate`. The help of the commands is
made from it, so it imports no libraries.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

OPEN = "???"
"""Marks a value that has to be given"""


@dataclass
class TokenizerSpec:
    """What cuts words into sub-tokens."""

    tokenizer_name: str | None = "${model.language_model.pretrained_model_name}"
    vocab_file: str | None = None
    tokenizer_model: str | None = None


@dataclass
class LanguageModelSpec:
    """The encoder, and what its weights start from."""

    pretrained_model_name: str = "bert-base-uncased"
    lm_checkpoint: str | None = None
    config_file: str | None = None
    config: dict[str, Any] | None = None


@dataclass
class HeadSpec:
    """The layers on the encoder."""

    num_fc_layers: int = 2
    fc_dropout: float = 0.5
    activation: str = "relu"
    use_transformer_init: bool = True


@dataclass
class LoraSpec:
    """Adapters (LoRA) that learn in the place of the encoder."""

    rank: int | None = None
    alpha: float | None = None


@dataclass
class DatasetSpec:
    """How sentences become batches."""

    max_seq_length: int | None = None
    pad_label: str = "O"
    ignore_extra_tokens: bool = False
    ignore_start_end: bool = False
    class_balancing: str | None = None
    num_workers: int = 0
    pin_memory: bool = False
    drop_last: bool = False


@dataclass
class ClassLabelsSpec:
    """Where the label map is in a data folder."""

    class_labels_file: str = "label_ids.csv"


@dataclass
class OptimSpec:
    """The optimizer with its rates, and its schedule."""

    name: str = "adam"
    lr: float = 5e-5
    head_lr: float | None = None
    layer_decay: float | None = None
    weight_decay: float = 0.0
    betas: Any = None
    eps: float | None = None
    amsgrad: bool | None = None
    momentum: float | None = None
    dampening: float | None = None
    nesterov: bool | None = None
    rho: float | None = None
    alpha: float | None = None
    centered: bool | None = None
    lr_decay: float | None = None
    initial_accumulator_value: float | None = None
    etas: Any = None
    step_sizes: Any = None
    sched: dict[str, Any] | None = field(default_factory=lambda: {"name": "WarmupAnnealing", "warmup_ratio": 0.1})


@dataclass
class ModelSpec:
    """What is trained."""

    label_ids: str | None = None
    decoder: str | None = None
    tokenizer: TokenizerSpec = field(default_factory=TokenizerSpec)
    language_model: LanguageModelSpec = field(default_factory=LanguageModelSpec)
    head: HeadSpec = field(default_factory=HeadSpec)
    lora: LoraSpec = field(default_factory=LoraSpec)
    dataset: DatasetSpec = field(default_factory=DatasetSpec)
    class_labels: ClassLabelsSpec = field(default_factory=ClassLabelsSpec)
    optim: OptimSpec = field(default_factory=OptimSpec)


@dataclass
class SplitSpec:
    """A split that is evaluated."""

    text_file: str = ""
    labels_file: str = ""
    shuffle: bool = False
    num_samples: int = -1
    batch_size: int = 64


@dataclass
class TrainingSplitSpec:
    """The split that is learnt from."""

    text_file: str = "text_train.txt"
    labels_file: str = "labels_train.txt"
    shuffle: bool = True
    num_samples: int = -1
    batch_size: int = 64
    num_workers: int | None = None
    pin_memory: bool | None = None
    drop_last: bool | None = None


@dataclass
class TrainerSpec:
    """How long to train, and on what."""

    gpus: int = 1
    num_nodes: int | None = 1
    max_epochs: int | None = 5
    max_steps: int | None = -1
    accumulate_grad_batches: int | None = 1
    gradient_clip_val: float | None = 0.0
    precision: str | None = "auto"
    accelerator: str | None = "auto"
    strategy: str | None = "auto"
    log_every_n_steps: int | None = 50
    seed: int = 42


@dataclass
class CheckpointSpec:
    """Which epochs are kept, and by which score."""

    monitor: str = "val_loss"
    mode: str = "auto"
    save_top_k: int = 3
    save_best_model: bool = False


@dataclass
class EarlyStoppingSpec:
    """When a training ends before its last epoch."""

    monitor: str = "val_loss"
    mode: str = "auto"
    min_delta: float = 0.001
    patience: int = 10


@dataclass
class ExpManagerSpec:
    """Where a run goes on, and what it keeps."""

    explicit_log_dir: str | None = None
    name: str = "trained-model"
    resume_if_exists: bool = True
    resume_ignore_no_checkpoint: bool = True
    create_tensorboard_logger: bool = False
    create_wandb_logger: bool = False
    checkpoint_callback_params: CheckpointSpec = field(default_factory=CheckpointSpec)
    create_early_stopping_callback: bool = False
    early_stopping_callback_params: EarlyStoppingSpec = field(default_factory=EarlyStoppingSpec)


@dataclass
class Spec:
    """All keys of all commands."""

    restore_from: str | None = None
    data_dir: str | None = None
    replay_file: str | None = None
    old_test_file: str | None = None
    teacher: list[str] | None = None
    model: ModelSpec = field(default_factory=ModelSpec)
    training_ds: TrainingSplitSpec = field(default_factory=TrainingSplitSpec)
    validation_ds: SplitSpec = field(default_factory=lambda: SplitSpec("text_dev.txt", "labels_dev.txt"))
    test_ds: SplitSpec = field(default_factory=lambda: SplitSpec("text_dev.txt", "labels_dev.txt", batch_size=1))
    trainer: TrainerSpec = field(default_factory=TrainerSpec)
    exp_manager: ExpManagerSpec = field(default_factory=ExpManagerSpec)
    input_batch: list[str] | None = None
    input_file: str | None = None
    input_format: str | None = None
    output_format: str | None = None
    text_column: str | None = None
    threshold: Any = 0.0
    operating_point: str | None = None
    words: str = "punctuation"
    backend: str = "auto"
    resume: bool = False
    source_data_dir: str | None = None
    target_data_dir: str | None = None
    scheme: str | None = None
    report: bool = True
    calibrate: bool = True
    export_format: str = "openvino"
    export_to: str | None = None
    quantize: str = "none"
    calibration_file: str | None = None
    test_file: str | None = None
    max_f1_drop: float = 0.005


ALIASES = {
    "train_ds": "training_ds",
    "finetuning_ds": "training_ds",
    "model.train_ds": "training_ds",
    "model.validation_ds": "validation_ds",
    "model.test_ds": "test_ds",
    "model.dataset.data_dir": "data_dir",
    "optim": "model.optim",
    "pretrained_model": "restore_from",
    "trainer.devices": "trainer.gpus",
    "model.punct_head.use_transrormer_init": "model.head.use_transformer_init",
    "model.head.use_transrormer_init": "model.head.use_transformer_init",
    "model.punct_head": "model.head",
}
"""Other name of a key, or of the section it begins with -> its name here"""

MISSPELT = ("model.punct_head", "model.head.use_transrormer_init")
"""Aliases that are slips in the original's table: understood, with a notice"""

FREE_MAPPINGS = ("model.language_model.config", "threshold")
"""Keys whose value may be a mapping of names that the schema doesn't know"""

COMMAND_KEYS: dict[str, tuple[str, ...]] = {
    "train": (
        *("restore_from", "data_dir", "model", "training_ds", "validation_ds", "trainer", "exp_manager"),
        *("replay_file", "old_test_file", "teacher", "report", "calibrate"),
    ),
    "finetune": (
        *("restore_from", "data_dir", "model.label_ids", "model.class_labels", "model.dataset", "model.optim"),
        "model.lora",
        *("model.decoder", "training_ds", "validation_ds", "trainer", "exp_manager", "replay_file", "old_test_file"),
        *("teacher", "report", "calibrate"),
    ),
    "evaluate": (
        "restore_from",
        "data_dir",
        "model.dataset.max_seq_length",
        "model.decoder",
        "validation_ds",
        "test_ds",
        "trainer.gpus",
        "report",
    ),
    "infer": (
        *("restore_from", "model.dataset.max_seq_length", "model.dataset.pad_label", "model.decoder"),
        *("input_batch", "input_file", "input_format", "output_format", "text_column"),
        *("threshold", "operating_point", "words", "backend", "resume"),
    ),
    "export": (
        *("restore_from", "model.dataset.max_seq_length", "model.decoder", "export_format", "export_to", "quantize"),
        *("calibration_file", "test_file", "max_f1_drop"),
    ),
    "dataset_convert": ("source_data_dir", "target_data_dir", "scheme"),
}
"""Command -> keys and sections that decide something there"""


LEARNING_COMMANDS = ("train", "finetune")
LEARNING_DEFAULTS = {"model.dataset.max_seq_length": 128}
"""Key -> its default where a model learns; the other commands take what it learnt with"""


def list_command_defaults(command: str) -> dict[str, Any]:
    """Return the defaults of a command."""
    return list_defaults() | (LEARNING_DEFAULTS if command in LEARNING_COMMANDS else {})


def is_read(command: str, key: str) -> bool:
    """Return whether a key, or anything in a section, decides something in a command."""
    return any(
        key == known or key.startswith(f"{known}.") or known.startswith(f"{key}.") for known in COMMAND_KEYS[command]
    )


@cache
def list_defaults() -> dict[str, Any]:
    """Return all dotted keys of the schema with their defaults, whose references are not replaced."""
    return {key: default for key, _, default in _walk(Spec(), "")}


@cache
def list_types() -> dict[str, Any]:
    """Return all dotted keys of the schema with their types."""
    return {key: kind for key, kind, _ in _walk(Spec(), "")}


def _walk(section: "DataclassInstance", prefix: str) -> Iterator[tuple[str, Any, Any]]:
    """Iterate over the keys below a section, with their types and defaults."""
    for item in fields(section):
        value = getattr(section, item.name)
        if is_dataclass(value) and not isinstance(value, type):
            yield from _walk(value, f"{prefix}{item.name}.")
        else:
            yield f"{prefix}{item.name}", item.type, value
