"""A torch model, callable by the prediction loop."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch
from torch import nn

from token_classification.hardware import send, steady_kernels
from token_classification.scoring.few_threads import all_threads, one_thread
from token_classification.scoring.predict import Inputs, RunModel

RunTensors = Callable[[dict[str, torch.Tensor]], torch.Tensor]
"""Inputs int64 (batch, length) by name -> logits (batch, length, labels)"""

SMALL_CALL = 5e8
"""Operations that one thread computes in about five milliseconds: more would save little, and wait for each other in
every layer. Beside other work on two cores, MiniLM takes 249 ms for 16 positions with two threads, 62 ms with one."""


def count_small_call(network: nn.Module) -> int:
    """Return how many positions of a batch one thread computes fast enough."""
    weights = sum(module.weight.numel() for module in network.modules() if isinstance(module, nn.Linear))
    return int(SMALL_CALL // max(2 * weights, 1))


def run_with_torch(run: RunTensors, device: torch.device | str = "cpu", small_call: int = 0) -> RunModel:
    """Return what the prediction loop calls to run a model on a device; only the positions it asks for leave that.

    Args:
        run: The model.
        device: Where it is.
        small_call: Positions of a batch up to which one thread computes it on a CPU.
    """
    on_cpu = torch.device(device).type == "cpu"

    def choose_threads(positions: int) -> AbstractContextManager[None]:
        if not small_call or not on_cpu:
            return nullcontext()
        return one_thread() if positions <= small_call else all_threads()

    def run_model(inputs: Inputs, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        with torch.inference_mode(), steady_kernels(), choose_threads(inputs["input_ids"].size):
            places = send(torch.from_numpy(rows), device), send(torch.from_numpy(columns), device)
            logits = run({name: send(torch.from_numpy(values), device) for name, values in inputs.items()})
            picked: np.ndarray = logits[places].float().cpu().numpy()
        return picked

    return run_model
