"""What a training starts from: the encoder that the spec names or, with `train -m`, a trained model."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from omegaconf import DictConfig

from token_classification.arguments.model import ModelArguments
from token_classification.errors import UserError
from token_classification.modeling.build import load_config
from token_classification.modeling.label_names import read_model_labels
from token_classification.recipe import Recipe
from token_classification.tao.models import open_trainable_model
from token_classification.tao.translate import keep_head, translate_model, translate_recipe

logger = logging.getLogger(__name__)

OTHER_STARTS = ("lm_checkpoint", "config_file", "config")
"""Keys of `model.language_model` that choose the weights to start from"""


@contextmanager
def open_starting_model(spec: DictConfig, results: Path, key: str | None) -> Iterator[tuple[ModelArguments, Recipe]]:
    """Open the model to start from and decide how to learn; an archive is decrypted for as long as it is used.

    A trained model keeps its tokenizer, its encoder and the shape of its head. Rows of the head are matched by label
    name: those of labels in the data are kept, the others start fresh.

    Raises:
        UserError: the model or a file is missing or unusable, or there is more than one to start from.
    """
    recipe = translate_recipe(spec)
    if spec.restore_from is None:
        yield translate_model(spec, results), recipe
        return
    given = [f"model.language_model.{name}" for name in OTHER_STARTS if spec.model.language_model[name] is not None]
    if given:
        raise UserError(
            f"-m {spec.restore_from} and {given[0]} both name a model to start from; give only one of them."
        )
    with open_trainable_model(spec.restore_from, key) as folder:
        model_args = ModelArguments(str(folder))
        labels = read_model_labels(load_config(model_args))
        if labels is None:
            head = f"a new head of {spec.model.head.num_fc_layers} layers, because it knows no labels"
            ignored = "model.language_model and model.tokenizer"
        else:
            head = f"its head, of whose {len(labels)} labels those in the label map keep their rows"
            ignored = "model.language_model, model.tokenizer and model.head"
            recipe = keep_head(recipe)
        logger.warning(
            "Training starts from %s: its tokenizer, its encoder and %s. The spec's %s decide nothing.",
            spec.restore_from,
            head,
            ignored,
        )
        yield model_args, recipe
