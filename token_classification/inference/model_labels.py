"""The labels that a trained model gives, as its config names them."""

from typing import TYPE_CHECKING

from token_classification.data.labels import LabelSet
from token_classification.data.levels import LabelLevels, Labels
from token_classification.data.schemes import Scheme, recognise_scheme
from token_classification.errors import UserError
from token_classification.modeling.label_names import read_model_labels
from token_classification.modeling.levels import read_levels

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

    from token_classification.modeling.plain_files import PlainConfig


def read_label_set(config: "PreTrainedConfig", name: str) -> LabelSet:
    """Return the labels of a trained model and the scheme that was recognised when it was trained.

    Raises:
        UserError: the model has no label names, or several levels of them.
    """
    return take_only_level(read_labels(config, name), name)


def take_only_level(labels: Labels, name: str) -> LabelSet:
    """Return the labels of a model with one level.

    Raises:
        UserError: it finds nested entities, for which whoever asks has no place.
    """
    if isinstance(labels, LabelLevels):
        raise UserError(
            f"model {name}: it finds nested entities on {len(labels.sets)} levels ({', '.join(labels.sets)}), for "
            "which there is no place here; accepted: a model with one level. Nested entities are what "
            "token_classification infer and evaluate, run_ner.py --do_predict and Predictor give"
        )
    return labels


def read_labels(config: "PreTrainedConfig | PlainConfig", name: str) -> Labels:
    """Return the labels of a trained model, of one level or of several, with the scheme that it was trained with.

    Raises:
        UserError: the model has no label names.
    """
    levels, names = read_levels(config, name), read_model_labels(config)
    if levels is not None:
        return levels
    if names is None:
        raise UserError(
            f"model {name}: has no label names (it was not fine-tuned for token classification), so nothing can be "
            "tagged with it; train it first: python run_ner.py --do_train --train_file FILE"
        )
    scheme = getattr(config, "tag_scheme", None)
    return LabelSet(tuple(names), Scheme(scheme) if scheme else recognise_scheme((), names))
