"""What a model computes for real sub-tokens, and the share of what its GPU could: model FLOPs utilization (MFU).

Counted as in appendix B of PaLM (Chowdhery et al., 2022): two operations for each weight of the encoder, and two
products of attention over the length of the sentence, forward; training takes three times that. Padding, embeddings,
and what is computed twice do not count.
"""

import re
from collections.abc import Sequence

TRAINING, INFERENCE = 3, 1
"""Passes of a step: forward and backward, which is two of them; or forward alone"""

BF16_PEAKS = {"H100 HBM3": 989, "H200": 989, "A100": 312, "L4": 121, "T4": 65}
"""Words of a device name -> TFLOP/s of dense bf16 matrix products by its data sheet; of the T4 (no bf16) fp16"""


def count_flops(model, lengths: Sequence[int], passes: int) -> float:
    """Count the floating point operations of a sub-token, on average over windows of these lengths.

    Args:
        model: The model.
        lengths: Sub-tokens of each window.
        passes: `TRAINING` or `INFERENCE`.
    """
    config = model.base_model.config.get_text_config()
    weights = sum(weight.numel() for name, weight in model.named_parameters() if "embeddings" not in name)
    # Each position looks at all of its window: the mean over positions, not over windows.
    seen = sum(int(length) ** 2 for length in lengths) / sum(map(int, lengths))
    return passes * (2 * weights + 4 * config.num_hidden_layers * config.hidden_size * seen)


def find_peak(device_name: str) -> float | None:
    """Return the TFLOP/s that a GPU's data sheet promises in half precision; None: it is none of `BF16_PEAKS`.

    >>> find_peak("NVIDIA H100 80GB HBM3"), find_peak("NVIDIA A100-SXM4-80GB"), find_peak("NVIDIA L40S")
    (989, 312, None)
    """
    words = set(re.split(r"[\s-]+", device_name))
    return next((peak for name, peak in BF16_PEAKS.items() if words.issuperset(name.split())), None)


def describe_use(flops_per_second: float, device_name: str) -> str:
    """Say how much is computed, and which share of the GPU's data sheet that is, if its peak is known.

    >>> describe_use(98.9e12, "NVIDIA H100 80GB HBM3"), describe_use(2e11, "CPU")
    ('98.90 (MFU 10.00%)', '0.20')
    """
    peak = find_peak(device_name)
    done = f"{flops_per_second / 1e12:,.2f}"
    return done if peak is None else f"{done} (MFU {flops_per_second / 1e12 / peak:.2%})"
