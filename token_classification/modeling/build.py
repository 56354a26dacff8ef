"""The model: what the checkpoint says, with a head for this run's labels."""

import logging
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForTokenClassification, PreTrainedConfig, PreTrainedModel

from token_classification.arguments.model import ModelArguments
from token_classification.data.levels import LabelLevels, Labels
from token_classification.data.whole_files import refuse_interrupted_set
from token_classification.errors import UserError
from token_classification.modeling.adapter_base import read_adapter
from token_classification.modeling.deep_head import DeepHeadConfig, DeepHeadForTokenClassification
from token_classification.modeling.folder_problems import find_quantization
from token_classification.modeling.head import renew_head, replace_head
from token_classification.modeling.label_names import classifies_texts, read_model_labels
from token_classification.modeling.level_heads import LevelHeadsConfig, LevelHeadsForTokenClassification
from token_classification.modeling.levels import record_levels
from token_classification.modeling.merged_adapter import load_merged
from token_classification.modeling.new_head import (
    MODEL_SETTINGS,
    nest_config,
    put_head_on_encoder,
    restore_head_dropout,
)
from token_classification.modeling.probe import check_runs_on_text
from token_classification.modeling.source import hub_options, name_model_problems
from token_classification.modeling.weights import load_weights
from token_classification.output_text import quote_path
from token_classification.recipe import DEFAULT_RECIPE, Recipe

logger = logging.getLogger(__name__)

# Here deep heads need no `trust_remote_code`: this project's own class is taken, not the file in a model's folder.
AutoConfig.register(DeepHeadConfig.model_type, DeepHeadConfig)
AutoModelForTokenClassification.register(DeepHeadConfig, DeepHeadForTokenClassification)
AutoConfig.register(LevelHeadsConfig.model_type, LevelHeadsConfig)
AutoModelForTokenClassification.register(LevelHeadsConfig, LevelHeadsForTokenClassification)


def load_config(arguments: ModelArguments) -> PreTrainedConfig:
    """Load the model's config.

    Raises:
        UserError: no such model, or it can't be read.
    """
    name = arguments.config_name or arguments.model_name_or_path
    refuse_interrupted_set(Path(name))
    read_adapter(Path(arguments.model_name_or_path))
    with name_model_problems(name):
        config = _update_config(AutoConfig.from_pretrained(name, **hub_options(arguments)))
    if quantized := find_quantization(config):
        raise UserError(f"model {name}: {quantized}")
    return config


def load_model(
    arguments: ModelArguments, config: PreTrainedConfig, label_set: Labels, recipe: Recipe = DEFAULT_RECIPE
) -> PreTrainedModel:
    """Load the model in float32 with a head for the label set, or for the labels of several levels.

    A head that was trained for other label names keeps the rows of shared names; the others start fresh. So does a
    head without label names if it has another size, and one that was trained for another task.

    Raises:
        UserError: no such model, its weights don't fit, or it can't be run on text alone.
    """
    old_names = read_model_labels(config)
    has_foreign_head = classifies_texts(config) and config.num_labels == len(label_set)
    name = arguments.model_name_or_path
    has_levels = isinstance(label_set, LabelLevels)
    is_new = recipe.head is not None or (has_levels and not isinstance(config, LevelHeadsConfig))
    _settle_attention(config)
    adapter = read_adapter(Path(name))
    if adapter and (is_new or recipe.from_scratch or recipe.encoder_checkpoint):
        raise UserError(
            f"model {name}: an adapter (PEFT) with its head, of which only labels can be exchanged; accepted: the "
            f"whole model; type: token_classification merge -m {quote_path(name)} -r OTHER_FOLDER, and take that"
        )
    with name_model_problems(name):
        if adapter:
            model = load_merged(adapter, arguments, config)
            restore_head_dropout(model)
        elif is_new:
            if old_names is not None:
                logger.warning("%s: a new head takes the place of the one trained on %d labels.", name, len(old_names))
            model = put_head_on_encoder(arguments, config, recipe, len(label_set), has_levels=has_levels)
            old_names = None
        else:
            if old_names is None:
                config.num_labels = len(label_set)
            model = load_weights(
                AutoModelForTokenClassification,
                arguments,
                is_tagger=old_names is not None,
                config=config,
                # fp32 master weights: transformers 5 would train a bf16 checkpoint in bf16.
                dtype=torch.float32,
            )
            restore_head_dropout(model)
    if old_names is not None and old_names != list(label_set.names):
        replace_head(model, old_names, label_set.names)
    if not is_new and has_foreign_head:
        logger.warning("%s classifies whole texts: a fresh head takes the place of its own.", name)
        renew_head(model, len(label_set))
    model.config.id2label = dict(enumerate(label_set.names))
    model.config.label2id = {label: label_id for label_id, label in enumerate(label_set.names)}
    if isinstance(label_set, LabelLevels):
        record_levels(model.config, label_set)
    model.config.tag_scheme = str(label_set.scheme)
    check_runs_on_text(model, name)
    return model


def _settle_attention(config: PreTrainedConfig) -> None:
    """Let BigBird look at all positions from the start.

    The library's model gives up its sparse attention for good at the first short batch: what a long sentence gets
    would depend on what came before it.
    """
    encoder = config.get_text_config()
    if getattr(encoder, "attention_type", None) == "block_sparse" and encoder.model_type == "big_bird":
        logger.info("BigBird with full attention (attention_type: original_full), for short and long sentences alike.")
        encoder.attention_type = "original_full"


def _update_config(config: PreTrainedConfig) -> PreTrainedConfig:
    """Return the config of today for a deep head that an earlier version saved.

    It was the encoder's own, with the head's settings beside the encoder's.
    """
    if isinstance(config, DeepHeadConfig) or not hasattr(config, "head_layers"):
        return config
    settings = {name: getattr(config, name) for name in MODEL_SETTINGS if hasattr(config, name)}
    return nest_config(config, dtype=config.dtype, **settings)
