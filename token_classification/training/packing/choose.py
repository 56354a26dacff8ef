"""Whether the windows of a training share rows, and how the model is told."""

import logging
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch
from accelerate.utils import send_to_device
from transformers import PreTrainedConfig, PreTrainedModel

from token_classification.alignment.align import AlignedSplit
from token_classification.alignment.batches import WindowCollator
from token_classification.arguments.training import NerTrainingArguments
from token_classification.training.packing.collator import PackingCollator, serving_masks
from token_classification.training.packing.masks import SEGMENTED, MaskForm, find_ranges, list_forms
from token_classification.training.packing.segments import find_kernel_problem
from token_classification.training.trial import leaving_no_trace

logger = logging.getLogger(__name__)

MASKED_LAYERS = {"full_attention", "sliding_attention"}
"""Types of layers whose masks are known (transformers' `layer_types`); others carry a state through the row, say."""

LONG_ROW = 1024
"""Positions that a row of segments on trial need not be longer than: tables of positions that some models look into
by place are that long at most"""

MASKLESS = "its attention{} takes no mask between positions"

REFUSALS = (AssertionError, AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError)
"""How models fail that are given a mask of a form that they don't know"""


def choose_collator(
    model: PreTrainedModel,
    plain: WindowCollator,
    split: AlignedSplit | None,
    training: NerTrainingArguments,
    window_length: int,
) -> WindowCollator | PackingCollator:
    """Choose the collator of a training: one that packs, if the arguments allow it and the model computes the same.

    Whether it does is tried on windows of the training data: no list of architectures would be complete.

    Args:
        model: The model, in float32.
        plain: The collator that pads.
        split: The training data; None: there is no training.
        training: `pack_windows`, and what cannot go with it.
        window_length: Longest window.
    """
    if split is None or not training.pack_windows or plain.length is not None:
        return plain
    found: PackingCollator | str | None = find_obstacle(model, training)
    if found is None:
        forms = [*list_segmented(model, split, training), *list_forms(model)]
        found = find_packing(model, plain, split, window_length, forms)
    if isinstance(found, PackingCollator):
        return found
    if training.should_log:
        order = training.train_sampling_strategy.replace("auto", "group_by_length")
        logger.warning("Training sentences are padded because they cannot share rows: %s. Batches: %s.", found, order)
    return plain


def is_in_segments(collator: WindowCollator | PackingCollator) -> bool:
    """Tell whether a collator lays windows into one row as segments, which GPUs compute in half precision."""
    return isinstance(collator, PackingCollator) and collator.form.in_segments


def find_obstacle(model: PreTrainedModel, training: NerTrainingArguments) -> str | None:
    """Say why windows can't share rows, as far as settings tell; None: nothing is in the way."""
    config = find_config(model)
    if config._attn_implementation not in ("sdpa", "eager"):
        return MASKLESS.format(f" ({config._attn_implementation})")
    if unknown := set(getattr(config, "layer_types", None) or ()) - MASKED_LAYERS:
        return f"its layers of type {min(unknown)} take no mask between positions"
    if training.include_num_input_tokens_seen == "non_padding":
        return "--include_num_input_tokens_seen counts the positions of a plain mask"
    if getattr(training.accelerator_config, "dispatch_batches", None):
        return "dispatch_batches cuts batches by rows"
    return None


def find_config(model: PreTrainedModel) -> PreTrainedConfig:
    """Return the config of the layers that read text: it may be part of another one, such as a deep head's."""
    return cast(PreTrainedModel, model.base_model).config.get_text_config()


def list_segmented(model: PreTrainedModel, split: AlignedSplit, training: NerTrainingArguments) -> list[MaskForm]:
    """List the form without masks where this training can have it: half precision, on a GPU that computes it.

    Several GPUs of one process share the rows of a batch, and here it has one; layers of a limited range need a mask.
    """
    device, config = training.device, find_config(model)
    is_half = training.bf16 or training.fp16
    if device.type != "cuda" or training.n_gpu > 1 or not is_half or config._attn_implementation != "sdpa":
        return []
    is_limited = any(reach is not None for reach in find_ranges(config, int(split.windows.lengths.max())).values())
    heads = getattr(config, "num_attention_heads", None)
    if is_limited or heads is None or not cast(PreTrainedModel, model.base_model)._can_set_attn_implementation():
        return []
    half = torch.bfloat16 if training.bf16 else torch.float16
    problem = find_kernel_problem(device, half, config.hidden_size // heads)
    if problem is not None and training.should_log:
        logger.warning("Sentences that share a row are kept apart by masks, which costs memory: %s.", problem)
    return [] if problem else [SEGMENTED]


def find_packing(
    model: PreTrainedModel,
    plain: WindowCollator,
    split: AlignedSplit,
    window_length: int,
    forms: Sequence[MaskForm],
) -> PackingCollator | str:
    """Find a collator with whose rows the model computes the same; otherwise say why there is none.

    Args:
        model: The model.
        plain: The collator that pads.
        split: The training data.
        window_length: Longest window.
        forms: How the model may be told which windows share a row, in the order in which they are tried.
    """
    config = find_config(model)
    longest_row = max(window_length, getattr(config, "max_position_embeddings", None) or 0)
    ranges = find_ranges(config, int(split.windows.lengths.max()))
    windows = pick_windows(split, longest_row)
    reason = MASKLESS.format("")
    with leaving_no_trace(model), torch.inference_mode():
        model.eval()
        alone = compute_alone(model, plain, windows)
        if not alone.isfinite().all():
            return "its outputs are not finite numbers even when each sentence has its own row"
        for form in forms:
            for first_position in (0, plain.pad_id + 1):
                packing = PackingCollator(plain, first_position, longest_row, form, ranges)
                try:
                    if computes_the_same(model, packing, windows, alone):
                        return packing
                except REFUSALS as refusal:
                    logger.debug("%s, positions from %d: %s", form, first_position, refusal)
                else:
                    reason = "its outputs change when sentences share a row"
    return reason


def pick_windows(split: AlignedSplit, longest_row: int) -> list[dict[str, np.ndarray]]:
    """Pick the first two windows and the longest one, cut so that they fit one row with padding between them."""
    quarter, longest = longest_row // 4, int(split.windows.lengths.argmax())
    ends = ((0, quarter), (1 % len(split), quarter), (longest, 2 * quarter - 2))
    return [{name: values[:end] for name, values in split[number].items()} for number, end in ends]


def compute_alone(
    model: PreTrainedModel, plain: WindowCollator, windows: Sequence[dict[str, np.ndarray]]
) -> torch.Tensor:
    """Compute the logits of windows, each in a batch of its own, (positions of all, labels)."""
    return torch.cat([compute_logits(model, plain([window]))[0] for window in windows])


def computes_the_same(
    model: PreTrainedModel,
    packing: PackingCollator,
    windows: Sequence[dict[str, np.ndarray]],
    alone: torch.Tensor,
) -> bool:
    """Tell whether windows in one row get the logits that they get alone. NaN is never the same."""
    if packing.form.in_segments:
        # Rows of segments are longer than any that the model was made for.
        times = min(packing.longest_row, LONG_ROW) // len(alone) + 1
        windows, alone = [*windows] * times, alone.repeat(times, 1)
    batch = packing.fill_rows(windows, [range(len(windows))])
    with serving_masks(model, packing):
        packed = compute_logits(model, batch)[0]
    lengths = [len(window["input_ids"]) for window in windows]
    starts = packing.find_starts(lengths)
    parts = [packed[start : start + length] for start, length in zip(starts, lengths, strict=True)]
    tolerance = min(1e-4, 1e-3 * alone.abs().max().item())
    return torch.allclose(alone, torch.cat(parts), rtol=1e-3, atol=tolerance)


def compute_logits(model: PreTrainedModel, batch: dict[str, Any]) -> torch.Tensor:
    """Return the logits of a batch, (rows, length, labels)."""
    inputs = {name: values for name, values in batch.items() if name != "labels"}
    return model(**send_to_device(inputs, model.device)).logits
