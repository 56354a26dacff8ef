"""A trained model as converters expect it (batches in, logits out), and the parts it consists of."""

import inspect
import re

import torch
from torch import nn
from transformers import PreTrainedModel

WRAPPED = "network"
"""Name of the model inside `LogitsOnly`, with which the names of exported operations begin"""


class LogitsOnly(nn.Module):
    """A model that takes what the collator returns, as far as it has a use for it, and returns the logits."""

    def __init__(self, network: PreTrainedModel) -> None:
        super().__init__()
        self.network = network
        self.eval()

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        token_type_ids: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Map token ids, int64 (batch, length), to logits, float32 (batch, length, labels)."""
        inputs = {"input_ids": input_ids, "attention_mask": attention_mask, "token_type_ids": token_type_ids}
        return self.network(**{name: tensor for name, tensor in inputs.items() if tensor is not None}).logits

    def pick_inputs(self, batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Return the tensors of a batch that the model takes: FNet, which has no attention, takes no mask."""
        taken = inspect.signature(self.network.forward).parameters
        takes_all = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in taken.values())
        return {name: tensor for name, tensor in batch.items() if takes_all or name in taken}


def use_plain_experts(network: PreTrainedModel) -> None:
    """Have mixtures of experts multiply with operations that converters know; the library's default is one they don't.

    Not the library's `eager` either: it loops over the experts that an input needs, and a converter would keep those
    of the example.
    """
    if any(isinstance(part, PreTrainedModel) and part._can_set_experts_implementation() for part in network.modules()):
        network.set_experts_implementation("batched_mm")


def list_parts(network: PreTrainedModel) -> list[str]:
    """List the parts that can each be kept in higher precision: layers with a weight matrix, alike ones as one part.

    What int8 can't hold are outliers in the activations. They come with a kind of layer more than with a block, most
    of all with the second layer of the feed-forward part (Bondarenko et al. 2021, arXiv:2109.12948).

    Returns:
        Names as in the model, `*` for the number of the block: `bert.encoder.layer.*.output.dense`, `classifier`.
    """
    names = [
        re.sub(r"\.\d+(?=\.|$)", ".*", name)
        for name, module in network.named_modules()
        if getattr(module, "weight", None) is not None and module.weight.dim() > 1
    ]
    return list(dict.fromkeys(names))


def match_part(part: str) -> str:
    """Return a regular expression for the names of a part's modules in an exported graph, up to what follows them."""
    return re.escape(f"{WRAPPED}.{part}").replace(r"\*", r"\d+")
