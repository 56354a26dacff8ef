"""Several windows in a row: the batch of the same windows, with hardly any padding."""

import heapq
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from transformers import PreTrainedModel

from token_classification.alignment.align import AlignedSplit
from token_classification.alignment.batches import WindowCollator
from token_classification.arguments.training import NerTrainingArguments
from token_classification.data.labels import IGNORED_LABEL

logger = logging.getLogger(__name__)

ROUND_TO = 16
"""Rows are a multiple of this many positions long: oneDNN compiles each matrix product anew for each shape, and there
are a sixteenth as many of them. At batch size 8 that is worth 20 % of the time and 25 % of the memory (WNUT'17)."""

EVEN_LENGTH = 512
"""Row length at which attention is taken to cost as much as the rest of a layer; its order of magnitude matters."""

PROBED_WINDOWS = 3


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
    """Most positions of a row"""

    @property
    def pad_id(self) -> int:
        """Return the sub-token that rows are padded with."""
        return self.plain.pad_id

    def __call__(self, windows: Sequence[dict[str, np.ndarray]]) -> dict[str, torch.Tensor]:
        """Pack windows into rows.

        Returns:
            input_ids, position_ids, labels, int64 (rows, length); attention_mask, bool (rows, 1, length, length).
        """
        return self.fill_rows(windows, plan_rows([len(window["input_ids"]) for window in windows], self.longest_row))

    def fill_rows(
        self, windows: Sequence[dict[str, np.ndarray]], rows: Sequence[Sequence[int]]
    ) -> dict[str, torch.Tensor]:
        """Make the tensors of a batch whose rows hold these windows; see `__call__`."""
        lengths = [len(window["input_ids"]) for window in windows]
        length = round_up(max(sum(lengths[place] for place in row) for row in rows), self.longest_row)
        filled = {"input_ids": self.pad_id, "position_ids": self.first_position, "labels": IGNORED_LABEL}
        if self.plain.special.types is not None:
            filled["token_type_ids"] = self.plain.special.types[1]
        batch = {name: np.full((len(rows), length), value, dtype=np.int64) for name, value in filled.items()}
        # Padding is its own window: it looks at itself, because a position that looks at nothing has no softmax.
        owner = np.full((len(rows), length), -1)
        for number, row in enumerate(rows):
            start = 0
            for place in row:
                end = start + lengths[place]
                features = {**windows[place], "position_ids": self.first_position + np.arange(lengths[place])}
                if "token_type_ids" in batch:
                    features["token_type_ids"] = self.plain.segment_ids(lengths[place])
                for name, values in batch.items():
                    values[number, start:end] = features[name]
                owner[number, start:end] = place
                start = end
        sees = owner[:, None, :, None] == owner[:, None, None, :]
        return {name: torch.from_numpy(values) for name, values in {**batch, "attention_mask": sees}.items()}

    def split_rows(self, batch: dict[str, torch.Tensor]) -> list[torch.Tensor]:
        """Return the sub-tokens of each window of a packed batch, int64 (length,)."""
        rows = zip(batch["input_ids"], batch["position_ids"] == self.first_position, strict=True)
        parts = [part for row, starts in rows for part in row.tensor_split(starts.nonzero().flatten().cpu())[1:]]
        return [part for part in parts if part[0] != self.pad_id]


def plan_rows(lengths: Sequence[int], longest_row: int) -> list[list[int]]:
    """Share windows out over the number of rows that costs least.

    A position costs the same anywhere but for attention, which grows with the length of its row. Tried are rows that
    are about as long as the longest window, up to twice as long, and one row for each window.

    Args:
        lengths: Positions of each window, none above `longest_row`.
        longest_row: Most positions of a row.

    Returns:
        The windows of each row, ascending; rows in the order of their first windows.
    """
    most = -(-sum(lengths) // max(lengths))
    plans = [[[place] for place in range(len(lengths))]]
    # About eight plans, however many windows there are.
    plans += [share_out(lengths, count) for count in range(most, most // 2, -max(1, most // 16))]

    def measure_cost(rows: list[list[int]]) -> float:
        longest = max(sum(lengths[place] for place in row) for row in rows)
        if longest > longest_row:
            return float("inf")
        length = round_up(longest, longest_row)
        return len(rows) * length * (length + EVEN_LENGTH)

    costs = [measure_cost(rows) for rows in plans]
    return sorted(plans[costs.index(min(costs))])


def share_out(lengths: Sequence[int], count: int) -> list[list[int]]:
    """Share windows out over `count` rows: the longest first, each to the row that is shortest then (Graham, 1969)."""
    rows: list[tuple[int, int, list[int]]] = [(0, number, []) for number in range(count)]
    for place in sorted(range(len(lengths)), key=lambda place: -lengths[place]):
        filled, number, row = rows[0]
        heapq.heapreplace(rows, (filled + lengths[place], number, [*row, place]))
    return [sorted(row) for _, _, row in rows if row]


def round_up(length: int, longest_row: int) -> int:
    """Return the next multiple of `ROUND_TO`, but no longer than a row can be."""
    return min(-(-length // ROUND_TO) * ROUND_TO, longest_row)


def choose_collator(
    model: PreTrainedModel,
    plain: WindowCollator,
    split: AlignedSplit | None,
    training: NerTrainingArguments,
    window_length: int,
) -> WindowCollator | PackingCollator:
    """Choose the collator of a training: one that packs, if the arguments allow it and the model computes the same.

    Whether it does is tried on windows of the training data: no list of architectures would be complete.

    Args:
        model: The model, in float32.
        plain: The collator that pads.
        split: The training data; None: there is no training.
        training: `pack_windows`, and what cannot go with it.
        window_length: Longest window.
    """
    if split is None or not training.pack_windows or plain.length is not None:
        return plain
    obstacle = find_obstacle(model, training)
    if obstacle is None:
        longest_row = max(window_length, getattr(model.base_model.config, "max_position_embeddings", 0))
        # Cut, so that they fit one row.
        end = longest_row // PROBED_WINDOWS
        windows = [
            {name: values[:end] for name, values in split[number % len(split)].items()}
            for number in range(PROBED_WINDOWS)
        ]
        for first_position in (0, plain.pad_id + 1):
            packing = PackingCollator(plain, first_position, longest_row)
            if computes_the_same(model, packing, windows):
                return packing
        obstacle = "its outputs change when sentences share a row"
    if training.should_log:
        order = training.train_sampling_strategy.replace("auto", "group_by_length")
        logger.warning(
            "Training sentences are padded because they cannot share rows: %s. Batches: %s.", obstacle, order
        )
    return plain


def find_obstacle(model: PreTrainedModel, training: NerTrainingArguments) -> str | None:
    """Say why windows can't share rows, as far as settings tell; None: nothing is in the way."""
    config = cast(PreTrainedModel, model.base_model).config
    if config._attn_implementation != "sdpa":
        return f"its attention ({config._attn_implementation}) takes no mask between positions"
    if set(getattr(config, "layer_types", None) or ["full_attention"]) != {"full_attention"}:
        return "its attention has a limited range, which a mask between positions would replace"
    if training.include_num_input_tokens_seen == "non_padding":
        return "--include_num_input_tokens_seen counts the positions of a plain mask"
    if getattr(training.accelerator_config, "dispatch_batches", None):
        return "dispatch_batches cuts batches by rows"
    return None


def computes_the_same(
    model: PreTrainedModel, packing: PackingCollator, windows: Sequence[dict[str, np.ndarray]]
) -> bool:
    """Tell whether windows in one row get the logits that they get in rows of their own."""
    was_training = model.training
    model.eval()
    batches = packing.plain(windows), packing.fill_rows(windows, [range(len(windows))])
    with torch.inference_mode():
        padded, packed = (
            model(**{name: values.to(model.device) for name, values in batch.items() if name != "labels"}).logits
            for batch in batches
        )
    model.train(was_training)
    is_real = batches[0]["attention_mask"].bool()
    count = int(is_real.sum())
    return torch.allclose(padded[is_real.to(padded.device)], packed[0, :count], rtol=1e-3, atol=1e-4)
