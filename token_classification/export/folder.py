"""The folder of an exported model: whole and loadable, or absent."""

import importlib.util
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from token_classification.data.inputs import hash_file
from token_classification.data.whole_files import decide_file_set, explain_unwritable, finish_file_set
from token_classification.errors import UserError
from token_classification.inference.export_record import EXPORT_FILE, EXPORT_FILES, read_export_record
from token_classification.output_text import quote_path

CONFIG_FILE = "config.json"
TABLE_FILE = "gate.txt"
REJECTED_FOLDER = "rejected"
REJECTED_FILE = "rejected.json"
"""The record of a rejected model: under another name than `export.json`, so that nothing loads it"""
UNFINISHED_FOLDER = ".unfinished"
LIBRARIES = ("torch", "transformers", "openvino", "nncf", "onnx", "onnxscript", "onnxruntime")


@contextmanager
def open_workshop(target: Path) -> Iterator[Path]:
    """Make a folder to build in, inside the target, so that a finished model moves in one step; remove it afterwards.

    Raises:
        UserError: the target holds a model that is not an export, or other files that would be lost.
    """
    with explain_unwritable(target):
        finish_file_set(target)  # of an export that was killed at its last step
    _refuse_to_overwrite(target)
    workshop = target / UNFINISHED_FOLDER
    shutil.rmtree(workshop, ignore_errors=True)
    workshop.mkdir(parents=True)
    try:
        yield workshop
    finally:
        shutil.rmtree(workshop)


def _refuse_to_overwrite(target: Path) -> None:
    """Refuse, before the work, to overwrite anything in the target that no export has written there.

    An `export.json` may lie about what is its own: a folder with torch weights is a model, whatever it says.

    Raises:
        UserError: the target holds such a file or folder.
    """
    own = _list_export_files(target)
    if _list_weights(target) or (not own and (target / CONFIG_FILE).exists()):
        raise UserError(f"{target}: holds a model already; give another folder for the exported one.")
    foreign = sorted(name for name in EXPORT_FILES - own if os.path.lexists(target / name))
    rejected = target / REJECTED_FOLDER
    if os.path.lexists(rejected) and not (rejected / REJECTED_FILE).is_file():
        foreign.append(REJECTED_FOLDER)
    if foreign:
        raise UserError(
            f"{target / foreign[0]}: already exists, and no export wrote it; give another folder for the "
            f"exported model, or move it away: mv {quote_path(target / foreign[0])} ELSEWHERE"
        )


def publish(variant: Path, target: Path, table: str) -> None:
    """Move an accepted model into the target in place of an earlier export: all of its files or none."""
    (variant / TABLE_FILE).write_text(table + "\n", encoding="utf-8")
    names = {path.name for path in variant.iterdir()}
    earlier = _list_export_files(target)
    record = read_export_record(variant)
    assert record is not None, "every variant is built with its record"
    # Those of the earlier export stay this tool's, should a kill leave one of them.
    files = sorted(EXPORT_FILES.intersection(names | earlier))
    replace(record, notes=record.notes | {"files": files}).write(variant)
    with explain_unwritable(target):
        decide_file_set(variant, target, stale=earlier - names)


def reject(variant: Path, target: Path, table: str) -> Path:
    """Put a rejected model where nothing loads it by accident, remove an earlier export, and return the folder."""
    _remove_earlier_export(target)
    (variant / TABLE_FILE).write_text(table + "\n", encoding="utf-8")
    os.replace(variant / EXPORT_FILE, variant / REJECTED_FILE)
    rejected = target / REJECTED_FOLDER
    shutil.rmtree(rejected, ignore_errors=True)
    os.replace(variant, rejected)
    return rejected


def _remove_earlier_export(target: Path) -> None:
    # First the file that makes it loadable, last the one that says whose files these are.
    for name in sorted(_list_export_files(target), key=lambda name: (name == EXPORT_FILE, name != CONFIG_FILE)):
        (target / name).unlink(missing_ok=True)


def _list_export_files(target: Path) -> set[str]:
    """Return the names of an earlier export's files in a folder."""
    record = read_export_record(target)
    return {EXPORT_FILE, *record.notes.get("files", ())} if record else set()


def describe_source(source: str) -> dict[str, Any]:
    """Return the name of the model that was exported, and the SHA-256 of its weights where it is a folder."""
    return {"model": source, "sha256": {path.name: hash_file(path) for path in _list_weights(Path(source))}}


def _list_weights(folder: Path) -> list[Path]:
    """Return the files with a model's torch weights."""
    others = {"training_args.bin", *EXPORT_FILES}
    return [
        path
        for path in sorted(folder.glob("*"))
        if path.suffix in (".safetensors", ".bin") and path.name not in others
    ]


def describe_versions() -> dict[str, str]:
    """Return the versions of the libraries that made the model, as far as they are installed."""
    installed = (name for name in LIBRARIES if importlib.util.find_spec(name))
    return {name: version(name) for name in installed}
