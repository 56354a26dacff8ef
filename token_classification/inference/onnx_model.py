"""An ONNX model, callable by the prediction loop."""

from pathlib import Path

import torch

from token_classification.extras import explain_missing_export_extra
from token_classification.inference.export_record import ExportRecord
from token_classification.scoring.predict import RunModel


def load_onnx(folder: Path, record: ExportRecord) -> RunModel:
    """Open the model of an exported folder with ONNX Runtime on the CPU.

    Returns:
        Inputs int64 (batch, length) by name -> logits float32 (batch, length, labels).

    Raises:
        UserError: ONNX Runtime is not installed.
    """
    with explain_missing_export_extra():
        import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(
        str(folder / record.model_file), options, providers=["CPUExecutionProvider"]
    )
    names = [port.name for port in session.get_inputs()]

    def run_model(inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        return torch.from_numpy(session.run(None, {name: inputs[name].numpy() for name in names})[0])

    return run_model
