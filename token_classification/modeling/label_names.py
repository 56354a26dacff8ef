"""What a model's config says of its labels; nothing is imported to read it."""

import re
from typing import TYPE_CHECKING

from token_classification.data.levels import LabelLevels
from token_classification.modeling.levels import read_levels

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

    from token_classification.modeling.plain_files import PlainConfig


def read_model_labels(config: "PreTrainedConfig | PlainConfig") -> list[str] | None:
    """Return the label names that a fine-tuned model knows, in id order; with levels, those of all of them.

    None if it only has LABEL_0, LABEL_1 ..., or names of another task: those of whole texts are no tags.
    """
    if classifies_texts(config):
        return None
    names = [str(name) for _, name in sorted((config.id2label or {}).items())]
    return None if all(re.fullmatch(r"LABEL_\d+", name) for name in names) else names


def read_known_labels(config: "PreTrainedConfig", name: str) -> list[str] | LabelLevels | None:
    """Return the labels that a fine-tuned model knows: of one level, in id order, or of each of several levels.

    Raises:
        UserError: see `read_levels`.
    """
    return read_levels(config, name) or read_model_labels(config)


def classifies_texts(config: "PreTrainedConfig | PlainConfig") -> bool:
    """Whether a model was trained to give a label to a whole text (sentiment, topic ...)."""
    return any(str(name).endswith("ForSequenceClassification") for name in config.architectures or ())
