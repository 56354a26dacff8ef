"""The classification head when the labels change: rows are copied by label name, never by place."""

import logging
from collections.abc import Sequence

import torch
from torch import nn
from transformers import PreTrainedModel

from token_classification.errors import UserError
from token_classification.text_tables import format_table

logger = logging.getLogger(__name__)


def replace_head(model: PreTrainedModel, old_names: Sequence[str], new_names: Sequence[str]) -> None:
    """Replace the head by one for `new_names` in their order; rows of names that it knew are kept bit for bit.

    Logs which labels were kept, are new and were dropped.

    Raises:
        UserError: the model has no linear layer with one row per label to take rows from.
    """
    parent, attribute, old = _find_head(model, len(old_names))
    new = nn.Linear(old.in_features, len(new_names), bias=old.bias is not None, dtype=old.weight.dtype)
    _start_afresh(new, model)
    with torch.no_grad():
        place_of = {name: place for place, name in enumerate(old_names)}
        for place, name in enumerate(new_names):
            if name in place_of:
                new.weight[place] = old.weight[place_of[name]]
                if new.bias is not None:
                    new.bias[place] = old.bias[place_of[name]]
    setattr(parent, attribute, new)
    model.config.num_labels = len(new_names)
    setattr(model, "num_labels", len(new_names))  # noqa: B010 - not every class of the library declares it
    _log_changes(old_names, new_names)


def renew_head(model: PreTrainedModel, rows: int) -> None:
    """Start the head from random values, where it came with weights that were trained for another task."""
    linear = _find_head(model, rows)[2]
    _start_afresh(linear, model)


def _start_afresh(linear: nn.Linear, model: PreTrainedModel) -> None:
    with torch.no_grad():
        linear.weight.normal_(0.0, getattr(model.config, "initializer_range", 0.02))
        if linear.bias is not None:
            linear.bias.zero_()


def _find_head(model: PreTrainedModel, rows: int) -> tuple[nn.Module, str, nn.Linear]:
    """Find the last linear layer outside the encoder with one row per label: its parent, its name there, itself."""
    inside_encoder = {id(module) for module in model.base_model.modules()} if model.base_model is not model else set()
    for name, module in reversed(list(model.named_modules())):
        if isinstance(module, nn.Linear) and module.out_features == rows and id(module) not in inside_encoder:
            parent, _, attribute = name.rpartition(".")
            return model.get_submodule(parent), attribute, module
    raise UserError(
        f"{type(model).__name__} has no linear head with {rows} rows, so its labels cannot be exchanged; "
        "start from the encoder it was trained from."
    )


def _log_changes(old_names: Sequence[str], new_names: Sequence[str]) -> None:
    rows = {
        "kept": [name for name in new_names if name in set(old_names)],
        "new": [name for name in new_names if name not in set(old_names)],
        "dropped": [name for name in old_names if name not in set(new_names)],
    }
    cells = [["", kind, f"{len(names):,}", " ".join(names) or "-"] for kind, names in rows.items()]
    logger.warning("The model knew other labels; rows of its head:\n%s", format_table(cells, left=(0, 1, 3)))
