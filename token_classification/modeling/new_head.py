"""A new head on an encoder: the library's own class where that is dropout and one linear layer, else a deep head."""

from dataclasses import fields
from typing import Any, cast

import torch
from safetensors.torch import load_file
from torch import nn
from transformers import (
    MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING,
    AutoModelForTokenClassification,
    PreTrainedConfig,
    PreTrainedModel,
)

from token_classification.arguments.model import ModelArguments
from token_classification.modeling.deep_head import (
    DeepHeadConfig,
    choose_encoder_kind,
)
from token_classification.modeling.deep_head import DeepHeadForTokenClassification as DeepHead
from token_classification.modeling.level_heads import LevelHeadsForTokenClassification as LevelHeads
from token_classification.modeling.weights import load_weights
from token_classification.recipe import HeadOptions, Recipe

DROPOUT_KEYS = ("classifier_dropout", "classifier_dropout_prob")
"""The library's names for the dropout of a head, in those configs that have one"""
ENCODER_DROPOUT_KEYS = ("hidden_dropout_prob", "hidden_dropout", "dropout")
"""Its names for that of an encoder's layers, which its heads take where they have none of their own"""
USUAL_DROPOUT = 0.1

MODEL_SETTINGS = (
    *("head_layers", "head_dropout", "head_activation", "head_transformer_init"),
    *("id2label", "label2id", "tag_scheme", "tag_levels", "tag_window", "tag_decoder", "tag_context"),
    *("architectures", "auto_map"),
)
"""What is said of a whole model, and may stand in a config beside what is said of its encoder"""


def put_head_on_encoder(
    arguments: ModelArguments, config: PreTrainedConfig, recipe: Recipe, labels: int, *, has_levels: bool = False
) -> PreTrainedModel:
    """Build a model in float32 with the head of the recipe.

    One layer gives the class that the library has for this encoder, with its names for the weights, so that what is
    saved is loaded anywhere. There is no list of such encoders: the class is built and looked at.

    Args:
        arguments: Where the encoder comes from; a trained model gives its encoder.
        config: Its config.
        recipe: Head, and what is loaded over the encoder or left random.
        labels: Number of labels, of all levels together.
        has_levels: Whether they are those of nested entities; without a head in the recipe, it is one linear layer.

    Raises:
        OSError: no such model or file (also ValueError and RuntimeError: weights that don't fit).
    """
    encoder = load_encoder(arguments, config, recipe)
    head = recipe.head or HeadOptions(layers=1, dropout=_find_dropout(encoder.config))
    model = _build_stock_model(encoder.config, head, labels) if head.layers == 1 and not has_levels else None
    if model is None:
        model = _build_deep_model(encoder.config, head, labels, LevelHeads if has_levels else DeepHead)
    missing = model.base_model.load_state_dict(encoder.state_dict(), strict=False).missing_keys
    if missing:
        raise ValueError(f"the encoder lacks weights that {type(model).__name__} needs: {', '.join(missing[:3])}")
    return model


def find_plain_head(model: PreTrainedModel) -> tuple[str, nn.Linear] | None:
    """Find the name of the dropout and the linear layer of a head that consists of these two; None for others."""
    head = [(name, part) for name, part in model.named_children() if part is not model.base_model]
    if [type(part) for _, part in head] != [nn.Dropout, nn.Linear]:
        return None
    (dropout, _), (_, linear) = head
    return dropout, cast(nn.Linear, linear)


def nest_config(
    config: PreTrainedConfig,
    kind: type[DeepHeadConfig] = DeepHeadConfig,
    **settings: Any,  # noqa: ANN401 - as the class
) -> DeepHeadConfig:
    """Return the config of a deep head; it holds that of the encoder, less what is said of the whole model."""
    left_out = (*MODEL_SETTINGS, "_name_or_path")
    return kind({name: value for name, value in config.to_dict().items() if name not in left_out}, **settings)


def restore_head_dropout(model: PreTrainedModel) -> None:
    """Give a model of the library the dropout that its head was trained with; not every config has a place for it."""
    probability, plain = getattr(model.config, "head_dropout", None), find_plain_head(model)
    if probability is not None and plain is not None:
        setattr(model, plain[0], nn.Dropout(probability))


def load_encoder(arguments: ModelArguments, config: PreTrainedConfig, recipe: Recipe) -> PreTrainedModel:
    """Load an encoder in float32, or build it with random weights where the recipe says so."""
    if recipe.from_scratch:
        encoder = choose_encoder_kind(config).from_config(config, dtype=torch.float32)
    else:
        # A trained model of this project has the encoder inside.
        is_deep = isinstance(config, DeepHeadConfig)
        kind = DeepHead if is_deep else choose_encoder_kind(config)
        model = load_weights(kind, arguments, is_tagger=is_deep, config=config, dtype=torch.float32)
        encoder = model.encoder if is_deep else model
    if recipe.encoder_checkpoint is not None:
        weights = (
            load_file(recipe.encoder_checkpoint)
            if recipe.encoder_checkpoint.endswith(".safetensors")
            else torch.load(recipe.encoder_checkpoint, map_location="cpu", weights_only=True)
        )
        encoder.load_state_dict(weights)
    return encoder


def _build_stock_model(config: PreTrainedConfig, head: HeadOptions, labels: int) -> PreTrainedModel | None:
    """Build the library's class for an encoder, with a new head; None where it has none, or one of other parts."""
    if type(config) not in MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING:
        return None
    config.num_labels = labels
    model = AutoModelForTokenClassification.from_config(config, dtype=torch.float32)
    plain = find_plain_head(model)
    if plain is None:
        return None
    config.head_dropout = head.dropout
    for key in DROPOUT_KEYS:
        if hasattr(config, key):
            setattr(config, key, head.dropout)
    restore_head_dropout(model)
    linear = plain[1]
    linear.reset_parameters()
    if head.transformer_init:
        nn.init.normal_(linear.weight, mean=0.0, std=0.02)
        nn.init.zeros_(linear.bias)
    return model


def _build_deep_model(config: PreTrainedConfig, head: HeadOptions, labels: int, kind: type[DeepHead]) -> DeepHead:
    settings = {f"head_{field.name}": getattr(head, field.name) for field in fields(head)}
    return kind(nest_config(config, kind.config_class, num_labels=labels, **settings))


def _find_dropout(config: PreTrainedConfig) -> float:
    """Return the dropout that the library's own head on this encoder would have."""
    values = (getattr(config, key, None) for key in (*DROPOUT_KEYS, *ENCODER_DROPOUT_KEYS))
    return next((float(value) for value in values if value is not None), USUAL_DROPOUT)
