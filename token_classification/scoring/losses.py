"""Cross entropies of words: what evaluation reports as loss."""

from collections.abc import Sequence

import torch
from torch.nn import functional

from token_classification.data.labels import IGNORED_LABEL
from token_classification.scoring.decode import LevelOutputs

Losses = list[tuple[float, float]]
"""Of each level: the sum of cross entropies, and what it is divided by"""


def sum_losses(
    logits: torch.Tensor, labels: torch.Tensor, levels: Sequence[LevelOutputs], class_weights: torch.Tensor | None
) -> Losses:
    """Return the losses of some words on each level.

    Args:
        logits: float32 (n, labels), those of all levels side by side.
        labels: int64 (n,), or (n, levels).
        levels: The only level of a model, or those of nested entities.
        class_weights: float32 (labels,): they make the loss a weighted mean; None: all are 1.
    """
    weights = torch.ones(logits.shape[-1]) if class_weights is None else class_weights
    weights = weights.to(logits.device)
    golds = labels.unbind(-1) if len(levels) > 1 else (labels,)
    losses = []
    for level, gold in zip(levels, golds, strict=True):
        own = weights[level.columns]
        summed = functional.cross_entropy(
            logits[:, level.columns], gold, own, ignore_index=IGNORED_LABEL, reduction="sum"
        )
        losses.append((summed.item(), own[gold[gold != IGNORED_LABEL]].sum().item()))
    return losses
