"""ONNX: conversion by torch's exporter, int8 by ONNX Runtime."""

import ast
import io
import re
from collections.abc import Sequence
from contextlib import redirect_stderr
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
restore_part = None
"""A part is ranked by quantizing anew without it, which takes seconds here"""
SCOPES = "pkg.torch.onnx.name_scopes"
"""Where the exporter records the modules that a node comes from"""


def check_installed() -> None:
    """Import the libraries of this format.

    Raises:
        UserError: one is missing; the message says what to type.
    """
    with explain_missing_export_extra():
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401


def convert(network: LogitsOnly, example: dict[str, torch.Tensor], folder: Path) -> None:
    """Write the model in float32 for batches of any shape.

    Args:
        network: The model.
        example: Inputs with some padding, int64 (batch, length).
        folder: Gets `model.onnx` (and `model.onnx.data` for models of 2 GB and more).
    """
    # The library's fused attention guards against rows without any position, which costs a tenth of the speed.
    network.network.set_attn_implementation("eager")
    shape = {0: Dim("batch"), 1: Dim("length")}
    # The exporter prints the whole program of a model that it can't export.
    quiet = only_errors("torch.onnx", "torch.fx", "onnx_ir", "onnxscript", "transformers")
    with quiet, redirect_stderr(io.StringIO()):
        program = torch.onnx.export(
            network,
            tuple(example.values()),
            dynamo=True,
            verbose=False,
            input_names=list(example),
            output_names=["logits"],
            dynamic_shapes=tuple(shape for _ in example),
        )
    assert program is not None, "the exporter returns one with dynamo=True"
    program.save(folder / MODEL_FILE)


def quantize(exact: Path, calibration: Sequence[dict[str, np.ndarray]], kept: Sequence[str], folder: Path) -> None:
    """Write the model with int8 weights; activations are quantized while it runs, so nothing is calibrated.

    Args:
        exact: Folder of the model in float32.
        calibration: Not used.
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
    """Return whether a node of the graph was a part of the model, or inside one."""
    scopes = [entry.value for entry in node.metadata_props if entry.key == SCOPES]
    return any(re.fullmatch(match_part(part), name) for scope in scopes for name in ast.literal_eval(scope))
