"""Attention for training on the CPU, in the precision of the run."""

from typing import Any

import torch
from torch import nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from token_classification.training.cpu.dropout import drop
from token_classification.training.cpu.window_attention import attend_to_windows
from token_classification.training.cpu.window_layout import find_layout

CPU_TRAINING = "cpu_training"
"""Name under which models find this attention (`model.set_attn_implementation`)."""


def attend(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **options: Any,  # noqa: ANN401 - the library hands on whatever a model gives
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Compute scaled dot-product attention (Vaswani et al., 2017), as transformers' `AttentionInterface` calls it.

    torch has no fused attention with dropout on the CPU; what it falls back to computes bf16 batches in float32. Here
    products are taken in the precision that they come in, and within windows only where a mask divides rows into
    windows. Evaluation, and everything but plain attention over whole windows, goes to the library's own function.

    Args:
        module: The attention layer.
        query: (batch, heads, length, size), as are key and value.
        key: See query.
        value: See query.
        attention_mask: bool, (batch, 1, length, length), False for what is not looked at; None: all is.
        dropout: Share of the attention weights that is dropped in training.
        scaling: Factor of the products; None: 1 / sqrt(size).
        options: Whatever else a model gives its attention.

    Returns:
        The weighted values, (batch, length, heads, size), and None: nobody asks for the weights.
    """
    # A module that does not say counts as causal for the library, too (LayoutLM's).
    is_causal = getattr(module, "is_causal", True)
    is_plain = query.shape == key.shape and not is_causal and options.get("position_bias") is None
    if not (module.training and is_plain):
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **options
        )
    factor = query.shape[-1] ** -0.5 if scaling is None else scaling
    layout = None if attention_mask is None else find_layout(attention_mask, query.shape[1])
    if layout is not None:
        return attend_to_windows(query, key, value, layout, factor, dropout), None
    scores = (query * factor) @ key.transpose(2, 3)
    if attention_mask is not None:
        hidden = torch.zeros_like(attention_mask, dtype=scores.dtype)
        scores = scores + hidden.masked_fill_(~attention_mask, torch.finfo(scores.dtype).min)
    weights = scores.softmax(dim=-1)
    if dropout > 0:
        weights = drop(weights, dropout)
    return (weights @ value).transpose(1, 2).contiguous(), None


AttentionInterface.register(CPU_TRAINING, attend)
AttentionMaskInterface.register(CPU_TRAINING, sdpa_mask)
