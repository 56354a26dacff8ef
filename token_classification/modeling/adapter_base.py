"""What a folder with an adapter (PEFT) says about the encoder that it belongs to, and where that is now."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from token_classification.arguments.model import ModelArguments
from token_classification.data.inputs import hash_files
from token_classification.errors import UserError
from token_classification.modeling.source import find_model_folder
from token_classification.output_text import quote_path

ADAPTER_CONFIG, ADAPTER_WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
BASE_CHECKSUM = "adapter_base_sha256"
"""Key of `config.json` in the folder of an adapter: checksum of the weights that it was trained on"""
WHOLE_WEIGHTS = re.compile(r"(model|pytorch_model)(-\d{5}-of-\d{5})?\.(safetensors|bin)(\.index\.json)?")
"""How the library calls the weights of whole models, and the index of those in several files"""


@dataclass(frozen=True)
class Adapter:
    """A folder with an adapter, its head and its labels."""

    folder: Path
    base: str
    """Folder or name on the Hub of the encoder, as it was when the adapter was trained"""
    revision: str | None
    checksum: str | None
    """Of the encoder's weights; None: nobody wrote it down"""


def read_adapter(folder: Path) -> Adapter | None:
    """Read what a folder says of its adapter; None: it holds none.

    Raises:
        UserError: it holds one without its labels, or beside a whole model.
    """
    path = folder / ADAPTER_CONFIG
    if not path.is_file():
        return None
    settings = read_mapping(path)
    base = settings.get("base_model_name_or_path") or ""
    has_weights = any((folder / name).is_file() for name in (ADAPTER_WEIGHTS, "adapter_model.bin"))
    if not (base and has_weights and (folder / "config.json").is_file()) or list_whole_weights(folder):
        raise UserError(
            f"model {folder}: an adapter (PEFT) of {base or 'another model'}, and not a whole model; accepted: an "
            "adapter with its config.json, as run_ner.py --lora_rank writes it; or the two merged, once: "
            f"model = AutoModelForTokenClassification.from_pretrained({base or 'BASE'!r}, num_labels=N); "
            f'PeftModel.from_pretrained(model, {str(folder)!r}).merge_and_unload().save_pretrained("MERGED") (package '
            "peft), with the tokenizer of the base saved beside it"
        )
    checksum = read_mapping(folder / "config.json").get(BASE_CHECKSUM)
    return Adapter(folder, str(base), settings.get("revision"), checksum)


def describe_base(start: ModelArguments) -> tuple[str, str | None, str]:
    """Return what an adapter records of the model that it is trained on: place, revision, checksum of the weights."""
    folder, name = _find_folder(start), start.model_name_or_path
    if Path(name).is_dir():
        return str(Path(name).absolute()), None, _hash_weights(folder)
    return name, None if start.model_revision == "main" else start.model_revision, _hash_weights(folder)


@contextmanager
def finding_base(adapter: Adapter, arguments: ModelArguments) -> Iterator[ModelArguments]:
    """Find the encoder of an adapter: where it was, beside the adapter under its name, or on the Hub.

    Args:
        adapter: The adapter.
        arguments: Those that name the adapter.

    Yields:
        Those of the encoder.

    Raises:
        UserError: it can't be had, or has other weights now.
    """
    beside = adapter.folder.parent / Path(adapter.base).name
    is_moved = adapter.checksum is not None and not Path(adapter.base).is_dir() and beside.is_dir()
    base = str(beside) if is_moved else adapter.base
    start = replace(arguments, model_name_or_path=base, model_revision=adapter.revision or "main")
    try:
        if Path(base).is_absolute() and not Path(base).is_dir():
            raise FileNotFoundError("no such folder")
        yield start
        folder = _find_folder(start)
    except OSError as error:
        reason = (str(error).strip().splitlines() or ["not found"])[0].rstrip(".")
        raise UserError(
            f"model {adapter.folder}: an adapter of {base}, which can't be had ({reason}); accepted: that encoder, "
            f"where it was or beside the adapter; type: cp -r FOLDER_OF_THE_ENCODER {quote_path(beside)}"
        ) from error
    if adapter.checksum not in (None, _hash_weights(folder)):
        raise UserError(
            f"model {adapter.folder}: an adapter of {adapter.base}, but {base} has other weights now (their checksum "
            "differs); accepted: the weights that it was trained on; put them there, or train the adapter again: "
            "run_ner.py --do_train --lora_rank N"
        )


def list_stale_weights(files: Path, folder: Path) -> list[str]:
    """List what an earlier model left in a folder that others would take for a part of the new one.

    Args:
        files: The new model's files: a whole model, or an adapter.
        folder: Where they are going to be.
    """
    if not (files / ADAPTER_CONFIG).is_file():
        return [ADAPTER_CONFIG, ADAPTER_WEIGHTS]
    return [path.name for path in list_whole_weights(folder)]


def list_whole_weights(folder: Path) -> list[Path]:
    """List the files with the weights of a whole model in a folder."""
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    return [path for path in paths if WHOLE_WEIGHTS.fullmatch(path.name)]


def list_weights(folder: Path) -> list[Path]:
    """List the files with the weights of a model, whole or an adapter, and what says how they are to be read."""
    adapter = [folder / name for name in (ADAPTER_CONFIG, ADAPTER_WEIGHTS) if (folder / name).is_file()]
    return list_whole_weights(folder) + adapter


def _find_folder(start: ModelArguments) -> Path:
    return find_model_folder(start.model_name_or_path, revision=start.model_revision, cache_dir=start.cache_dir)


def _hash_weights(folder: Path) -> str:
    """Return a checksum of the weights that the library loads: those in safetensors if there are any."""
    paths = list_whole_weights(folder)
    return hash_files([path for path in paths if ".safetensors" in path.name] or paths)


def read_mapping(path: Path) -> dict[str, Any]:
    """Read a JSON file that describes a model.

    Raises:
        UserError: it is broken.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path}: broken ({error}); accepted: {path.name} as the training wrote it.") from None
    if not isinstance(content, dict):
        raise UserError(f"{path}: broken (no mapping); accepted: {path.name} as the training wrote it.")
    return content
