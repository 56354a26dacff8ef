"""Whether a model can be run on sub-tokens alone, found out with a few of them before a run begins."""

import torch
from transformers import PreTrainedModel

from token_classification.errors import UserError

PROBED_POSITIONS = 8
ACCEPTED = "a model that takes sub-tokens and an attention mask; what its config.json can preset is no obstacle"


def check_runs_on_text(model: PreTrainedModel, name: str) -> None:
    """Run a model on a short text without meaning, if its weights are here. They and random numbers stay as they are.

    Some classes need boxes, an image, a sound or a language beside the text. There is no list of them: they say so.

    Args:
        model: The model with its head, on the CPU.
        name: For messages.

    Raises:
        UserError: it needs something else, or doesn't give one row of scores for each sub-token.
    """
    if any(weight.is_meta or not weight.numel() for weight in model.parameters()):
        return  # the weights are with other processes (FSDP, DeepSpeed)
    ids = torch.ones(1, PROBED_POSITIONS, dtype=torch.int64)
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode(), torch.random.fork_rng(devices=[]):
            logits = model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits
    except Exception as error:  # each class says in its own way what it lacks
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"{_begin(model, name)} can't be run on text alone: {reason}; accepted: {ACCEPTED}") from error
    finally:
        model.train(was_training)
    expected = (1, PROBED_POSITIONS, len(model.config.id2label or ()))
    if tuple(logits.shape) != expected:
        raise UserError(
            f"{_begin(model, name)} gives scores of shape {tuple(logits.shape)}, where one row for each sub-token "
            f"would be {expected}; accepted: {ACCEPTED}"
        )


def _begin(model: PreTrainedModel, name: str) -> str:
    return f"model {name}: {type(model).__name__}"
