"""Weights of a checkpoint under the names of the Hub, where a model of the library has others for them."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel

from token_classification.errors import UserError
from token_classification.modeling.weights import hide_weight_bars


@contextmanager
def reading_hub_names(model: PreTrainedModel, source: str) -> Iterator[None]:
    """Have `load_state_dict` of a model understand what `save_pretrained` wrote.

    For some architectures (NomicBERT, GTE, mixtures of experts) that writes names, and shapes, of the Hub's models.
    The library converts them where it loads a model, but not where a training goes on from a checkpoint or takes back
    its best weights: there it skips what it doesn't know.

    Args:
        model: The model that is trained.
        source: Where the weights come from, for messages.
    """

    def convert(_: nn.Module, weights: dict[str, Any], prefix: str, *others: object) -> None:
        if not prefix:
            convert_weights(model, weights, source)

    handle = model.register_load_state_dict_pre_hook(convert)
    try:
        yield
    finally:
        handle.remove()


def convert_weights(model: PreTrainedModel, weights: dict[str, Any], source: str) -> None:
    """Replace weights that have other names than a model's by what the library makes of them.

    Args:
        model: The model that they are for.
        weights: Name -> values; is changed.
        source: Where they come from, for messages.

    Raises:
        UserError: they are those of another model.
    """
    unknown = sorted(set(weights) - set(model.state_dict()))
    if not unknown:
        return
    # With `output_loading_info`, from_pretrained returns two things; its type does not say so.
    kind: Any = type(model)
    with hide_weight_bars():
        loaded, found = kind.from_pretrained(
            None,
            config=deepcopy(model.config),
            state_dict=dict(weights),
            dtype=torch.float32,
            output_loading_info=True,
        )
    strange = [*found["unexpected_keys"], *found["missing_keys"], *(name for name, *_ in found["mismatched_keys"])]
    if strange:
        raise UserError(
            f"{source} holds weights that this model does not have ({unknown[0]} and {len(unknown) - 1} more): it "
            "belongs to another model, or an earlier version of this tool named them differently. To start over: "
            "--overwrite_output_dir without --resume_from_checkpoint."
        )
    weights.clear()
    weights.update(loaded.state_dict())
