"""Attention that every runtime computes alike, also at positions that see nothing: padding far from the words."""

from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

EXPORTED = "exported"
"""Name under which models find this attention (`model.set_attn_implementation`)"""
HIDDEN = -1e30
"""What is added to the score of a position that is not to be seen: finite, in bf16 as well"""


def build_finite_mask(*args: Any, **options: Any) -> torch.Tensor | None:  # noqa: ANN401 - the library's own arguments
    """Return the library's mask as what is added to scores, float32 (batch, 1, length, length); None: all is seen.

    torch returns zeros for a row without any visible position. OpenVINO computes a softmax of minus infinity only,
    which is NaN, and NaN times a weight of zero is NaN in the rows of words. With a finite number it is an average.
    """
    visible = sdpa_mask(*args, **options)
    return None if visible is None else torch.where(visible, 0.0, HIDDEN)


AttentionInterface.register(EXPORTED, sdpa_attention_forward)
AttentionMaskInterface.register(EXPORTED, build_finite_mask)


def use_finite_masks(network: PreTrainedModel) -> None:
    """Let a model's fused attention take finite masks; attention of other kinds stays what it is."""
    for module in network.modules():
        if (
            isinstance(module, PreTrainedModel)
            and module.config._attn_implementation == "sdpa"
            and module._can_set_attn_implementation()
        ):
            module.set_attn_implementation(EXPORTED)
