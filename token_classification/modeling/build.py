"""The model: what the checkpoint says, with a head for this run's labels."""

import re
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModel, AutoModelForTokenClassification, PreTrainedConfig, PreTrainedModel

from token_classification.arguments import ModelArguments
from token_classification.data.labels import LabelSet
from token_classification.data.whole_files import refuse_interrupted_set
from token_classification.modeling.deep_head import DeepHeadForTokenClassification
from token_classification.modeling.head import replace_head
from token_classification.modeling.source import hub_options, name_model_problems
from token_classification.recipe import DEFAULT_RECIPE, Recipe


def load_config(arguments: ModelArguments) -> PreTrainedConfig:
    """Load the model's config.

    Raises:
        UserError: no such model, or it can't be read.
    """
    name = arguments.config_name or arguments.model_name_or_path
    refuse_interrupted_set(Path(name))
    with name_model_problems(name):
        return AutoConfig.from_pretrained(name, **hub_options(arguments))


def read_model_labels(config: PreTrainedConfig) -> list[str] | None:
    """The label names that a fine-tuned model knows, in id order; None if it only has LABEL_0, LABEL_1 ..."""
    names = [str(config.id2label[label_id]) for label_id in sorted(config.id2label)]
    return None if all(re.fullmatch(r"LABEL_\d+", name) for name in names) else names


def load_model(
    arguments: ModelArguments, config: PreTrainedConfig, label_set: LabelSet, recipe: Recipe = DEFAULT_RECIPE
) -> PreTrainedModel:
    """Load the model in float32 with a head for the label set.

    A head that was trained for other label names keeps the rows of shared names; the others start fresh.

    Raises:
        UserError: no such model, or its weights don't fit.
    """
    old_names = read_model_labels(config)
    if old_names is None:
        config.num_labels = len(label_set)
    name = arguments.model_name_or_path
    with name_model_problems(name):
        if recipe.head is not None and not has_deep_head(config):
            model = _put_head_on_encoder(arguments, config, recipe)
        else:
            model_class = DeepHeadForTokenClassification if has_deep_head(config) else AutoModelForTokenClassification
            model = model_class.from_pretrained(
                name,
                config=config,
                # fp32 master weights: transformers 5 would train a bf16 checkpoint in bf16 (user_pains row 14).
                dtype=torch.float32,
                ignore_mismatched_sizes=arguments.ignore_mismatched_sizes,
                **hub_options(arguments),
            )
    if old_names is not None and old_names != list(label_set.names):
        replace_head(model, old_names, label_set.names)
    model.config.id2label = dict(enumerate(label_set.names))
    model.config.label2id = {label: label_id for label_id, label in enumerate(label_set.names)}
    model.config.tag_scheme = str(label_set.scheme)
    return model


def has_deep_head(config: PreTrainedConfig) -> bool:
    """Whether a model was saved with a head of several layers, which this project loads without foreign code."""
    return hasattr(config, "head_layers")


def _put_head_on_encoder(
    arguments: ModelArguments, config: PreTrainedConfig, recipe: Recipe
) -> DeepHeadForTokenClassification:
    """A new head of several layers on a trained encoder, or on a random one (`from_scratch`)."""
    config.head_layers = recipe.head.layers
    config.head_dropout = recipe.head.dropout
    config.head_activation = recipe.head.activation
    config.head_transformer_init = recipe.head.transformer_init
    model = DeepHeadForTokenClassification(config)
    if not recipe.from_scratch:
        model.encoder = AutoModel.from_pretrained(
            arguments.model_name_or_path, config=config, dtype=torch.float32, **hub_options(arguments)
        )
    if recipe.encoder_checkpoint is not None:
        weights = (
            load_file(recipe.encoder_checkpoint)
            if recipe.encoder_checkpoint.endswith(".safetensors")
            else torch.load(recipe.encoder_checkpoint, map_location="cpu", weights_only=True)
        )
        model.encoder.load_state_dict(weights)
    return model
