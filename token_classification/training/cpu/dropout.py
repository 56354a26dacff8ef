"""Dropout whose random numbers cost little on the CPU."""

import torch
from torch import nn

STEPS = 1 << 15
"""The share that is dropped is rounded to a whole number of these: 0.1 becomes 3277 / 32768 = 0.100006."""


def drop(values: torch.Tensor, probability: float) -> torch.Tensor:
    """Zero a random share of the values and scale the others by 1 / (1 - probability).

    Dropout of Srivastava et al. (2014), as `torch.nn.functional.dropout`. On the CPU that draws a random number of
    32 bits for each value, one after the other, which is an eighth of a training step; here each takes 15 bits of the
    64 that the same generator gives at once. Other draws, the same distribution; a seed gives the same ones again.

    Args:
        values: float32 or bfloat16, any shape.
        probability: Share that is dropped, 0 <= probability < 1.
    """
    count = values.numel()
    bits = torch.empty((count + 3) // 4, dtype=torch.int64).random_(-(2**63), None).view(torch.int16)[:count]
    kept = bits.bitwise_and_(STEPS - 1).ge_(round(probability * STEPS))
    scale = torch.tensor(1 / (1 - probability), dtype=values.dtype)
    if values.dtype == torch.bfloat16:
        # 0 or 1 times the bits of the scale: whole numbers of 16 bits all the way, no conversion.
        factors = kept.mul_(scale.view(torch.int16)).view(torch.bfloat16)
    else:
        factors = kept.to(values.dtype).mul_(scale)
    return values * factors.view(values.shape)


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
