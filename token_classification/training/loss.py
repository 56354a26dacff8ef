"""The loss of a training step: mean cross entropy over labelled positions, whatever the batches are cut into."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

import torch
from torch.nn import functional
from transformers.modeling_outputs import TokenClassifierOutput

from token_classification.data.labels import IGNORED_LABEL
from token_classification.data.levels import LabelLevels, Labels
from token_classification.data.load import Corpus

Label = TypeVar("Label", str, int)

INNER_WEIGHT = 0.3
"""Of the losses of all levels but the outermost. Few words have a label there; with full weight they cost the outer
level up to two points of F1 (docs/run_ner.md)."""


@dataclass(frozen=True)
class LabelLoss:
    """Cross entropy as `Trainer(compute_loss_func=...)` calls it.

    The models' own loss is the mean of a micro-batch and ignores `num_items_in_batch`, so that accumulation over N
    steps, or N processes, would multiply the gradient by N. Here each labelled position of the batch counts the same.
    """

    class_weights: torch.Tensor | None = None
    """float32, (labels,): how much each label counts; the loss is then the weighted mean"""
    label_smoothing: float = 0.0
    levels: Sequence[slice] = (slice(None),)
    """Which of the logits are those of each level of nested entities; their losses are added up, see `INNER_WEIGHT`"""

    @property
    def counts_labels(self) -> bool:
        """Whether the loss of a step is divided by the number of its labels, which the library can count."""
        return self.class_weights is None and len(self.levels) == 1

    def __call__(
        self,
        outputs: TokenClassifierOutput,
        labels: torch.Tensor,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> torch.Tensor:
        """Return the mean over the labelled positions of the whole batch, of which these are a part.

        Args:
            outputs: `logits`, (batch, length, labels), those of all levels side by side.
            labels: int64, (batch, length), -100 where there is none; of several levels (batch, length, levels).
            num_items_in_batch: `weigh` of all micro-batches of the step, on all processes; None: these are all.
        """
        logits = cast(torch.Tensor, outputs.logits)
        weights = None if self.class_weights is None else self.class_weights.to(logits.device)
        # Sums, not means: a part without any label then adds 0, where a mean would be NaN.
        losses = [
            functional.cross_entropy(
                logits[..., columns].flatten(0, 1).float(),
                level.flatten(),
                weight=None if weights is None else weights[columns],
                ignore_index=IGNORED_LABEL,
                label_smoothing=self.label_smoothing,
                reduction="sum",
            )
            for columns, level in zip(self.levels, self._split(labels), strict=True)
        ]
        outer, *inner = losses
        summed = outer + INNER_WEIGHT * torch.stack(inner).sum() if inner else outer
        return summed / (self.weigh(labels) if num_items_in_batch is None else num_items_in_batch)

    def weigh(self, labels: torch.Tensor) -> torch.Tensor:
        """Return what the loss of these labels is divided by: their number, or the sum of their class weights.

        Of several levels the mean of theirs: the loss is the weighted sum of the levels' own mean losses.
        """
        if self.class_weights is None:
            known = (labels != IGNORED_LABEL).sum()
        else:
            weights = self.class_weights.to(labels.device)
            parts = zip(self.levels, self._split(labels), strict=True)
            sums = [weights[columns][level[level != IGNORED_LABEL]].sum() for columns, level in parts]
            known = torch.stack(sums).sum()
        return known / len(self.levels) if len(self.levels) > 1 else known

    def _split(self, labels: torch.Tensor) -> Sequence[torch.Tensor]:
        """Return the labels of each level, int64 (batch, length)."""
        return (labels,) if len(self.levels) == 1 else labels.unbind(-1)


def balance_classes(counts: Mapping[Label, int]) -> dict[Label, float]:
    """Weigh each label that occurs against its frequency: words / (labels that occur x words of the label)."""
    total = sum(counts.values())
    return {label: total / (len(counts) * count) for label, count in counts.items()}


def weigh_classes(corpus: Corpus, label_set: Labels) -> torch.Tensor:
    """Weigh the labels against their frequency in the training data, on each level; one that does not occur has 1.0.

    Returns:
        float32, (labels,).
    """
    if isinstance(label_set, LabelLevels):
        return torch.cat([weigh_classes(corpus.levels[name], labels) for name, labels in label_set.sets.items()])
    counts = corpus.count_tags("train")
    weights = balance_classes({name: counts[name] for name in label_set.names if counts[name]})
    return torch.tensor([weights.get(name, 1.0) for name in label_set.names])
