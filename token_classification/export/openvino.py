"""OpenVINO: conversion by tracing, int8 by NNCF's post-training calibration."""

import re
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from token_classification.export.attention import use_finite_masks
from token_classification.export.network import LogitsOnly, match_part
from token_classification.export.quiet import only_errors
from token_classification.extras import explain_missing_export_extra
from token_classification.inference.export_record import OPENVINO_FILE

if TYPE_CHECKING:
    from openvino import Model, Node, Output

MODEL_FILE = OPENVINO_FILE
SMOOTHING = 0.8
"""How much of the outliers of activations is moved into weights, from 0 to 1 (SmoothQuant, Xiao et al. 2022,
arXiv:2211.10438). With NNCF's 0.95 the weights get too many. Kullback-Leibler divergence from float32, 0.95 and 0.8:
5.3e-4 and 3.5e-4 (MiniLM), 7.3e-4 and 3.0e-4 (multilingual-e5-small), 1.9e-3 and 6.5e-4 (mpnet-base); 200 sentences of
WNUT'17, 60 of mpnet-base"""
SMOOTHED = "smooth_quant"
"""Stands in the names of NNCF's factors"""


def check_installed() -> None:
    """Import the libraries of this format.

    Raises:
        UserError: one is missing; the message says what to type.
    """
    with explain_missing_export_extra():
        import nncf  # noqa: F401
        import openvino  # noqa: F401


def convert(network: LogitsOnly, example: dict[str, torch.Tensor], folder: Path) -> None:
    """Write the model in float32 for batches of any shape.

    Args:
        network: The model.
        example: Inputs with some padding, int64 (batch, length); the model is traced with them.
        folder: Gets `openvino_model.xml` and `openvino_model.bin`.
    """
    import openvino

    use_finite_masks(network.network)
    # The tracer warns of every branch in the library's code; comparing the tags shows whether one matters.
    with only_errors("transformers"):
        converted = openvino.convert_model(network, example_input=example)
    openvino.save_model(converted, folder / MODEL_FILE, compress_to_fp16=False)


def quantize(exact: Path, calibration: Sequence[dict[str, np.ndarray]], kept: Sequence[str], folder: Path) -> None:
    """Write the model in int8: its layers with weights, whose inputs are within the ranges that sentences show.

    Args:
        exact: Folder of the model in float32.
        calibration: Inputs, int64 (batch, length) by name.
        kept: Parts of the model that are not quantized.
        folder: Gets the two files.
    """
    import nncf
    import openvino

    model = openvino.Core().read_model(exact / MODEL_FILE)
    # Its progress bars would appear between the lines of the table on stdout.
    with only_errors("nncf"), redirect_stdout(sys.stderr):
        quantized = nncf.quantize(
            model,
            nncf.Dataset(calibration),
            subset_size=len(calibration),
            model_type=nncf.ModelType.TRANSFORMER,
            ignored_scope=nncf.IgnoredScope(names=list_exact(model, kept), validate=False),
            advanced_parameters=nncf.AdvancedQuantizationParameters(
                smooth_quant_alphas=nncf.AdvancedSmoothQuantParameters(matmul=SMOOTHING)
            ),
        )
    openvino.save_model(quantized, folder / MODEL_FILE, compress_to_fp16=False)


def restore_part(exact: Path, quantized: Path, part: str, folder: Path) -> None:
    """Write an int8 model with one part as it was: exact weights, and activations as they come.

    Nearly the model that quantizing all but this part gives, in a second instead of the minutes that NNCF takes for a
    large one.

    Args:
        exact: Folder of the model in float32.
        quantized: Folder of the model in int8.
        part: The part.
        folder: Gets the two files.
    """
    import openvino

    core = openvino.Core()
    model = core.read_model(quantized / MODEL_FILE)
    before = {str(node.get_friendly_name()): node for node in core.read_model(exact / MODEL_FILE).get_ops()}
    names = _match_operations([part])
    for node in model.get_ops():
        name = str(node.get_friendly_name())
        if not names.fullmatch(name) or name not in before or not _has_weights(before[name]):
            continue
        for port, source in zip(node.inputs(), before[name].input_values(), strict=True):
            if _is_weight(source.get_node()):
                port.replace_source_output(source)
            elif port.get_source_output().get_node().get_type_name() == "FakeQuantize":
                port.replace_source_output(_find_unsmoothed(port.get_source_output().get_node().input_value(0)))
    openvino.save_model(model, folder / MODEL_FILE, compress_to_fp16=False)


def _find_unsmoothed(output: "Output") -> "Output":
    """Return the activations of which smoothing has moved a factor into the weights; others as they are."""
    node = output.get_node()
    return node.input_value(0) if SMOOTHED in str(node.get_friendly_name()) else output


def _match_operations(parts: Sequence[str]) -> re.Pattern[str]:
    """Return what matches the names of all operations that belong to some parts of a model."""
    return re.compile("|".join(rf"__module\.{match_part(part)}[./].*" for part in parts) or "(?!)")


def list_exact(model: "Model", kept: Sequence[str]) -> list[str]:
    """List the operations that are not quantized: all but layers with weights, and the parts that are kept.

    What a network does between its layers differs from architecture to architecture, and NNCF leaves out the products
    of activations only where it recognises attention. It fails at some that it doesn't know (ConvBERT); elsewhere
    they make no difference to the tags.
    """
    parts = _match_operations(kept)
    names = [(node, str(node.get_friendly_name())) for node in model.get_ops()]
    return [name for node, name in names if not _has_weights(node) or parts.fullmatch(name)]


def _has_weights(node: "Node") -> bool:
    """Return whether an operation is a linear layer, or looks up embeddings."""
    if node.get_type_name() == "MatMul":
        return any(_is_weight(source.get_node()) for source in node.input_values())
    return node.get_type_name() == "Gather" and _is_weight(node.input_value(0).get_node())


def _is_weight(node: "Node") -> bool:
    while node.get_type_name() in ("Convert", "Transpose", "Reshape"):
        node = node.input_value(0).get_node()
    return bool(node.get_type_name() == "Constant")
