"""The order of training windows: random, with like lengths in the same batch."""

from collections.abc import Iterator

import numpy as np
import torch
from torch.utils.data import Sampler
from transformers.trainer_pt_utils import get_length_grouped_indices


class LengthGroupedSampler(Sampler[int]):
    """A random order in which neighbours have like lengths, so that batches need little padding.

    Each epoch's order depends on seed and epoch alone: a training that is continued within an epoch sees the windows
    that the uninterrupted one would have seen. (The library's own sampler draws from the global random numbers.)
    """

    def __init__(self, lengths: np.ndarray, batch_size: int, seed: int):
        self.lengths = lengths.tolist()
        self.batch_size = batch_size
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Called by the Trainer at the beginning of each epoch."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self.seed + self.epoch)
        return iter(get_length_grouped_indices(self.lengths, self.batch_size, generator=generator))

    def __len__(self) -> int:
        return len(self.lengths)
