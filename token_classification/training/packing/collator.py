"""Several windows in a row: the batch of the same windows, with hardly any padding."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedModel

from token_classification.alignment.batches import WindowCollator
from token_classification.data.labels import IGNORED_LABEL
from token_classification.training.packing.masks import MASK_FORMS, MaskForm, handing_masks_to_encoder, make_masks
from token_classification.training.packing.rows import plan_rows, round_up
from token_classification.training.packing.segments import (
    attending_in_segments,
    describe_segments,
    round_up_segments,
)


@dataclass(frozen=True)
class PackingCollator:
    """Lays the windows of a batch behind each other in few rows, each visible to itself alone.

    What the model computes for a window is what it computes for it in a row of its own (Krell et al., 2021, "Efficient
    Sequence Packing without Cross-contamination"), and the batch holds the same windows as without packing.
    """

    plain: WindowCollator
    first_position: int
    """The position of a window's first sub-token: 0, or behind the padding's id in models like RoBERTa"""
    longest_row: int
    """Most positions of a row; segments may fill a longer one"""
    form: MaskForm = MASK_FORMS[0]
    ranges: Mapping[str, int | None] = field(default_factory=lambda: {"full_attention": None})
    """How far the layers of each type look, see `find_ranges`"""
    has_long_rows: bool = False
    """Whether rows are as long as they can be, see `plan_rows`"""

    @property
    def pad_id(self) -> int:
        """Return the sub-token that rows are padded with."""
        return self.plain.pad_id

    def __call__(self, windows: Sequence[dict[str, np.ndarray]]) -> dict[str, Any]:
        """Pack windows into rows.

        Returns:
            input_ids, position_ids, labels, int64 (rows, length), those of several levels (rows, length, levels);
            attention_mask, or what the form calls it, as
            `make_masks` returns it: bool (rows, 1, length, length), for example; what `describe_segments` returns for
            a row of segments.
        """
        if self.form.in_segments:
            return self.fill_rows(windows, [range(len(windows))])
        gap = self.form.gap
        lengths = [len(window["input_ids"]) + gap for window in windows]
        return self.fill_rows(windows, plan_rows(lengths, self.longest_row + gap, self.has_long_rows))

    def fill_rows(self, windows: Sequence[dict[str, np.ndarray]], rows: Sequence[Sequence[int]]) -> dict[str, Any]:
        """Make the tensors of a batch whose rows hold these windows; see `__call__`."""
        lengths = [len(window["input_ids"]) for window in windows]
        starts = [self.find_starts([lengths[place] for place in row]) for row in rows]
        longest = max(int(begins[-1]) + lengths[row[-1]] for begins, row in zip(starts, rows, strict=True))
        shape = len(rows), self._choose_row_length(longest)
        filled = {"input_ids": self.pad_id, "position_ids": self.first_position, "labels": IGNORED_LABEL}
        if self.plain.special.types is not None:
            filled["token_type_ids"] = self.plain.special.types[1]
        batch = {name: np.full(shape, value, dtype=np.int64) for name, value in filled.items()}
        if levels := windows[0]["labels"].shape[1:]:
            batch["labels"] = np.full((*shape, *levels), IGNORED_LABEL, dtype=np.int64)
        # Padding is its own window: it looks at itself, because a position that looks at nothing has no softmax.
        owner = np.full(shape, -1)
        for number, row in enumerate(rows):
            for start, place in zip(starts[number], row, strict=True):
                end = start + lengths[place]
                features = {**windows[place], "position_ids": self.first_position + np.arange(lengths[place])}
                if "token_type_ids" in batch:
                    features["token_type_ids"] = self.plain.segment_ids(lengths[place])
                for name, values in batch.items():
                    values[number, start:end] = features[name]
                owner[number, start:end] = place
        apart = (
            describe_segments([lengths[place] for place in rows[0]], shape[1])
            if self.form.in_segments
            else {self.form.argument: make_masks(owner, self.form, self.ranges)}
        )
        return {name: torch.from_numpy(values) for name, values in batch.items()} | apart

    def _choose_row_length(self, longest: int) -> int:
        """Return how long rows are, of which the longest one holds so many positions."""
        # Segments: always with padding, so that there is one segment more than there are windows.
        return round_up_segments(longest + 1) if self.form.in_segments else round_up(longest, self.longest_row)

    def find_starts(self, lengths: Sequence[int]) -> np.ndarray:
        """Return where the windows of a row begin, int64 (windows,)."""
        return np.cumsum([0, *(length + self.form.gap for length in lengths[:-1])])

    def split_rows(self, batch: dict[str, torch.Tensor]) -> list[torch.Tensor]:
        """Return the sub-tokens of each window of a packed batch, int64 (length,)."""
        rows = zip(batch["input_ids"], batch["position_ids"] == self.first_position, strict=True)
        parts = [part for row, starts in rows for part in row.tensor_split(starts.nonzero().flatten().cpu())[1:]]
        return [part for part in parts if part[0] != self.pad_id]


def serving_masks(model: PreTrainedModel, collator: WindowCollator | PackingCollator) -> AbstractContextManager[None]:
    """Prepare a model for the masks or segments of a collator as long as the context lasts, where it needs that."""
    if not isinstance(collator, PackingCollator):
        return nullcontext()
    if collator.form.in_segments:
        return attending_in_segments(model)
    return handing_masks_to_encoder(model) if collator.form.goes_to_encoder else nullcontext()
