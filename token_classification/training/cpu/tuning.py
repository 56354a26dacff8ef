"""What makes a model train faster on the CPU and computes the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import numpy as np
import torch
from torch import nn
from transformers import PreTrainedModel

from token_classification.alignment.align import AlignedSplit
from token_classification.arguments.training import NerTrainingArguments
from token_classification.hardware import limited_kernel_cache
from token_classification.training.cpu.attention import CPU_TRAINING
from token_classification.training.cpu.dropout import CheapDropout, replace_dropout
from token_classification.training.cpu.trained_rows import TrainedRows, find_table


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
    replace_dropout(model, nn.Dropout, CheapDropout)
    if attention == "sdpa" and encoder._can_set_attn_implementation():
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
