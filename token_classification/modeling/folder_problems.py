"""What is known to be wrong with model folders as they occur, in one line each with what to do."""

import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

POINTER = b"version https://git-lfs"
"""How a file begins that stands for another one in a clone without Git LFS"""
POINTER_SIZE = 1024
"""Bytes; pointers are smaller"""
OTHER_WEIGHTS = ("tf_model.h5", "flax_model.msgpack", "*.gguf", "*.onnx", "*.ckpt")
"""Weights that are not torch's"""


def find_quantization(config: "PreTrainedConfig") -> str | None:
    """Say what to do with quantised weights, which can neither be trained nor be loaded in float32 as they are."""
    settings = getattr(config, "quantization_config", None)
    if not settings:
        return None
    values = settings if isinstance(settings, dict) else vars(settings)
    method = values.get("quant_method") or "quantization_config in config.json"
    return (
        f"its weights are quantised ({method}); accepted: the "
        "model that it was made from, in float32, bf16 or fp16; or these weights made whole again, where the "
        'library can: AutoModel.from_pretrained(FOLDER).dequantize().save_pretrained("OTHER").'
    )


def find_cause(name: str, error: Exception) -> str | None:
    """Say what to do about an error of the library; None: no more is known than what it says."""
    return next(_list_causes(Path(name), error), None)


def _list_causes(folder: Path, error: Exception) -> Iterator[str]:
    text = str(error)
    if folder.is_dir():
        if pointer := next(_list_pointers(folder), None):
            yield f"{pointer.name} is a Git LFS pointer and not the file itself; fetch the files: git lfs pull"
        if parts := [path for path in folder.glob("*/config.json") if not (folder / "config.json").is_file()]:
            yield f"the model is in a folder below; accepted: {parts[0].parent}"
        others = [path.name for pattern in OTHER_WEIGHTS for path in folder.glob(pattern)]
        if others and not any(folder.glob("*.safetensors")) and not any(folder.glob("*.bin")):
            yield (
                f"its only weights are {others[0]}; accepted: model.safetensors or pytorch_model.bin (torch); most "
                "models have one of them, too"
            )
        if missing := next(_list_missing_shards(folder), None):
            yield f"{missing} is missing, which its index names; copy or download all parts"
    if isinstance(error, UnpicklingError):
        yield (
            "its weights are a pickle that holds code, or broken, and are not read; accepted: model.safetensors, or a "
            "pytorch_model.bin of nothing but tensors"
        )
    if "trust_remote_code" in text:
        yield (
            "the library has no class for it, and the code in its folder is run with run_ner.py "
            "--trust_remote_code only: it can do whatever you can; read it first"
        )
    if any(package in text for package in ("tiktoken", "sentencepiece")) and not is_installed("sentencepiece"):
        yield (
            "its tokenizer is a sentencepiece model; to read it: pip install sentencepiece protobuf (once: beside the "
            "trained model it is a tokenizer.json)"
        )
    if match := re.search(r"Unrecognized configuration class .*?(\w+)'?> for this kind of AutoModel", text):
        yield (
            f"the library has no token classifier for {match[1].removesuffix('Config')}; accepted: run_ner.py "
            "--do_train --head_layers 1, which puts a head on its encoder"
        )


def is_installed(package: str) -> bool:
    """Whether a package can be imported."""
    return importlib.util.find_spec(package) is not None


def _list_pointers(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.stat().st_size < POINTER_SIZE and path.read_bytes().startswith(POINTER):
            yield path


def _list_missing_shards(folder: Path) -> Iterator[str]:
    for index in folder.glob("*.index.json"):
        try:
            files = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        except (ValueError, LookupError, TypeError, AttributeError):
            continue  # the library's own words say what is wrong with it
        yield from sorted(name for name in files if not (folder / str(name)).is_file())
