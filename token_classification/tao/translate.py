"""A spec in the words of the engine: model, data, and the recipe of this dialect.

The numbers are NeMo's by default: Adam without clipping, labels on every real sub-token, batch 64.
"""

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from omegaconf import DictConfig, OmegaConf
from transformers import BertTokenizer

from token_classification.arguments.data import DataArguments
from token_classification.arguments.decoding import Decoder, DecodingArguments
from token_classification.arguments.distillation import DistillationArguments
from token_classification.arguments.learning import LearningArguments
from token_classification.arguments.model import ModelArguments
from token_classification.data.splits import OLD_TEST, REPLAY
from token_classification.data.text_lines import read_lines, read_text
from token_classification.data.whole_files import write_whole
from token_classification.errors import UserError
from token_classification.modeling.deep_head import ACTIVATIONS
from token_classification.recipe import HeadOptions, Recipe
from token_classification.tao.optimizer import translate_optimizer
from token_classification.tao.schedule import translate_schedule
from token_classification.tao.sentencepiece_file import read_sentencepiece
from token_classification.tao.translate_trainer import translate_early_stopping

logger = logging.getLogger(__name__)

BERT_TOKENS = {"[PAD]", "[UNK]", "[CLS]", "[SEP]"}
"""What every vocabulary of BERT holds"""
REPLACED_BY_OPTIMIZER = ("optim", "optim_args", "optim_target_modules", "adam_beta1", "adam_beta2", "adam_epsilon")
REPLACED_BY_SCHEDULE = ("lr_scheduler_type", "lr_scheduler_kwargs", "warmup_steps")
REPLACED = (
    *("label_all_tokens", "class_weights", "head_layers", "head_dropout", "head_activation"),
    "early_stopping_patience",
)
HEAD = "model.head."
HEAD_KEYS = (f"{HEAD}num_fc_layers", f"{HEAD}fc_dropout", f"{HEAD}activation")
MEGATRON = "megatron"


def translate_model(spec: DictConfig, results: Path) -> ModelArguments:
    """Choose the encoder and the tokenizer to start from.

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
    missing = sorted(BERT_TOKENS.difference(read_lines(Path(vocab_file))))
    if missing:
        raise UserError(
            f"model.tokenizer.vocab_file={vocab_file}: not a vocab.txt of BERT: it lacks {', '.join(missing)}; "
            "accepted is one token per line; give another one, or model.tokenizer.vocab_file=null."
        )
    folder = results / "tokenizer"
    BertTokenizer.from_pretrained(vocab_file).save_pretrained(folder)
    return str(folder)


def _find_config(language_model: DictConfig, results: Path) -> str | None:
    """Return the config of an encoder that starts with random weights; None for a trained one."""
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


def _read_config_file(path: Path) -> dict[str, Any]:
    """Read the settings of an encoder's config.json."""
    try:
        settings = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        line, reason = getattr(error, "lineno", 1), getattr(error, "msg", str(error))
        raise UserError(
            f"{path}:{line}: not valid JSON ({reason}); accepted is a config.json of an encoder; give another "
            "model.language_model.config_file."
        ) from None
    if not isinstance(settings, dict):
        raise UserError(
            f"{path}:1: no JSON object; accepted is a config.json of an encoder; give another "
            "model.language_model.config_file."
        )
    return settings


def translate_recipe(spec: DictConfig) -> Recipe:
    """Say what this dialect learns differently.

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
    if not 0 <= head.fc_dropout < 1:
        raise UserError(f"model.head.fc_dropout={head.fc_dropout}: accepted is a share from 0 to below 1, e.g. 0.5.")
    if head.num_fc_layers < 1:
        raise UserError(f"model.head.num_fc_layers={head.num_fc_layers}: accepted is 1 or more.")
    if checkpoint is not None and not Path(checkpoint).is_file():
        raise UserError(f"model.language_model.lm_checkpoint={checkpoint}: no such file.")
    language_model = spec.model.language_model
    optimizer, schedule = translate_optimizer(spec.model.optim), translate_schedule(spec.model.optim.sched)
    return Recipe(
        head=HeadOptions(head.num_fc_layers, head.fc_dropout, head.activation, head.use_transformer_init),
        encoder_checkpoint=checkpoint,
        from_scratch=language_model.config_file is not None or language_model.config is not None,
        continuation_labels="ignored" if dataset.ignore_extra_tokens else "same",
        special_token_label=None if dataset.ignore_start_end else dataset.pad_label,
        balances_classes=dataset.class_balancing == "weighted_loss",
        optimizer=optimizer,
        schedule=schedule,
        # NeMo exempts neither biases nor norms.
        decays_all_weights=True,
        early_stopping=translate_early_stopping(spec.exp_manager),
        settings={
            "model.dataset.ignore_extra_tokens": dataset.ignore_extra_tokens,
            "model.dataset.ignore_start_end": dataset.ignore_start_end,
            "model.dataset.pad_label": None if dataset.ignore_start_end else dataset.pad_label,
            "model.dataset.class_balancing": dataset.class_balancing,
            **{key: head[key.removeprefix(HEAD)] for key in HEAD_KEYS},
            "model.optim.name": optimizer.name,
            "model.optim": optimizer.options,
            "model.optim.sched": {"name": schedule and schedule.name, **(schedule.options if schedule else {})},
        },
        replaced_arguments=(
            *REPLACED_BY_OPTIMIZER,
            *(REPLACED_BY_SCHEDULE if schedule else ()),
            *REPLACED,
        ),
    )


def keep_head(recipe: Recipe) -> Recipe:
    """Return the recipe for a model that was trained before: its head stays, whatever the spec says of a new one."""
    settings = {key: value for key, value in recipe.settings.items() if key not in HEAD_KEYS}
    return replace(recipe, head=None, settings=settings)


def translate_learning(spec: DictConfig) -> LearningArguments:
    """Choose whether adapters learn in the place of the encoder.

    Raises:
        UserError: a rank or weight that is none, peft is not installed, or the encoder will be gone.
    """
    rank, start = spec.model.lora.rank, spec.restore_from
    if rank is not None and start is not None and not Path(start).is_dir():
        raise UserError(
            f"model.lora.rank={rank} and -m {start}: adapters need their encoder again, and that of an archive is "
            "gone after the training; accepted: a model folder; leave one of them out"
        )
    return LearningArguments(lora_rank=spec.model.lora.rank, lora_alpha=spec.model.lora.alpha)


def translate_data(spec: DictConfig, files: dict[str, str]) -> DataArguments:
    """Return the data files, for the record."""
    return DataArguments(
        train_file=files.get("train"),
        validation_file=files.get("validation"),
        test_file=files.get("test"),
        replay_file=files.get(REPLAY),
        old_test_file=files.get(OLD_TEST),
    )


def translate_distillation(spec: DictConfig) -> DistillationArguments:
    """Choose the teachers, which decide how much a word counts, and so leave no room for class weights.

    Raises:
        UserError: there are both.
    """
    if spec.teacher and spec.model.dataset.class_balancing is not None:
        raise UserError(
            f"teacher=... and model.dataset.class_balancing={spec.model.dataset.class_balancing}: the teachers' "
            "probabilities weigh the labels already; accepted is one of the two; leave one out."
        )
    return DistillationArguments(teacher=None if spec.teacher is None else [*spec.teacher])


def translate_decoding(spec: DictConfig) -> DecodingArguments:
    """Choose window and decoder; as in NeMo a window of -1 or 0 is what the model can take.

    Raises:
        UserError: no such decoder.
    """
    length, decoder = spec.model.dataset.max_seq_length, spec.model.decoder
    if decoder not in (None, *get_args(Decoder)):
        raise UserError(f"model.decoder={decoder}: accepted are {' and '.join(get_args(Decoder))}.")
    return DecodingArguments(max_seq_length=length if length is None or length > 0 else -1, decoder=decoder)
