"""Dropout whose random numbers cost little on the CPU."""

import numpy as np
import torch
from torch import nn

STEPS = 1 << 16
"""The share that is dropped is rounded to a whole number of these: 0.1 becomes 6554 / 65536 = 0.100006."""


def drop(values: torch.Tensor, probability: float) -> torch.Tensor:
    """Zero a random share of the values and scale the others by 1 / (1 - probability).

    Dropout of Srivastava et al. (2014), as `torch.nn.functional.dropout`. On the CPU that draws a random number of
    32 bits for each value, one after the other, which is an eighth of a training step; here each takes 16 bits of the
    64 that a faster generator gives at once. Its seed comes from torch's, so that a seed gives the same draws again,
    also in a training that is continued. Other draws, the same distribution.

    Args:
        values: float32 or bfloat16, any shape.
        probability: Share that is dropped, 0 <= probability < 1.
    """
    return values * draw_factors(values, probability)


def draw_factors(values: torch.Tensor, probability: float) -> torch.Tensor:
    """Draw what dropout multiplies values by, 0 or 1 / (1 - probability), in their precision and shape; see `drop`."""
    count = values.numel()
    seed = int(torch.randint(2**63 - 1, ()))
    bits = torch.from_numpy(np.random.SFC64(seed).random_raw((count + 3) // 4).view(np.int16))[:count]
    # The 16 bits are a number from -STEPS / 2 on.
    kept = bits.ge_(min(round(probability * STEPS), STEPS - 1) - STEPS // 2)
    scale = torch.tensor(1 / (1 - probability), dtype=values.dtype)
    if values.dtype == torch.bfloat16:
        # 0 or 1 times the bits of the scale: whole numbers of 16 bits all the way, no conversion.
        factors = kept.mul_(scale.view(torch.int16)).view(torch.bfloat16)
    else:
        factors = kept.to(values.dtype).mul_(scale)
    return factors.view(values.shape)


class CheapDropout(nn.Dropout):
    """`nn.Dropout` with the random numbers of `drop`."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Zero a random share of the values in training; in evaluation give them back as they are."""
        return drop(values, self.p) if self.training and 0 < self.p < 1 else super().forward(values)


def replace_dropout(model: nn.Module, old: type[nn.Dropout], new: type[nn.Dropout]) -> None:
    """Put `new` in the place of each `old` (not of its subclasses) in a model."""
    for module in list(model.modules()):
        for name, child in module.named_children():
            if type(child) is old:
                setattr(module, name, new(child.p, child.inplace).train(child.training))
