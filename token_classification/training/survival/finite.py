"""A NaN or infinite loss, or such weights, end a training: nothing can be learnt from them."""

from collections.abc import Callable

import torch
from torch import nn

from token_classification.errors import UserError

ADVICE = (
    "Starting over (--overwrite_output_dir): a tenth of the --learning_rate, or --max_grad_norm 1.0. Continuing "
    "from that checkpoint: --mixed_precision no."
)
"""What helps; with another rate it is another training, which cannot continue from a checkpoint of this one"""
SHOWN_SENTENCES = 3
SHOWN_CHARACTERS = 80


def check_loss(loss: torch.Tensor, step: int, read_batch: Callable[[], list[str]]) -> None:
    """Stop at a loss that is NaN or infinite. Waits for the device.

    Args:
        loss: Of one batch, scalar.
        step: The optimizer step that it belongs to, from 1.
        read_batch: Gives the texts of the batch; only asked in this case.

    Raises:
        UserError: it names the step and the first sentences of the batch.
    """
    if torch.isfinite(loss):
        return
    texts = read_batch()
    shown = "\n".join(f"  {text[:SHOWN_CHARACTERS]}" for text in texts[:SHOWN_SENTENCES])
    raise UserError(
        f"the loss is {loss.item()} at step {step}, in a batch of {len(texts)} windows, which begins with\n{shown}\n"
        f"The last good checkpoint is kept. Usual causes: the learning rate, or fp16. {ADVICE}"
    )


def check_weights(model: nn.Module, step: int) -> None:
    """Stop before weights that are NaN or infinite are saved over good ones.

    Raises:
        UserError: it names the first such weight.
    """
    for name, parameter in model.named_parameters():
        if not torch.isfinite(parameter).all():
            raise UserError(
                f"after step {step} the weights of {name} are NaN or infinite; they are not saved, and the last good "
                f"checkpoint is kept. {ADVICE}"
            )
