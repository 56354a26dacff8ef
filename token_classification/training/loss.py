"""The loss of a training step: mean cross entropy over labelled positions, whatever the batches are cut into."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar, cast

import torch
from torch.nn import functional
from transformers.modeling_outputs import TokenClassifierOutput

from token_classification.data.labels import IGNORED_LABEL, LabelSet
from token_classification.data.load import Corpus

Label = TypeVar("Label", str, int)


@dataclass(frozen=True)
class LabelLoss:
    """Cross entropy as `Trainer(compute_loss_func=...)` calls it.

    The models' own loss is the mean of a micro-batch and ignores `num_items_in_batch`, so that accumulation over N
    steps, or N processes, would multiply the gradient by N. Here each labelled position of the batch counts the same.
    """

    class_weights: torch.Tensor | None = None
    """float32, (labels,): how much each label counts; the loss is then the weighted mean"""
    label_smoothing: float = 0.0

    def __call__(
        self,
        outputs: TokenClassifierOutput,
        labels: torch.Tensor,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> torch.Tensor:
        """Return the mean over the labelled positions of the whole batch, of which these are a part.

        Args:
            outputs: `logits`, (batch, length, labels).
            labels: int64, (batch, length), -100 where there is none.
            num_items_in_batch: `weigh` of all micro-batches of the step, on all processes; None: these are all.
        """
        logits = cast(torch.Tensor, outputs.logits)
        weights = None if self.class_weights is None else self.class_weights.to(logits.device)
        # A sum, not a mean: a part without any label then adds 0, where a mean would be NaN.
        summed = functional.cross_entropy(
            logits.flatten(0, 1).float(),
            labels.flatten(),
            weight=weights,
            ignore_index=IGNORED_LABEL,
            label_smoothing=self.label_smoothing,
            reduction="sum",
        )
        return summed / (self.weigh(labels) if num_items_in_batch is None else num_items_in_batch)

    def weigh(self, labels: torch.Tensor) -> torch.Tensor:
        """Return what the loss of these labels is divided by: their number, or the sum of their class weights."""
        known = labels[labels != IGNORED_LABEL]
        if self.class_weights is None:
            return torch.tensor(known.numel(), device=labels.device)
        return self.class_weights.to(labels.device)[known].sum()


def balance_classes(counts: Mapping[Label, int]) -> dict[Label, float]:
    """Weigh each label that occurs against its frequency: words / (labels that occur x words of the label)."""
    total = sum(counts.values())
    return {label: total / (len(counts) * count) for label, count in counts.items()}


def weigh_classes(corpus: Corpus, label_set: LabelSet) -> torch.Tensor:
    """Weigh the labels against their frequency in the training data; one that does not occur has 1.0.

    Returns:
        float32, (labels,).
    """
    counts = corpus.count_tags("train")
    weights = balance_classes({name: counts[name] for name in label_set.names if counts[name]})
    return torch.tensor([weights.get(name, 1.0) for name in label_set.names])
