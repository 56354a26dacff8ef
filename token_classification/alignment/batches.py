"""Windows to batches: padding, and which windows go together at prediction time."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from token_classification.alignment.words import SpecialTokens, WordTokenizer
from token_classification.data.labels import IGNORED_LABEL

if TYPE_CHECKING:
    import torch

CPU_POSITIONS = 1024
"""Most positions of a batch on a CPU, padding included: what a layer computes then stays in the caches. With 4,096
MiniLM takes 1.4 times as long in float32, 1.3 times in bf16 (torch)."""


class Sharing(IntEnum):
    """Which windows may share a batch without changing what the model computes for each of them."""

    ONE_BY_ONE = 0
    EQUAL_LENGTHS = 1
    ANY_LENGTHS = 2


@dataclass(frozen=True)
class LengthSteps:
    """The few lengths that windows are padded to, each always to the same one, and only with others of that length."""

    step: int
    longest: int
    """Positions of the longest window"""

    def round_up(self, lengths: np.ndarray) -> np.ndarray:
        """Return what windows are padded to, int64 (windows,)."""
        rounded: np.ndarray = np.minimum(-(-lengths // self.step) * self.step, self.longest)
        return rounded


@dataclass(frozen=True)
class WindowCollator:
    """Pads windows to the longest of a batch.

    Called, it makes tensors: the data collator of a training that does not pack windows (`training.packing`).
    """

    pad_id: int
    pads_left: bool
    special: SpecialTokens
    length: int | None = None
    """Pad every batch to this many positions (`--pad_to_max_length`)."""

    def __call__(self, windows: Sequence[dict[str, np.ndarray]]) -> "dict[str, torch.Tensor]":
        """Return int64 tensors (batch, length), see `pad`."""
        import torch

        return {name: torch.from_numpy(rows) for name, rows in self.pad(windows).items()}

    def pad(self, windows: Sequence[dict[str, np.ndarray]], length: int | None = None) -> dict[str, np.ndarray]:
        """Return int64 arrays (batch, length): input_ids, attention_mask, and labels where there are any.

        The labels of several levels are (batch, length, levels).

        Args:
            windows: Those of the batch.
            length: What they are padded to, unless all batches have one length; None: the longest of them.
        """
        rows = [window["input_ids"] for window in windows]
        length = self.length or length or max(map(len, rows))
        batch = {
            "input_ids": self._pad(rows, self.pad_id, length),
            "attention_mask": self._pad([np.ones(len(row), dtype=np.int64) for row in rows], 0, length),
        }
        if self.special.types is not None:
            segments = [self.segment_ids(len(row)) for row in rows]
            batch["token_type_ids"] = self._pad(segments, self.special.types[1], length)
        if "labels" in windows[0]:
            batch["labels"] = self._pad([window["labels"] for window in windows], IGNORED_LABEL, length)
        return batch

    def split_rows(self, batch: "dict[str, torch.Tensor]") -> "list[torch.Tensor]":
        """Return the sub-tokens of each window of a batch with its padding, int64 (length,)."""
        return [*batch["input_ids"]]

    def find_offsets(self, lengths: np.ndarray, batch_length: int) -> np.ndarray:
        """Return where each window begins in its padded row, int64 (batch,)."""
        return batch_length - lengths if self.pads_left else np.zeros_like(lengths)

    def _pad(self, rows: Sequence[np.ndarray], fill: int, length: int) -> np.ndarray:
        padded = np.full((len(rows), length, *rows[0].shape[1:]), fill, dtype=np.int64)
        offsets = self.find_offsets(np.array([len(row) for row in rows]), length)
        for place, (row, start) in enumerate(zip(rows, offsets, strict=True)):
            padded[place, start : start + len(row)] = row
        return padded

    def segment_ids(self, length: int) -> np.ndarray:
        """Return the token types of a window, int64 (length,)."""
        before, words, after = self.special.types or (0, 0, 0)
        segments = np.full(length, words, dtype=np.int64)
        segments[: len(self.special.before)] = before
        segments[length - len(self.special.after) :] = after
        return segments


def build_collator(tokenizer: WordTokenizer, special: SpecialTokens, length: int | None = None) -> WindowCollator:
    """Return a tokenizer's collator; one without a padding token pads with id 0, which the attention mask hides."""
    pad_id = 0 if tokenizer.pad_token_id is None else tokenizer.pad_token_id
    return WindowCollator(pad_id, tokenizer.padding_side == "left", special, length)


def group_by_length(
    lengths: np.ndarray,
    sentence_ids: np.ndarray,
    token_budget: int,
    share: tuple[int, int] = (0, 1),
    sharing: Sharing = Sharing.ANY_LENGTHS,
) -> list[np.ndarray]:
    """Return the batches for prediction: similar lengths together, longest first, within a budget of padded positions.

    The windows of one sentence stay next to each other, so that a decoder that needs the whole sentence has it early.

    Args:
        lengths: Positions of each window, int64 (windows,).
        sentence_ids: The sentence of each window, int64 (windows,), ascending.
        token_budget: Largest rows x longest row of a batch; a single window may be larger.
        share: (i, n): only each n-th sentence from the i-th on, longest first.
        sharing: Which windows may share a batch.

    Returns:
        Window indices of each batch, int64 arrays.
    """
    if not len(lengths):
        return []
    if len(lengths) == 1 and share == (0, 1):
        return [np.zeros(1, dtype=np.int64)]
    _, sentence_of = np.unique(sentence_ids, return_inverse=True)
    longest = np.zeros(sentence_of[-1] + 1, dtype=np.int64)
    np.maximum.at(longest, sentence_of, lengths)
    rank = np.empty_like(longest)
    rank[np.argsort(-longest, kind="stable")] = np.arange(len(longest))
    index, count = share
    mine = np.flatnonzero(rank[sentence_of] % count == index)
    order = mine[np.argsort(rank[sentence_of[mine]], kind="stable")]
    if not len(order):
        return []
    batches, start, width = [], 0, 0
    for place, window in enumerate(order):
        width = max(width, lengths[window])
        fits = sharing == Sharing.ANY_LENGTHS or (
            sharing == Sharing.EQUAL_LENGTHS and lengths[window] == lengths[order[start]]
        )
        if place > start and (not fits or (place + 1 - start) * width > token_budget):
            batches.append(order[start:place])
            start, width = place, lengths[window]
    batches.append(order[start:])
    return batches
