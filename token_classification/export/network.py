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
    """Parts that can each be kept in higher precision: the layers with a matrix of weights, those alike in all blocks
    as one.

    What int8 can't hold are outliers in the activations, and they come with a kind of layer more than with a block:
    the second one of the feed-forward part most of all (Bondarenko et al. 2021, arXiv:2109.12948).

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
    """Regular expression for the names that modules of a part have in an exported graph, without what follows them."""
    return re.escape(f"{WRAPPED}.{part}").replace(r"\*", r"\d+")
