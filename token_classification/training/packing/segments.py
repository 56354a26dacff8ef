"""Windows that lie behind each other in one long row, each a segment of it: attention of varying lengths, no mask.

A mask between positions is as large as the square of a row; NVIDIA GPUs compute attention from the borders of the
segments alone, in half precision. Elsewhere the segments are computed one after the other.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, cast

import numpy as np
import torch
from torch.nn import functional
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

SEGMENTS = "segments"
"""Name under which models find this attention (`model.set_attn_implementation`)"""

HALF = (torch.bfloat16, torch.float16)

ROUND_TO = 128
"""Rows, and the length that the longest segment is given as, are multiples of this: of few shapes, so that a compiled
model (`--torch_compile`) is compiled seldom and CUDA graphs are recorded seldom"""

TOLERANCE = 0.05
"""How far the kernel's outputs and gradients may be from those of float32, as a share of the largest one; bf16 rounds
to less than a hundredth"""


def describe_segments(lengths: Sequence[int], row_length: int) -> dict[str, Any]:
    """Describe the segments of a row under the names that transformers hands on to attention (`FlashAttentionKwargs`).

    Args:
        lengths: Positions of each window, one behind the other.
        row_length: Positions of the row, more than the windows have: the padding behind them is a segment, too.
    """
    borders = np.cumsum([0, *lengths])
    ends = torch.from_numpy(np.append(borders, row_length).astype(np.int32))
    longest = round_up_segments(max(*lengths, row_length - int(borders[-1])))
    return {"cu_seq_lens_q": ends, "cu_seq_lens_k": ends, "max_length_q": longest, "max_length_k": longest}


def round_up_segments(length: int) -> int:
    """Return the next multiple of `ROUND_TO`."""
    return -(-length // ROUND_TO) * ROUND_TO


def attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    cu_seq_lens_q: torch.Tensor | None = None,
    max_length_q: int = 0,
    **options: Any,  # noqa: ANN401 - the library hands on whatever a model gives
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Compute attention within the segments of a row, as transformers' `AttentionInterface` calls it.

    A batch without segments (an evaluation pads its windows) goes to the library's own function.

    Args:
        module: The attention layer.
        query: (rows, heads, length, size), as are key and value.
        key: See query.
        value: See query.
        attention_mask: None where there are segments.
        dropout: Share of the attention weights that is dropped in training.
        scaling: Factor of the products; None: 1 / sqrt(size).
        cu_seq_lens_q: Where the segments of all rows, one row behind the other, begin, and where the last one ends;
            int32, (segments + 1,).
        max_length_q: Positions of the longest segment, or more.
        options: Whatever else a model gives its attention.

    Returns:
        The weighted values, (rows, length, heads, size), and None: nobody asks for the weights.

    Raises:
        ValueError: attention of another kind, which segments alone do not describe.
    """
    if cu_seq_lens_q is None:
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **options
        )
    # A module that does not say counts as causal for the library, too.
    is_plain = query.shape == key.shape and not getattr(module, "is_causal", True)
    if not is_plain or attention_mask is not None or options.get("position_bias") is not None:
        raise ValueError("attention of this kind is not computed in segments")
    rows, heads, length, size = query.shape
    query, key, value = (part.transpose(1, 2).reshape(rows * length, heads, size) for part in (query, key, value))
    if value.is_cuda and value.dtype in HALF:
        mixed = attend_at_once(query, key, value, cu_seq_lens_q, max_length_q, dropout, scaling)
    else:
        mixed = attend_one_by_one(query, key, value, cu_seq_lens_q, dropout, scaling)
    return mixed.view(rows, length, heads, size), None


def attend_at_once(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    borders: torch.Tensor,
    longest: int,
    dropout: float,
    scaling: float | None,
) -> torch.Tensor:
    """Compute all segments in torch's FlashAttention (Dao, 2023); half precision on an NVIDIA GPU, Ampere or newer.

    It is what `torch.nn.attention.varlen.varlen_attn` calls, which has no dropout.

    Args:
        query: (positions, heads, size), as are key and value.
        key: See query.
        value: See query.
        borders: int32, (segments + 1,).
        longest: Positions of the longest segment, or more.
        dropout: Share of the weights that is dropped.
        scaling: Factor of the products; None: 1 / sqrt(size).
    """
    # Neither causal nor with a mask to look at for debugging.
    outputs = torch.ops.aten._flash_attention_forward(
        query, key, value, borders, borders, longest, longest, dropout, False, False, scale=scaling
    )
    return cast(torch.Tensor, outputs[0])


def attend_one_by_one(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    borders: torch.Tensor,
    dropout: float,
    scaling: float | None,
) -> torch.Tensor:
    """Compute one segment after the other, on any device and in any precision; arguments as `attend_at_once`."""
    parts = []
    for start, end in pairwise(borders.tolist()):
        queries, keys, values = (part[start:end].transpose(0, 1) for part in (query, key, value))
        mixed = functional.scaled_dot_product_attention(queries, keys, values, dropout_p=dropout, scale=scaling)
        parts.append(mixed.transpose(0, 1))
    return torch.cat(parts)


def mask_padding(attention_mask: torch.Tensor | None = None, **options: Any) -> torch.Tensor | None:  # noqa: ANN401
    """Make the library's mask for a batch with padding; none for segments, whose batch comes without one."""
    return None if attention_mask is None else sdpa_mask(attention_mask=attention_mask, **options)


AttentionInterface.register(SEGMENTS, attend)
AttentionMaskInterface.register(SEGMENTS, mask_padding)


@contextmanager
def attending_in_segments(model: PreTrainedModel) -> Iterator[None]:
    """Have a model compute its attention with `attend`, as long as this lasts."""
    # A deep head has a config of its own around that of the encoder.
    encoder = cast(PreTrainedModel, model.base_model)
    attention = encoder.config._attn_implementation
    encoder.set_attn_implementation(SEGMENTS)
    try:
        yield
    finally:
        encoder.set_attn_implementation(attention)


def find_kernel_problem(device: torch.device, half: torch.dtype, head_size: int) -> str | None:
    """Say why a GPU can't compute segments at once, tried on a few numbers; None: it can. Random numbers stay."""
    generator = torch.Generator().manual_seed(0)
    lengths = [5, 40, 19]
    borders = torch.from_numpy(np.cumsum([0, *lengths]).astype(np.int32)).to(device)
    values = torch.randn(3, sum(lengths), 2, head_size, generator=generator).to(device, half)

    def compute(precision: torch.dtype, *, at_once: bool) -> torch.Tensor:
        inputs = values.detach().to(precision).requires_grad_()
        query, key, value = inputs.unbind()
        if at_once:
            mixed = attend_at_once(query, key, value, borders, ROUND_TO, 0.0, None)
        else:
            mixed = attend_one_by_one(query, key, value, borders, 0.0, None)
        [gradient] = torch.autograd.grad(mixed.float().square().sum(), inputs)
        return torch.cat([mixed.detach().float()[None], gradient.float()])

    try:
        found, right = compute(half, at_once=True), compute(torch.float32, at_once=False)
    except RuntimeError as error:
        # torch has no exception of its own for a GPU that is too old, or for sizes that its kernel does not take.
        return str(error).splitlines()[0]
    distance = float((found - right).abs().max() / right.abs().max())
    return None if distance <= TOLERANCE else f"outputs of its kernel are {distance:.3f} off"
