"""Which windows may share a batch: tried on the model itself, because no list of architectures would be complete."""

import logging
import threading
from collections.abc import Callable, Sequence

import numpy as np

from token_classification.alignment.batches import Sharing, group_by_length
from token_classification.alignment.windows import Windows

logger = logging.getLogger(__name__)

FLOAT32_ROUNDING, BF16_ROUNDING = 1e-3, 0.1
"""How far the logits of a window may differ between batches, as a share of its largest one.

Rounding, MiniLM on 300 sentences of WNUT'17, alone and among 1, 3 and 31 others: at most 8e-7 (torch) and 1e-6
(OpenVINO) in float32; 2e-3 (OpenVINO) and 7e-3 (torch) in bf16; 2e-2 in OpenVINO's int8, whose other parts are bf16.
What is no rounding: 6e-3 to 3e-1 (int8 of ONNX Runtime, whose ranges are those of the batch), and for tiny random
models 7e-3 to 1e-2 (ConvBERT), 1e-2 to 5e-2 (YOSO), 1 (CANINE), 2 (FNet). In bf16 the small ones look like rounding.
"""

TRIED_WINDOWS = 4
"""How many windows of a batch are tried"""

ReadWindows = Callable[[Sequence[dict[str, np.ndarray]]], list[np.ndarray]]
"""Windows of one batch -> logits of each, float32 (its positions, labels)"""

REASONS = {
    Sharing.EQUAL_LENGTHS: "outputs of this model change with padding: only sentences of equal length share a batch",
    Sharing.ONE_BY_ONE: "outputs of this model change with what else is in a batch: each sentence is run by itself",
}


class SharingProbe:
    """Tries once, for each order of magnitude of lengths, which windows may share a batch; threads may share it.

    A model may compute short inputs in another way than long ones. What is found depends on nothing but the model and
    the windows at hand, so that a run that goes on where another one ended batches as that one did.
    """

    def __init__(self, rounding: float = FLOAT32_ROUNDING, *, pads_alone: bool = False) -> None:
        self.rounding = rounding
        self.pads_alone = pads_alone
        """Whether a window gets padding even where it is alone, so that it matters there, too"""
        self._found: dict[int, Sharing] = {}
        self._announced = Sharing.ANY_LENGTHS
        self._lock = threading.Lock()

    def decide(self, windows: Windows, token_budget: int, read: ReadWindows) -> Sharing:
        """Return which of these windows may share a batch; where none would, nothing is tried.

        Args:
            windows: All windows of a split.
            token_budget: Padded positions per batch.
            read: Runs windows in one batch.
        """
        batches = group_by_length(windows.lengths, windows.sentence_ids, token_budget)
        shared = next((batch for batch in batches if len(batch) > 1), None)
        if shared is None:
            if not self.pads_alone or not batches:
                return Sharing.ANY_LENGTHS
            shared = np.repeat(batches[0], 2)
        magnitude = int(windows.lengths[shared].max()).bit_length()
        with self._lock:
            if magnitude not in self._found:
                self._found[magnitude] = find_sharing(read, [windows[window] for window in shared], self.rounding)
                self._announce(self._found[magnitude])
            return self._found[magnitude]

    def recall(self, length: int) -> Sharing | None:
        """Return what has been found out about windows of a length; None if they have not been tried."""
        return self._found.get(length.bit_length())

    def forget(self, rounding: float) -> None:
        """Try again, because the weights are others; what was said aloud is not said again."""
        with self._lock:
            self.rounding = rounding
            self._found.clear()

    def _announce(self, sharing: Sharing) -> None:
        if sharing < self._announced:
            logger.warning("No tag may depend on its batch, and %s. This is slower.", REASONS[sharing])
            self._announced = sharing


def find_sharing(read: ReadWindows, windows: Sequence[dict[str, np.ndarray]], rounding: float) -> Sharing:
    """Try windows of several lengths in one batch, then windows of one length.

    Args:
        read: Runs windows in one batch.
        windows: At least two, which fit into one batch.
        rounding: How far logits may differ, as a share of the largest one.
    """
    places = np.unique(np.linspace(0, len(windows) - 1, TRIED_WINDOWS).astype(int))
    tried = [windows[place]["input_ids"] for place in places]
    longest = max(map(len, tried))
    # Cut and repeated: the lengths at hand may all be alike, or all be different.
    stepwise = [max(1, longest * (len(tried) - number) // len(tried)) for number in range(len(tried))]
    if computes_the_same(read, list(map(np.resize, tried, stepwise)), rounding):
        return Sharing.ANY_LENGTHS
    if computes_the_same(read, [np.resize(ids, longest) for ids in tried], rounding):
        return Sharing.EQUAL_LENGTHS
    return Sharing.ONE_BY_ONE


def computes_the_same(read: ReadWindows, windows: Sequence[np.ndarray], rounding: float) -> bool:
    """Tell whether windows get the logits in one batch that each gets by itself.

    Args:
        read: Runs windows in one batch.
        windows: The sub-tokens of each.
        rounding: How far logits may differ, as a share of the largest one.
    """
    inputs = [{"input_ids": ids} for ids in windows]
    together = read(inputs)
    alone = [read([window])[0] for window in inputs]
    # NaN is never at most anything.
    return all(
        bool(np.abs(ours - theirs).max() <= rounding * np.abs(theirs).max())
        for ours, theirs in zip(together, alone, strict=True)
    )
