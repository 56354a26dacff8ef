"""The order of training windows: random, with like lengths in the same batch; and what fills the last batch up."""

from collections.abc import Iterator
from itertools import chain

import numpy as np
import torch
from torch.utils.data import Sampler
from transformers.trainer_pt_utils import get_length_grouped_indices

from token_classification.alignment.align import AlignedSplit
from token_classification.data.labels import IGNORED_LABEL


class LengthGroupedSampler(Sampler[int]):
    """A random order in which the windows of a batch have like lengths, so that it needs little padding.

    The batches come in random order, other than from the library's sampler, which sorts them by length within long
    stretches: so many steps in a row on sentences of one kind learn worse, the more so the fewer steps there are. Only
    the first batch is the one with the longest window: too large a batch is then found at once.

    Each epoch's order depends on seed and epoch alone: a training that is continued within an epoch sees the windows
    that the uninterrupted one would have seen. (The library's own sampler draws from the global random numbers.)
    `blanks` times the number behind the last window comes at the end (see `SplitWithBlank`).
    """

    def __init__(self, lengths: np.ndarray, batch_size: int, seed: int, blanks: int = 0):
        self.lengths = lengths.tolist()
        self.batch_size = batch_size
        self.seed = seed
        self.blanks = blanks
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Called by the Trainer at the beginning of each epoch."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self.seed + self.epoch)
        order = get_length_grouped_indices(self.lengths, self.batch_size, generator=generator)
        # A batch that is not full stays the last one: the others would no longer be cut where they are here.
        batches = [order[start : start + self.batch_size] for start in range(0, len(order), self.batch_size)]
        middle = batches[1:-1]
        shuffled = [middle[place] for place in torch.randperm(len(middle), generator=generator).tolist()]
        order = list(chain(*batches[:1], *shuffled, *batches[1:][-1:]))
        return iter(order + [len(self.lengths)] * self.blanks)

    def __len__(self) -> int:
        return len(self.lengths) + self.blanks


class SplitWithBlank:
    """A training split that has a window without labels behind its last one.

    The processes of a distributed run each need a full part of the last batch. The library fills it up with windows
    from the beginning, which then count twice in each epoch, and the loss is no longer that of one process. A blank
    window adds nothing to loss and gradient.
    """

    def __init__(self, split: AlignedSplit):
        self.split = split
        shortest = split.windows[int(split.windows.lengths.argmin())]
        self.blank = {**shortest, "labels": np.full_like(shortest["labels"], IGNORED_LABEL)}

    def __len__(self) -> int:
        """How many windows there are to learn from; the blank is none of them."""
        return len(self.split)

    def __getitem__(self, window: int) -> dict[str, np.ndarray]:
        return self.blank if window == len(self.split) else self.split[window]
