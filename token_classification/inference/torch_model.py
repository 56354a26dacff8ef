"""A model as torch runs it: its logits, and the states of its encoder."""

import torch
from transformers import PreTrainedModel

from token_classification.errors import OutputError
from token_classification.scoring.torch_runner import RunTensors


def run_torch(network: torch.nn.Module) -> RunTensors:
    """Return what runs a model and gives the logits of each position."""
    return lambda inputs: network(**inputs).logits


def run_with_states(network: PreTrainedModel) -> RunTensors:
    """Return what runs a model and puts the last states of its encoder behind the logits of each position."""

    def run(inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        caught: list[torch.Tensor] = []
        # Not every model returns its states, but each calls its encoder.
        hook = network.base_model.register_forward_hook(lambda _module, _inputs, output: caught.append(output[0]))
        try:
            logits = network(**inputs).logits
        finally:
            hook.remove()
        return torch.cat([logits.float(), caught[0].float()], dim=-1)

    return run


def explain_bf16(run_model: RunTensors) -> RunTensors:
    """Say so where a model can't run in bf16: DeBERTa's mask overflows, other code mixes types.

    Raises:
        OutputError: it can't; raised when the model runs.
    """

    def run(inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        try:
            return run_model(inputs)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            if "alloc" in str(error):
                raise
            problem = f"the model can't run in bf16 ({str(error).partition(chr(10))[0]:.200})"
            raise OutputError(problem, "run it with torch in float32") from error

    return run
