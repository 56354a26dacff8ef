"""OpenVINO: conversion by tracing, int8 by NNCF's post-training calibration."""

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import torch

from token_classification.export.attention import use_finite_masks
from token_classification.export.network import LogitsOnly, match_part
from token_classification.export.quiet import only_errors
from token_classification.extras import explain_missing_export_extra
from token_classification.inference.export_record import OPENVINO_FILE

MODEL_FILE = OPENVINO_FILE


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
    """Write the model in int8: weights, and activations within the ranges that calibration sentences show.

    Args:
        exact: Folder of the model in float32.
        calibration: Inputs, int64 (batch, length) by name.
        kept: Parts of the model that are not quantized.
        folder: Gets the two files.
    """
    import nncf
    import openvino

    patterns = [rf"__module\.{match_part(part)}[./].*" for part in kept]
    # Its progress bars would appear between the lines of the table on stdout.
    with only_errors("nncf"), redirect_stdout(sys.stderr):
        quantized = nncf.quantize(
            openvino.Core().read_model(exact / MODEL_FILE),
            nncf.Dataset(calibration),
            subset_size=len(calibration),
            model_type=nncf.ModelType.TRANSFORMER,
            ignored_scope=nncf.IgnoredScope(patterns=patterns, validate=False),
        )
    openvino.save_model(quantized, folder / MODEL_FILE, compress_to_fp16=False)
