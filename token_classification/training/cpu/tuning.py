"""What makes a model train faster on the CPU and computes the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import cast

import numpy as np
import torch
from torch import nn
from transformers import PreTrainedModel

from token_classification.alignment.align import AlignedSplit
from token_classification.alignment.batches import WindowCollator
from token_classification.arguments.training import NerTrainingArguments
from token_classification.hardware import limited_kernel_cache
from token_classification.training.cpu.attention import CPU_TRAINING
from token_classification.training.cpu.dropout import CheapDropout, replace_dropout
from token_classification.training.cpu.trained_rows import TrainedRows, find_table
from token_classification.training.packing.collator import PackingCollator
from token_classification.training.packing.masks import MASK_FORMS


def lengthen_rows(
    collator: WindowCollator | PackingCollator, model: PreTrainedModel, training: NerTrainingArguments
) -> WindowCollator | PackingCollator:
    """Let the rows of a collator be long where attention will take them apart (`window_attention.py`).

    So it does where all layers are given the same mask, which hides nothing within a window.
    """
    if not isinstance(collator, PackingCollator) or training.device.type != "cpu" or not training.tune_for_cpu:
        return collator
    encoder = cast(PreTrainedModel, model.base_model)
    causal = [module.is_causal for module in encoder.modules() if hasattr(module, "is_causal")]
    shows_windows = collator.form == MASK_FORMS[0] and not any(collator.ranges.values())
    is_taken_apart = shows_windows and takes_attention(encoder, training) and bool(causal) and not any(causal)
    return replace(collator, has_long_rows=is_taken_apart)


def takes_attention(encoder: PreTrainedModel, training: NerTrainingArguments) -> bool:
    """Tell whether an encoder is given the attention of `attention.py`: torch's compiler can't look into its masks."""
    is_library = encoder.config._attn_implementation == "sdpa" and encoder._can_set_attn_implementation()
    return is_library and not training.torch_compile


@contextmanager
def tuned_for_cpu(
    model: PreTrainedModel, split: AlignedSplit, pad_id: int, training: NerTrainingArguments
) -> Iterator[None]:
    """Give a model cheaper dropout, attention in the precision of the run, and a smaller table to train; then undo it.

    oneDNN also remembers fewer of the products that it compiles, if this process has not computed any yet.

    What the model computes stays the same but for rounding and the draws of dropout. Nothing changes elsewhere than on
    the CPU, or with `--tune_for_cpu false`.

    Args:
        model: The model to be trained.
        split: All windows that it will see.
        pad_id: Sub-token that batches are padded with.
        training: Device, optimizer and weight decay.
    """
    if training.device.type != "cpu" or not training.tune_for_cpu:
        yield
        return
    # A deep head has a config of its own around that of the encoder.
    encoder = cast(PreTrainedModel, model.base_model)
    attention = encoder.config._attn_implementation
    table = find_table(model)
    if not training.torch_compile:
        # What is compiled draws within its own kernels.
        replace_dropout(model, nn.Dropout, CheapDropout)
    if takes_attention(encoder, training):
        encoder.set_attn_implementation(CPU_TRAINING)
    # Weight decay shrinks every row, named or not, and optimizers of other kinds look at the table as a whole.
    has_idle_rows = training.weight_decay == 0 and training.optim.startswith("adam")
    if has_idle_rows and type(table) is nn.Embedding and table.weight.requires_grad:
        seen = np.union1d(split.windows.input_ids, pad_id)
        model.set_input_embeddings(TrainedRows(table, torch.from_numpy(seen.astype(np.int64))))
    try:
        with limited_kernel_cache():
            yield
    finally:
        trained = find_table(model)
        if isinstance(trained, TrainedRows):
            trained.write_back()
            model.set_input_embeddings(trained.table)
        encoder.set_attn_implementation(attention)
        replace_dropout(model, CheapDropout, nn.Dropout)
