"""Running a model to find something out, before it is trained."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from transformers import PreTrainedModel

from token_classification.hardware import steady_kernels


@contextmanager
def leaving_no_trace(model: PreTrainedModel) -> Iterator[None]:
    """Have a trial leave the modes and buffers of a model, and the random numbers, behind as they were."""
    # By name: some modules are replaced while a model runs (dropout by cheaper one, BigBird's attention).
    modes = {name: module.training for name, module in model.named_modules()}
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    python_state, numpy_state = random.getstate(), np.random.get_state()
    try:
        # The state of the CPU is always among those that are restored.
        with steady_kernels(), torch.random.fork_rng([model.device] if model.device.type == "cuda" else []):
            yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)
        for name, module in model.named_modules():
            module.training = modes.get(name, modes[""])
        with torch.no_grad():
            for buffer, values in buffers:
                buffer.copy_(values)
