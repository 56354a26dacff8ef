"""Folders of one model in other formats and precisions, each ready for the engine to open."""

import shutil
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from token_classification.data.sentences import Sentences
from token_classification.export import onnx, openvino
from token_classification.export.network import LogitsOnly, use_plain_experts
from token_classification.inference.engine import Engine
from token_classification.inference.export_record import ExportRecord, hash_model_files


def pick_tools(backend: str) -> ModuleType:
    """Return the module with `convert` and `quantize` for a backend."""
    return onnx if backend.startswith("onnx") else openvino


def convert_model(network: PreTrainedModel, engine: Engine, backend: str, folder: Path) -> None:
    """Write a model in float32 in the format of a backend, with its config and tokenizer.

    Args:
        network: The model.
        engine: The same model in torch, opened.
        backend: `openvino` or `onnx`.
        folder: A folder that does not exist yet.
    """
    folder.mkdir()
    # Two rows of different lengths: the converter sees padding.
    windows = engine.aligner.align(Sentences([["a"] * 3, ["a"] * 9])).windows
    use_plain_experts(network)
    wrapped = LogitsOnly(network)
    example = wrapped.pick_inputs(engine.loop.collator([windows[0], windows[1]]))
    pick_tools(backend).convert(wrapped, example, folder)
    network.config.save_pretrained(folder)
    cast(PreTrainedTokenizerBase, engine.aligner.tokenizer).save_pretrained(folder)
    write_record(folder, backend, engine)


def copy_without_model(folder: Path, copy: Path) -> None:
    """Copy an exported folder without the model's own files: its config and tokenizer."""
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("model.*", "openvino_model.*"))


def write_record(folder: Path, backend: str, engine: Engine, notes: dict[str, Any] | None = None) -> None:
    """Write `export.json`, by which the engine recognises the folder, with the checksums of the model's files."""
    checksums = hash_model_files(folder, backend)
    window_length = engine.aligner.window_length
    ExportRecord(backend, pick_tools(backend).MODEL_FILE, window_length, notes or {}, checksums).write(folder)
