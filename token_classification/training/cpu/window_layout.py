"""How attention takes the windows of long rows apart: into short rows of its own."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.utils.weak import WeakTensorKeyDictionary

from token_classification.training.packing.rows import plan_rows, round_up


@dataclass(frozen=True)
class Layout:
    """Short rows that hold the windows of long ones.

    Vectors of a layer, (positions x heads, size), lie in them row by row, head by head, position by position.
    """

    rows: int
    """How many short rows"""
    length: int
    """Positions of each"""
    hidden: torch.Tensor
    """float32 (rows, 1, length, length): what is added to scores, 0 within a window and -infinity elsewhere"""
    sources: torch.Tensor
    """int64 (slots,): the vector that belongs in each place of the short rows; where there is none, any"""
    slots: torch.Tensor
    """int64 (positions x heads,): the place of each vector"""
    empty: torch.Tensor
    """int64: places without a vector"""


_LAYOUTS: Any = WeakTensorKeyDictionary()  # torch's, without types
"""Mask -> heads -> layout, as long as the mask is there: all layers get the same one."""


def find_layout(mask: torch.Tensor, heads: int) -> Layout | None:
    """Return short rows for the windows that a mask divides its rows into.

    Args:
        mask: True for what is looked at, (rows, 1, length, length).
        heads: Attention heads of the layer.

    Returns:
        None: by this mask some position does not see its own window and nothing else, or each window has its own row.
    """
    known: dict[int, Layout | None] = _LAYOUTS.setdefault(mask, {})
    if heads not in known:
        rows, length = mask.shape[0], mask.shape[-1]
        starts = find_windows(mask)
        known[heads] = None if starts is None or len(starts) == rows else plan_layout(starts, rows * length, heads)
    return known[heads]


def find_windows(mask: torch.Tensor) -> np.ndarray | None:
    """Return at which positions of all rows, counted on from row to row, windows begin; None: see `find_layout`."""
    if mask.dtype != torch.bool or mask.dim() != 4 or mask.shape[1] != 1 or mask.shape[2] != mask.shape[3]:
        return None
    sees = mask[:, 0].numpy()
    begins = np.ones(sees.shape[:2], dtype=bool)
    begins[:, 1:] = ~sees.diagonal(-1, axis1=1, axis2=2)
    owner = begins.cumsum(axis=1, dtype=np.int16)
    return np.flatnonzero(begins) if np.array_equal(sees, owner[:, :, None] == owner[:, None, :]) else None


def plan_layout(starts: np.ndarray, positions: int, heads: int) -> Layout:
    """Plan the short rows of windows that lie one behind another in the long ones."""
    lengths = np.diff(starts, append=positions).tolist()
    rows = plan_rows(lengths, positions)
    length = round_up(max(sum(lengths[window] for window in row) for row in rows), positions)
    # Places without a vector are a window of their own: a position that looks at nothing has no softmax.
    owner = np.full((len(rows), length), -1)
    places = np.zeros((len(rows), length), dtype=np.int64)
    for number, row in enumerate(rows):
        end = 0
        for window in row:
            start, end = end, end + lengths[window]
            owner[number, start:end] = window
            places[number, start:end] = np.arange(starts[window], starts[window] + lengths[window])
    sources = (places[:, None] * heads + np.arange(heads)[:, None]).ravel()
    is_filled = np.repeat(owner[:, None] >= 0, heads, axis=1).ravel()
    slots = np.empty(positions * heads, dtype=np.int64)
    slots[sources[is_filled]] = np.flatnonzero(is_filled)
    hidden = np.where(owner[:, None, :, None] == owner[:, None, None, :], np.float32(0), np.float32(-np.inf))
    tensors = map(torch.from_numpy, (hidden, sources, slots, np.flatnonzero(~is_filled)))
    return Layout(len(rows), length, *tensors)
