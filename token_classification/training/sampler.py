"""The order of training windows: random, with like lengths in the same batch; and what fills the last batch up."""

from collections.abc import Iterator
from itertools import chain

import numpy as np
import torch
from torch.utils.data import Sampler
from transformers.trainer_pt_utils import get_length_grouped_indices

from token_classification.alignment.align import AlignedSplit
from token_classification.arguments.training import NerTrainingArguments
from token_classification.data.labels import IGNORED_LABEL


class WindowSampler(Sampler[int]):
    """A random order of training windows that begins with the batch that needs most memory.

    Too large a batch is then found at once. Each epoch's order depends on seed and epoch alone: a training that is
    continued within an epoch sees the windows that the uninterrupted one would have seen. (The library's own samplers
    draw from the global random numbers.) The last batch may not be full.

    With `is_grouped` the windows of a batch have like lengths, so that it needs little padding. Its batches come in
    random order, other than from the library's sampler, which sorts them by length within long stretches: so many
    steps in a row on sentences of one kind learn worse, the more so the fewer steps there are.

    `blanks` times the number behind the last window comes at the end (see `SplitWithBlank`).
    """

    def __init__(self, lengths: np.ndarray, batch_size: int, seed: int, is_grouped: bool, blanks: int = 0) -> None:
        self.lengths = lengths.tolist()
        self.batch_size = batch_size
        self.seed = seed
        self.is_grouped = is_grouped
        self.blanks = blanks
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Take the number of the epoch that begins."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self.seed + self.epoch)
        batches = self._group(generator) if self.is_grouped else self._shuffle(generator)
        return iter([*chain(*batches), *[len(self.lengths)] * self.blanks])

    def __len__(self) -> int:
        return len(self.lengths) + self.blanks

    def _shuffle(self, generator: torch.Generator) -> list[list[int]]:
        """Cut a random order into batches; the one with the most sub-tokens comes first."""
        batches = self._cut(torch.randperm(len(self.lengths), generator=generator).tolist())
        full = range(max(1, len(batches) - 1))
        heaviest = max(full, key=lambda batch: sum(self.lengths[window] for window in batches[batch]))
        return [batches.pop(heaviest), *batches]

    def _group(self, generator: torch.Generator) -> list[list[int]]:
        """Make batches of windows of similar lengths; the one with the longest window comes first."""
        batches = self._cut(get_length_grouped_indices(self.lengths, self.batch_size, generator=generator))
        middle = batches[1:-1]
        shuffled = [middle[place] for place in torch.randperm(len(middle), generator=generator).tolist()]
        return [*batches[:1], *shuffled, *batches[1:][-1:]]

    def _cut(self, order: list[int]) -> list[list[int]]:
        return [order[start : start + self.batch_size] for start in range(0, len(order), self.batch_size)]


class SplitWithBlank:
    """A training split that has a window without labels behind its last one.

    The processes of a distributed run each need a full part of the last batch. The library fills it up with windows
    from the beginning, which then count twice in each epoch, and the loss is no longer that of one process. A blank
    window adds nothing to loss and gradient.
    """

    def __init__(self, split: AlignedSplit) -> None:
        self.split = split
        shortest = split.windows[int(split.windows.lengths.argmin())]
        self.blank = {**shortest, "labels": np.full_like(shortest["labels"], IGNORED_LABEL)}

    def __len__(self) -> int:
        """Count the windows to learn from; the blank is none of them."""
        return len(self.split)

    def __getitem__(self, window: int) -> dict[str, np.ndarray]:
        return self.blank if window == len(self.split) else self.split[window]


def build_sampler(
    dataset: SplitWithBlank, training: NerTrainingArguments, batch_size: int, is_packed: bool
) -> WindowSampler:
    """Build the sampler of a training that asks for none of the library's.

    Args:
        dataset: What is learnt from.
        training: Seed, accumulation and processes.
        batch_size: Windows of a batch on one process.
        is_packed: Whether the windows of a batch share rows, and need not be of like lengths.
    """
    shared_batch = batch_size * training.world_size
    is_filled = training.world_size > 1 and not training.dataloader_drop_last
    return WindowSampler(
        dataset.split.windows.lengths,
        batch_size=shared_batch * training.gradient_accumulation_steps,
        seed=training.seed if training.data_seed is None else training.data_seed,
        is_grouped=training.train_sampling_strategy == "group_by_length" or not is_packed,
        blanks=-len(dataset) % shared_batch if is_filled else 0,
    )
