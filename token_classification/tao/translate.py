"""A spec in the words of the engine: the dataclasses of `arguments.py` and the recipe of this dialect.

The numbers are NeMo's by default: Adam without clipping, labels on every real sub-token, batch 64.
"""

import json
import logging
from pathlib import Path

from omegaconf import DictConfig, OmegaConf
from transformers import BertTokenizer
from transformers.integrations import is_tensorboard_available, is_wandb_available

from token_classification.arguments import DataArguments, ModelArguments, NerTrainingArguments
from token_classification.data.text_lines import read_text
from token_classification.data.whole_files import write_whole
from token_classification.errors import UserError
from token_classification.hardware import has_accelerator, multiplies_bf16
from token_classification.modeling.deep_head import ACTIVATIONS
from token_classification.recipe import HeadOptions, OptimizerOptions, Recipe
from token_classification.tao.sentencepiece_file import read_sentencepiece
from token_classification.training.schedule import OPTIONS

logger = logging.getLogger(__name__)

MONITORED = {"val_loss": "eval_loss", "f1": "eval_f1", "precision": "eval_precision", "recall": "eval_recall"}
"""NeMo's name of a monitored score -> ours. f1, precision and recall are those of entities."""

PRECISIONS = {
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

NOT_SPEC_OPTIONS = ("name", "lr", "weight_decay", "sched")
DEFAULT_RATIO = 0.1
"""`model.optim.sched.warmup_ratio` of the schema"""
MEGATRON = "megatron"


def translate_model(spec: DictConfig, results: Path) -> ModelArguments:
    """Which encoder and tokenizer to start from.

    Raises:
        UserError: a model or file that can't be had here.
    """
    language_model, tokenizer = spec.model.language_model, spec.model.tokenizer
    name = language_model.pretrained_model_name
    if MEGATRON in name:
        raise UserError(
            f"model.language_model.pretrained_model_name={name}: Megatron models are not on the Hub; take for example "
            "bert-base-uncased, roberta-base, distilbert-base-cased, albert-base-v2, or a folder."
        )
    tokenizer_name = tokenizer.tokenizer_name
    if tokenizer.tokenizer_model is not None:
        tokenizer_name = str(results / "tokenizer")
        read_sentencepiece(Path(tokenizer.tokenizer_model)).save_pretrained(tokenizer_name)
    if tokenizer.vocab_file is not None:
        tokenizer_name = _build_tokenizer(tokenizer.vocab_file, results)
    return ModelArguments(name, config_name=_find_config(language_model, results), tokenizer_name=tokenizer_name)


def _build_tokenizer(vocab_file: str, results: Path) -> str:
    if not Path(vocab_file).is_file():
        raise UserError(f"model.tokenizer.vocab_file={vocab_file}: no such file; accepted: a vocab.txt of BERT.")
    folder = results / "tokenizer"
    BertTokenizer.from_pretrained(vocab_file).save_pretrained(folder)
    return str(folder)


def _find_config(language_model: DictConfig, results: Path) -> str | None:
    """The config that the encoder is built from, with random weights; None for a trained one."""
    if language_model.config_file is not None:
        if language_model.config is not None:
            logger.warning("Both config_file and config are given: %s is used.", language_model.config_file)
        settings = _read_config_file(Path(language_model.config_file))
    elif language_model.config is not None:
        settings = OmegaConf.to_container(language_model.config)
    else:
        return None
    logger.warning("The encoder starts from a config: its weights are random.")
    folder = results / "encoder_config"
    folder.mkdir(parents=True, exist_ok=True)
    # NeMo's configs are BERT's and do not say so.
    write_whole(folder / "config.json", json.dumps({"model_type": "bert", **settings}, indent=2))
    return str(folder)


def _read_config_file(path: Path) -> dict:
    """The settings of an encoder's config.json."""
    try:
        settings = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise UserError(
            f"{path}:{error.lineno}: not valid JSON ({error.msg}); accepted is a config.json of an encoder; give "
            "another model.language_model.config_file."
        ) from None
    if not isinstance(settings, dict):
        raise UserError(
            f"{path}:1: no JSON object; accepted is a config.json of an encoder; give another "
            "model.language_model.config_file."
        )
    return settings


def translate_recipe(spec: DictConfig) -> Recipe:
    """What this dialect trains otherwise.

    Raises:
        UserError: an unknown `class_balancing`, activation or weights file.
    """
    dataset, head, checkpoint = spec.model.dataset, spec.model.head, spec.model.language_model.lm_checkpoint
    if dataset.class_balancing not in (None, "weighted_loss"):
        raise UserError(
            f"model.dataset.class_balancing={dataset.class_balancing}: accepted are weighted_loss, and null for none."
        )
    if head.activation not in ACTIVATIONS:
        raise UserError(f"model.head.activation={head.activation}: accepted are {', '.join(ACTIVATIONS)}.")
    if head.num_fc_layers < 1:
        raise UserError(f"model.head.num_fc_layers={head.num_fc_layers}: accepted is 1 or more.")
    if checkpoint is not None and not Path(checkpoint).is_file():
        raise UserError(f"model.language_model.lm_checkpoint={checkpoint}: no such file.")
    language_model = spec.model.language_model
    return Recipe(
        head=HeadOptions(head.num_fc_layers, head.fc_dropout, head.activation, head.use_transformer_init),
        encoder_checkpoint=checkpoint,
        from_scratch=language_model.config_file is not None or language_model.config is not None,
        continuation_labels="ignored" if dataset.ignore_extra_tokens else "same",
        special_token_label=None if dataset.ignore_start_end else dataset.pad_label,
        balances_classes=dataset.class_balancing == "weighted_loss",
        optimizer=translate_optimizer(spec.model.optim),
    )


def translate_optimizer(optim: DictConfig) -> OptimizerOptions:
    """Optimizer and schedule with the settings that are not null."""
    settings = OmegaConf.to_container(optim)
    schedule = settings.pop("sched") or {}
    name = schedule.pop("name", None)
    # The ratio is the default of the schema: steps that are given, or a schedule without warm-up, take its place.
    takes_ratio = schedule.get("warmup_steps") is None and "warmup_ratio" in OPTIONS.get(str(name), ("warmup_ratio",))
    if schedule.get("warmup_ratio") == DEFAULT_RATIO and not takes_ratio:
        schedule["warmup_ratio"] = None
    return OptimizerOptions(
        name=settings["name"],
        options={key: value for key, value in settings.items() if key not in NOT_SPEC_OPTIONS and value is not None},
        schedule=None if name is None else str(name),
        schedule_options=schedule,
    )


def translate_data(spec: DictConfig, files: dict[str, str]) -> DataArguments:
    """The data files, for the record, and the window that sentences are read in."""
    names = {"train": "train_file", "validation": "validation_file", "test": "test_file"}
    return DataArguments(
        max_seq_length=spec.model.dataset.max_seq_length if spec.model.dataset.max_seq_length > 0 else None,
        **{names[split]: path for split, path in files.items()},
    )


def translate_training(spec: DictConfig, output_folder: Path) -> NerTrainingArguments:
    """How to train: an evaluation and a checkpoint every epoch.

    Raises:
        UserError: what can't be had: a precision, a device, a length, a monitored score.
    """
    trainer, checkpoints, loading = spec.trainer, spec.exp_manager.checkpoint_callback_params, spec.model.dataset
    check_monitor(checkpoints)
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


def check_monitor(checkpoints: DictConfig) -> None:
    """Whether the score that decides which epoch is the best is one, and better in the direction that is given.

    Raises:
        UserError: it is not.
    """
    section = "exp_manager.checkpoint_callback_params"
    if checkpoints.monitor not in MONITORED:
        raise UserError(f"{section}.monitor={checkpoints.monitor}: accepted are {', '.join(MONITORED)}.")
    mode = "min" if checkpoints.monitor == "val_loss" else "max"
    if checkpoints.mode not in ("auto", mode):
        raise UserError(
            f"{section}.mode={checkpoints.mode}: for {checkpoints.monitor} accepted are auto and {mode}; "
            f"give {section}.mode=auto."
        )


def wants_cpu(trainer: DictConfig) -> bool:
    """Whether a spec asks for the CPU; that there is no GPU for one that asks for it is said aloud.

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


def choose_precision(precision: str | None, on_cpu: bool) -> str:
    """`--mixed_precision` for `trainer.precision`; float16 needs a GPU, and on a CPU another takes its place, aloud.

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
        instead = "bf16" if multiplies_bf16() else "32"
        logger.warning("trainer.precision=%s needs a GPU; on this CPU it is trainer.precision=%s.", precision, instead)
        return PRECISIONS[instead]
    return chosen


def choose_loggers(manager: DictConfig) -> list[str]:
    """Where Trainer reports to; a logger that is not installed is left out, aloud: nothing else depends on it."""
    wanted = {
        "tensorboard": (manager.create_tensorboard_logger, is_tensorboard_available),
        "wandb": (manager.create_wandb_logger, is_wandb_available),
    }
    loggers = []
    for name, (is_wanted, is_available) in wanted.items():
        if is_wanted and not is_available():
            logger.warning(
                "exp_manager.create_%s_logger=true: %s is not installed, and nothing is logged there. To have it: "
                "pip install %s",
                name,
                name,
                name,
            )
        elif is_wanted:
            loggers.append(name)
    return loggers
