"""Cross entropies of words: what evaluation reports as loss."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from token_classification.data.labels import IGNORED_LABEL
from token_classification.scoring.decode import LevelOutputs

if TYPE_CHECKING:
    import torch

Losses = list[tuple[float, float]]
"""Of each level: the sum of cross entropies, and what it is divided by"""


def sum_losses(
    logits: np.ndarray, labels: np.ndarray, levels: Sequence[LevelOutputs], class_weights: "torch.Tensor | None"
) -> Losses:
    """Return the losses of some words on each level.

    Args:
        logits: float32 (n, labels), those of all levels side by side.
        labels: int64 (n,), or (n, levels).
        levels: The only level of a model, or those of nested entities.
        class_weights: float32 (labels,): they make the loss a weighted mean; None: all are 1.
    """
    import torch
    from torch.nn import functional

    found, gold_labels = torch.from_numpy(logits), torch.from_numpy(labels)
    weights = torch.ones(found.shape[-1]) if class_weights is None else class_weights.cpu()
    golds = gold_labels.unbind(-1) if len(levels) > 1 else (gold_labels,)
    losses = []
    for level, gold in zip(levels, golds, strict=True):
        own = weights[level.columns]
        summed = functional.cross_entropy(
            found[:, level.columns], gold, own, ignore_index=IGNORED_LABEL, reduction="sum"
        )
        losses.append((summed.item(), own[gold[gold != IGNORED_LABEL]].sum().item()))
    return losses
