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
from token_classification.training.packing.masks import find_ranges, list_forms
from token_classification.training.trial import leaving_no_trace

logger = logging.getLogger(__name__)

MASKED_LAYERS = {"full_attention", "sliding_attention"}
"""Types of layers whose masks are known (transformers' `layer_types`); others carry a state through the row, say."""

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
    found = find_obstacle(model, training) or find_packing(model, plain, split, window_length)
    if isinstance(found, PackingCollator):
        return found
    if training.should_log:
        order = training.train_sampling_strategy.replace("auto", "group_by_length")
        logger.warning("Training sentences are padded because they cannot share rows: %s. Batches: %s.", found, order)
    return plain


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


def find_packing(
    model: PreTrainedModel, plain: WindowCollator, split: AlignedSplit, window_length: int
) -> PackingCollator | str:
    """Find a collator with whose rows the model computes the same; otherwise say why there is none."""
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
        for form in list_forms(model):
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
