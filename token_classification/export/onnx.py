"""To ONNX: conversion by torch's exporter, int8 by ONNX Runtime."""

import ast
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.export import Dim

from token_classification.export.network import LogitsOnly, match_part
from token_classification.export.quiet import only_errors
from token_classification.extras import explain_missing_export_extra
from token_classification.inference.export_record import ONNX_FILE

if TYPE_CHECKING:
    from onnx import NodeProto

MODEL_FILE = ONNX_FILE
SCOPES = "pkg.torch.onnx.name_scopes"
"""Where the exporter notes the modules that a node comes from"""


def check_installed() -> None:
    """Raises: UserError with what to type, where a library is missing."""
    with explain_missing_export_extra():
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401


def convert(network: LogitsOnly, example: dict[str, torch.Tensor], folder: Path) -> None:
    """Write the model in float32, for batches of any shape.

    Args:
        network: The model.
        example: Inputs with some padding, int64 (batch, length).
        folder: Gets `model.onnx` (and `model.onnx.data` for models of 2 GB and more).
    """
    # The library's fused attention guards against rows without any position, with operations that cost a tenth.
    network.network.set_attn_implementation("eager")
    shape = {0: Dim("batch"), 1: Dim("length")}
    with only_errors("torch.onnx", "onnx_ir", "onnxscript", "transformers"):
        program = torch.onnx.export(
            network,
            tuple(example.values()),
            dynamo=True,
            verbose=False,
            input_names=list(example),
            output_names=["logits"],
            dynamic_shapes=tuple(shape for _ in example),
        )
    program.save(folder / MODEL_FILE)


def quantize(exact: Path, calibration: Sequence[dict[str, np.ndarray]], kept: Sequence[str], folder: Path) -> None:
    """Write the model with int8 weights; activations are quantized as they come, so nothing is calibrated.

    Args:
        exact: Folder of the model in float32.
        calibration: Not needed.
        kept: Parts of the model that are not quantized.
        folder: Gets `model.onnx`.
    """
    import onnx
    from onnxruntime.quantization import quantize_dynamic

    graph = onnx.load(exact / MODEL_FILE, load_external_data=False).graph
    excluded = [node.name for node in graph.node if any(_comes_from(node, part) for part in kept)]
    with only_errors(""):
        quantize_dynamic(exact / MODEL_FILE, folder / MODEL_FILE, per_channel=True, nodes_to_exclude=excluded)


def _comes_from(node: "NodeProto", part: str) -> bool:
    """Whether a node of the graph was a part of the model, or inside of it."""
    scopes = [entry.value for entry in node.metadata_props if entry.key == SCOPES]
    return any(re.fullmatch(match_part(part), name) for scope in scopes for name in ast.literal_eval(scope))
