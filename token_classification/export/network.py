"""A trained model as converters want it: batches in, logits out; and the parts that it consists of."""

import re

import torch
from torch import nn
from transformers import PreTrainedModel

WRAPPED = "network"
"""Name of the model inside `LogitsOnly`; the names of exported operations begin with it."""


class LogitsOnly(nn.Module):
    """A model whose inputs are those of the collator and whose output is the logits."""

    def __init__(self, network: PreTrainedModel):
        super().__init__()
        self.network = network
        self.eval()

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Token ids, int64 (batch, length), to logits, float32 (batch, length, labels)."""
        inputs = {"input_ids": input_ids, "attention_mask": attention_mask}
        if token_type_ids is not None:
            inputs["token_type_ids"] = token_type_ids
        return self.network(**inputs).logits


def list_parts(network: PreTrainedModel) -> list[str]:
    """Parts that can each be kept in higher precision: blocks of the encoder, and what else has a matrix of weights.

    Names as in the model: `bert.encoder.layer.3`, `classifier`.
    """
    parts = []
    for name, module in network.named_modules():
        weight = getattr(module, "weight", None)
        if weight is None or weight.dim() < 2:
            continue
        block = re.match(r"(?:.*?\.)??\d+(?=\.)", name)
        parts.append(block[0] if block else name)
    return list(dict.fromkeys(parts))


def is_inside(name: str, part: str) -> bool:
    """Whether a module is the part or lies in it: `layer.1.output` lies in `layer.1`, `layer.10` doesn't."""
    return name == part or name.startswith(f"{part}.")
