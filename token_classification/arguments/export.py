"""Whether a run exports its model for a faster runtime, and to what."""

from dataclasses import dataclass, field
from typing import Literal

from token_classification.arguments.values import check_values


@dataclass
class ExportArguments:
    """Whether a run exports its model for a faster runtime, and to what."""

    do_export: bool = field(
        default=False,
        metadata={
            "help": "Export the model to output_dir/export if it keeps its F1 on the validation data (exit code 3 if "
            'not). Needs pip install ".[export]".'
        },
    )
    export_format: Literal["openvino", "onnx"] = field(
        default="openvino", metadata={"help": "What --do_export writes: an OpenVINO or an ONNX model."}
    )
    quantize: Literal["none", "bf16", "int8"] = field(
        default="none",
        metadata={
            "help": "Precision of the exported model: float32 (none), bf16 (OpenVINO only) or int8, calibrated on "
            "sentences of the training data."
        },
    )
    max_f1_drop: float = field(
        default=0.005, metadata={"help": "How much F1 the exported model may lose: 0.005 is half a point."}
    )

    def __post_init__(self) -> None:
        check_values(self)
