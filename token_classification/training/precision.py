"""Half precision only where a model can compute in it: tried on the data of a run before it is needed."""

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import cast

import numpy as np
import torch
from accelerate.utils import parse_flag_from_env, send_to_device
from torch import nn
from transformers import PreTrainedModel

from token_classification.alignment.align import AlignedSplit
from token_classification.alignment.batches import WindowCollator
from token_classification.arguments.training import NerTrainingArguments
from token_classification.modeling.levels import read_columns
from token_classification.training.cpu.tuning import tuned_for_cpu
from token_classification.training.loss import LabelLoss
from token_classification.training.packing.collator import PackingCollator, serving_masks
from token_classification.training.trial import leaving_no_trace

logger = logging.getLogger(__name__)

Precision = AbstractContextManager[object]
"""What a model's forward runs in: `torch.autocast(...)`, or nothing for float32"""
NAMES = {torch.bfloat16: "bf16", torch.float16: "fp16"}
"""What users call the half precisions"""
LOOKED_AT = 64
"""First windows of a split from which the tried ones are taken"""


def settle_precision(
    model: PreTrainedModel,
    aligned: Mapping[str, AlignedSplit],
    training_collator: WindowCollator | PackingCollator,
    collator: WindowCollator,
    training: NerTrainingArguments,
) -> None:
    """Have a run compute in float32, and say so, where its model can't compute in the half precision of the run.

    A step of training and a batch of evaluation are tried. The model, its gradients and the random numbers are as
    before, but the model is on the device of the run. A model that is sharded is not tried: it may not fit there.

    Args:
        model: The model, with float32 weights.
        aligned: The splits of the run.
        training_collator: That of the training.
        collator: That of the evaluation.
        training: Its precision is changed.
    """
    is_sharded = training.fsdp or training.deepspeed_plugin or parse_flag_from_env("ACCELERATE_USE_FSDP")
    aligned = {name: split for name, split in aligned.items() if len(split)}
    if is_sharded or not aligned:
        return
    if not (training.bf16 or training.fp16 or training.bf16_full_eval or training.fp16_full_eval):
        return
    # The library has no type for its own `to`.
    cast(nn.Module, model).to(training.device)
    half = torch.float16 if training.fp16 else torch.bfloat16
    if (training.bf16 or training.fp16) and "train" in aligned:
        failure = _try_step(model, aligned["train"], training_collator, training, half)
        if failure is not None:
            training.bf16 = training.fp16 = False
            training.mixed_precision = "no"
            if training.should_log:
                message = "This model can't be trained in %s: %s. It is trained in float32 (--mixed_precision no)."
                logger.warning(message, NAMES[half], failure)
    half = torch.float16 if training.fp16_full_eval else torch.bfloat16
    if training.bf16_full_eval or training.fp16_full_eval:
        failure = _try_tagging(model, next(iter(aligned.values())), collator, training, half)
        if failure is not None:
            training.bf16_full_eval = training.fp16_full_eval = False
            if training.should_log:
                message = "This model can't be evaluated in %s: %s. It is evaluated in float32."
                logger.warning(message, NAMES[half], failure)


def _try_step(
    model: PreTrainedModel,
    split: AlignedSplit,
    collator: WindowCollator | PackingCollator,
    training: NerTrainingArguments,
    half: torch.dtype,
) -> str | None:
    """Say why the loss of some windows, or a gradient of it, can't be had in half precision; None: it can."""
    windows = [split[window] for window in _choose_windows(split.windows.lengths)]
    batch = send_to_device(collator(windows), training.device)
    labels = batch.pop("labels")
    levels = read_columns(model.config, str(model.name_or_path))

    def compute(precision: Precision) -> Mapping[str, torch.Tensor]:
        with precision:
            outputs = model(**batch)
        loss = LabelLoss(levels=levels)(outputs, labels)
        weights = [weight for weight in model.parameters() if weight.requires_grad]
        # Not `backward`: it would leave the gradients in the model.
        gradients = torch.autograd.grad(loss, weights, allow_unused=True)
        largest = torch.stack([gradient.abs().max() for gradient in gradients if gradient is not None])
        return {"its loss": loss, "its gradient": largest}

    tuned = tuned_for_cpu(model, split, collator.pad_id, training)
    with leaving_no_trace(model), tuned, serving_masks(model, collator):
        model.train()
        return _find_failure(compute, training.device, half)


def _try_tagging(
    model: PreTrainedModel,
    split: AlignedSplit,
    collator: WindowCollator,
    training: NerTrainingArguments,
    half: torch.dtype,
) -> str | None:
    """Say why windows can't be tagged in half precision; None: they can."""
    windows = [split[window] for window in _choose_windows(split.windows.lengths)]
    batch = send_to_device(collator(windows), training.device)
    batch.pop("labels", None)

    def compute(precision: Precision) -> Mapping[str, torch.Tensor]:
        with torch.inference_mode(), precision:
            return {"its output": model(**batch).logits[batch["attention_mask"].bool()]}

    with leaving_no_trace(model):
        model.eval()
        return _find_failure(compute, training.device, half)


def _find_failure(
    compute: Callable[[Precision], Mapping[str, torch.Tensor]], device: torch.device, half: torch.dtype
) -> str | None:
    """Say why a computation can't be had in half precision; None: it can, or it fails in float32, too.

    Args:
        compute: A precision -> what is computed in it, by name.
        device: Where.
        half: bfloat16 or float16.
    """
    failure = _describe_failure(compute, torch.autocast(device.type, half))
    return None if failure is None or _describe_failure(compute, nullcontext()) is not None else failure


def _choose_windows(lengths: np.ndarray) -> list[int]:
    """Choose a short and a long window to try: the padding of the short one is what masks hide."""
    order = np.argsort(lengths[:LOOKED_AT], kind="stable")
    return [int(order[0]), int(order[-1])]


def _describe_failure(compute: Callable[[Precision], Mapping[str, torch.Tensor]], precision: Precision) -> str | None:
    """Say what goes wrong in a computation; None: nothing."""
    try:
        computed = compute(precision)
    except (RuntimeError, ValueError, TypeError, ArithmeticError) as error:
        # torch has no exception of its own for an overflow, or for what it can't compute in a precision.
        return (str(error).splitlines() or [type(error).__name__])[0]
    infinite = [name for name, values in computed.items() if not values.isfinite().all()]
    return f"{infinite[0]} is NaN or infinite" if infinite else None
