"""A model that `torch.compile` compiles once for batches of all shapes."""

from collections.abc import Mapping

import torch


def mark_varying_sizes(inputs: Mapping[str, object]) -> None:
    """Tell torch's compiler that the sizes of a batch will be others in the next one.

    Left to itself it compiles for the very sizes of the first batch, then again for those that have changed, one after
    the other: rows, positions, windows.

    Args:
        inputs: What the model is given.
    """
    for values in inputs.values():
        if isinstance(values, torch.Tensor):
            for dimension, size in enumerate(values.shape):
                # A size of 1 is broadcast: code for it is never that for others.
                if size > 1:
                    torch._dynamo.maybe_mark_dynamic(values, dimension)
