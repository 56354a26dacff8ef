"""Learning from the probabilities of other models (Hinton et al., 2015, https://arxiv.org/abs/1503.02531)."""

import hashlib
from dataclasses import dataclass, replace
from typing import Self, cast

import numpy as np
import torch
from torch.nn import functional
from transformers.modeling_outputs import TokenClassifierOutput

from token_classification.alignment.align import AlignedSplit
from token_classification.alignment.windows import join_splits
from token_classification.data.labels import IGNORED_LABEL
from token_classification.training.hints import StateHint

TEACHER_OUTPUTS = "_teacher_outputs"
"""Folder in the output folder that holds what the teachers think; it may be deleted after the training.

The underscore keeps it out of what `--push_to_hub` uploads."""


@dataclass(frozen=True)
class DistillationLoss:
    """The mix of two losses at each word: against its tag, and against the teachers' probabilities.

    `(1 - alpha) * cross entropy + alpha * T^2 * KL(teachers || model)`, the latter with both softened by the
    temperature T; T^2 keeps its gradient at the size that it has without one. A hint is added to it. Called as
    `LabelLoss` is.
    """

    probabilities: torch.Tensor
    """float16, (words, labels): what the teachers think of each word, softened"""
    temperature: float
    alpha: float
    label_smoothing: float = 0.0
    weights: torch.Tensor | None = None
    """float32, (words,): how much the teachers' answer to each counts; None: all the same"""
    hint: StateHint | None = None
    """Also brings the states of the encoder near those of the teachers"""
    counts_labels: bool = False
    """The library can't count what the loss of a step is divided by"""

    @classmethod
    def build(
        cls,
        probabilities: np.ndarray,
        temperature: float,
        alpha: float,
        label_smoothing: float,
        weights: np.ndarray | None = None,
    ) -> Self:
        """Build the loss from the teachers' softened probabilities, float16 (words, labels), and words' weights."""
        counts = None if weights is None else torch.from_numpy(weights)
        return cls(torch.from_numpy(probabilities), temperature, alpha, label_smoothing, counts)

    def __call__(
        self,
        outputs: TokenClassifierOutput,
        labels: torch.Tensor,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> torch.Tensor:
        """Return the mean over the words of the whole batch, of which these are a part.

        Args:
            outputs: `logits`, (batch, length, labels); for a hint also `hidden_states`, as `showing_states` adds them.
            labels: int64, (batch, length, 2): the label and the row of `probabilities`, -100 where there is none.
            num_items_in_batch: `weigh` of all micro-batches of the step, on all processes; None: these are all.
        """
        logits = cast(torch.Tensor, outputs.logits).flatten(0, 1).float()
        gold, rows = labels.flatten(0, 1).unbind(-1)
        hard = functional.cross_entropy(
            logits, gold, ignore_index=IGNORED_LABEL, label_smoothing=self.label_smoothing, reduction="sum"
        )
        is_taught = rows != IGNORED_LABEL
        targets = self.probabilities[rows[is_taught].cpu()].to(logits.device, torch.float32)
        softened = functional.log_softmax(logits[is_taught] / self.temperature, dim=-1)
        if self.weights is None:
            soft = functional.kl_div(softened, targets, reduction="sum") * self.temperature**2
        else:
            weights = self.weights[rows[is_taught].cpu()].to(logits.device)
            divergence = functional.kl_div(softened, targets, reduction="none").sum(-1)
            soft = (divergence * weights).sum() * self.temperature**2
        mixed = (1 - self.alpha) * hard + self.alpha * soft
        if self.hint is not None:
            states = cast(tuple[torch.Tensor, ...], outputs.hidden_states)[-1].flatten(0, 1)
            mixed = mixed + self.hint(states[is_taught], rows[is_taught])
        return mixed / (self.weigh(labels) if num_items_in_batch is None else num_items_in_batch)

    def weigh(self, labels: torch.Tensor) -> torch.Tensor:
        """Return what the loss of these labels is divided by: positions with a label or with a teacher's answer."""
        return (labels != IGNORED_LABEL).any(-1).sum()


@dataclass(frozen=True)
class Lessons:
    """What a training learns from teachers: the split in place of its own, and the loss that reads its labels."""

    split: AlignedSplit
    loss: DistillationLoss
    digest: str
    """Tells these lessons from others"""


def build_lessons(
    gold: AlignedSplit, unlabelled: AlignedSplit, is_taught: np.ndarray, loss: DistillationLoss
) -> Lessons:
    """Join labelled and unlabelled sentences, and note at each word which answer of the teachers is its own.

    Args:
        gold: Sentences with labels.
        unlabelled: Sentences without.
        is_taught: bool, (words,), the words of `gold` first: whether the teachers' answer is learnt.
        loss: Holds their answers to these words.
    """
    windows = join_splits([(split.windows, split.sentence_starts) for split in (gold, unlabelled)])
    labels = np.full((len(windows.input_ids), 2), IGNORED_LABEL, dtype=np.int64)
    if gold.windows.labels is not None:
        labels[: len(gold.windows.labels), 0] = gold.windows.labels
    window_of = np.repeat(np.arange(len(windows)), np.diff(windows.owned_starts))
    positions = windows.starts[window_of] + windows.owned_positions
    labels[positions, 1] = np.where(is_taught[windows.owned_words], windows.owned_words, IGNORED_LABEL)
    starts = np.concatenate([gold.sentence_starts, unlabelled.sentence_starts[1:] + gold.sentence_starts[-1]])
    split = replace(gold, windows=replace(windows, labels=labels), sentence_starts=starts, gold=None)
    digest = hashlib.sha256(labels.tobytes())
    for content in (windows.input_ids, loss.probabilities.numpy(), is_taught):
        digest.update(content.tobytes())
    if loss.weights is not None:
        digest.update(loss.weights.numpy().tobytes())
    digest.update(f"{loss.temperature} {loss.alpha}".encode())
    return Lessons(split, loss, digest.hexdigest())
