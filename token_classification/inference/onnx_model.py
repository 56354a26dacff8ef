"""An ONNX model, callable by the prediction loop."""

from pathlib import Path

import numpy as np

from token_classification.extras import explain_missing_export_extra
from token_classification.hardware import count_threads
from token_classification.inference.export_record import ExportRecord
from token_classification.scoring.predict import Inputs, RunModel


def load_onnx(folder: Path, record: ExportRecord) -> RunModel:
    """Open the model of an exported folder with ONNX Runtime on the CPU.

    Returns:
        What the prediction loop calls.

    Raises:
        UserError: ONNX Runtime is not installed.
    """
    with explain_missing_export_extra():
        import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = count_threads()
    session = onnxruntime.InferenceSession(
        str(folder / record.model_file), options, providers=["CPUExecutionProvider"]
    )
    names = [port.name for port in session.get_inputs()]

    def run_model(inputs: Inputs, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        picked: np.ndarray = session.run(None, {name: inputs[name] for name in names})[0][rows, columns]
        return picked

    return run_model
