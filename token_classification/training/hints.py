"""Hints: the states of an encoder are brought near those of its teachers, word by word.

As in TinyBERT (Jiao et al., 2020, https://arxiv.org/abs/1909.10351), where a projection between the two widths is
learnt. Here it is computed once, before the training (`distillation/hints.py`), so that the model has no weights that
would have to be dropped again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn
from transformers import PreTrainedModel
from transformers.modeling_outputs import TokenClassifierOutput


@dataclass(frozen=True)
class StateHint:
    """How far the states of some words are from what the teachers made of them."""

    targets: torch.Tensor
    """float16, (words, size): what the teachers' encoders make of each word"""
    centre: torch.Tensor
    """float32, (width,): what is subtracted from the encoder's states"""
    turn: torch.Tensor
    """float32, (width, size): what they are then multiplied by to be compared with the targets"""
    weight: float

    def __call__(self, states: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """Return the sum of the squared distances of some words, times the weight.

        Args:
            states: (n, width), of any float type: the encoder's last states.
            rows: int64, (n,): which of the targets is that of each.
        """
        targets = self.targets[rows.cpu()].to(states.device, torch.float32)
        turned = (states.float() - self.centre.to(states.device)) @ self.turn.to(states.device)
        return self.weight * (turned - targets).square().sum()


@contextmanager
def showing_states(model: PreTrainedModel) -> Iterator[None]:
    """Have a model that trains put the last states of its encoder into its outputs, as `hidden_states`.

    Not every model returns its states if asked, but each calls its encoder.
    """

    # Kept in the modules that are called, not in this function: DataParallel runs copies of them side by side.
    def keep(encoder: nn.Module, _inputs: object, output: tuple[torch.Tensor, ...]) -> None:
        if encoder.training:
            encoder.__dict__["last_states"] = output[0]

    def show(called: PreTrainedModel, _inputs: object, output: TokenClassifierOutput) -> TokenClassifierOutput:
        states = called.base_model.__dict__.pop("last_states", None)
        if states is not None:
            output["hidden_states"] = (states,)
        return output

    hooks = [model.base_model.register_forward_hook(keep), model.register_forward_hook(show)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
