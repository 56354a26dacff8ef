"""What padding does to a model that learns from padded batches: it is tried, and said aloud."""

import logging
from dataclasses import replace

from transformers import PreTrainedModel

from token_classification.alignment.align import AlignedSplit
from token_classification.alignment.batches import Sharing, WindowCollator
from token_classification.arguments.decoding import record_padding
from token_classification.arguments.training import NerTrainingArguments
from token_classification.scoring.predict import PredictionLoop
from token_classification.scoring.sharing import FLOAT32_ROUNDING, TRIED_WINDOWS, find_sharing
from token_classification.scoring.torch_runner import run_with_torch
from token_classification.training.trial import leaving_no_trace

logger = logging.getLogger(__name__)


def check_padding(
    model: PreTrainedModel, collator: WindowCollator, split: AlignedSplit, training: NerTrainingArguments
) -> None:
    """Try whether padding changes what a model computes.

    If it does, and all windows are padded to one length, the model's config notes it: it is used as it was trained.
    If they are padded to the longest of a batch, a warning says what that means.

    Args:
        model: The model, in float32; its config may be changed.
        collator: That of the training, which pads.
        split: The training data.
        training: The batch size, and whether this process logs.
    """
    loop = PredictionLoop(
        run_model=run_with_torch(lambda inputs: model(**inputs).logits, model.device),
        collator=replace(collator, length=None),
        token_budget=0,
        device=model.device,
    )
    windows = [split[number % len(split)] for number in range(TRIED_WINDOWS)]
    with leaving_no_trace(model):
        model.eval()
        sharing = find_sharing(loop.read_windows, windows, FLOAT32_ROUNDING)
    if sharing == Sharing.ANY_LENGTHS:
        return
    if collator.length is not None:
        record_padding(model.config)
    elif training.should_log and training.per_device_train_batch_size > 1:
        logger.warning(
            "Outputs of this model change with padding, so what it learns from a sentence depends on what else is in "
            "the batch. Like lengths in a batch keep that small (--train_sampling_strategy auto or group_by_length); "
            "--pad_to_max_length avoids it and is slower."
        )
