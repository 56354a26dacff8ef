"""An OpenVINO model, callable by the prediction loop."""

import logging
import os
from functools import cache
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

import numpy as np

from token_classification.extras import explain_missing_export_extra
from token_classification.hardware import count_threads
from token_classification.inference.export_record import ExportRecord
from token_classification.scoring.predict import Inputs, RunModel

if TYPE_CHECKING:
    import openvino

logger = logging.getLogger(__name__)

KEPT_KERNELS = 200
"""OpenVINO makes kernels for each new shape of a batch. By default it keeps thousands of them, 4 MB for a shape of a
small model: memory grew by gigabytes as texts of all lengths came. With so few it is level, and batches of ever
new shapes take 3 to 10 % longer."""

FEWEST_KERNELS = 50
"""What each stream keeps at least; they keep kernels of their own, and share `KEPT_KERNELS` otherwise"""


def load_openvino(folder: Path, record: ExportRecord, streams: int = 1) -> RunModel:
    """Compile the model of an exported folder for this CPU.

    `openvino` computes in float32. `openvino-bf16`, and the parts of `openvino-int8` that are not int8, use bf16 if
    the CPU has bf16 units, else float32.

    Args:
        folder: The folder.
        record: What it says of itself.
        streams: How many threads call the model at the same time; each call gets its share of the cores. One at a
            time waits for its threads with every operation: two cores take 1.15 times as long as with two streams.

    Returns:
        What the prediction loop calls.

    Raises:
        UserError: OpenVINO is not installed.
    """
    with explain_missing_export_extra():
        core = _open_core()
    has_bf16 = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    if record.backend == "openvino-bf16" and not has_bf16:
        logger.warning("openvino-bf16: this CPU has no bf16 units, so float32 is used.")
    settings = {
        "INFERENCE_PRECISION_HINT": "bf16" if has_bf16 and record.backend != "openvino" else "f32",
        "NUM_STREAMS": streams,
        "INFERENCE_NUM_THREADS": count_threads(),
        # Otherwise all processes that take a part of the cores take the same ones, the first.
        "ENABLE_CPU_PINNING": count_threads() >= (os.cpu_count() or 1),
        "CPU_RUNTIME_CACHE_CAPACITY": max(KEPT_KERNELS // streams, FEWEST_KERNELS),
    }
    compiled = core.compile_model(core.read_model(folder / record.model_file), "CPU", settings)
    # A request holds the inputs and outputs of one batch: threads may share the model, but not a request.
    free: SimpleQueue[openvino.InferRequest] = SimpleQueue()
    names = [port.get_any_name() for port in compiled.inputs]

    def run_model(inputs: Inputs, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        try:
            request = free.get_nowait()
        except Empty:
            request = compiled.create_infer_request()
        arrays = [inputs[name] for name in names]
        # Picking copies: the next thread that takes the request overwrites its output.
        picked: np.ndarray = request.infer(arrays, share_inputs=True, share_outputs=True)[0][rows, columns]
        free.put(request)
        return picked

    return run_model


@cache
def _open_core() -> "openvino.Core":
    """Return the one that all models of this process share, and that stays.

    Each core gives the thread that opens it another stack for signals, and unmaps that when it goes. If two go in the
    order in which they came, the second one puts the stack of the first one back: the next signal with a handler,
    Ctrl-C or that of a child's end, is then a crash.
    """
    import openvino

    return openvino.Core()
