"""`export.json`: what an exported folder says about its model. Like the folder, it may come from strangers."""

import json
import logging
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from token_classification.data.inputs import hash_file, hash_files
from token_classification.errors import UserError
from token_classification.output_text import make_printable, quote_path

logger = logging.getLogger(__name__)

EXPORT_FILE = "export.json"
ONNX_FILE = "model.onnx"
OPENVINO_FILE = "openvino_model.xml"
"""The graph; its weights are in a file beside it"""
EXPORTED_BACKENDS = ("onnx", "onnx-int8", "openvino", "openvino-bf16", "openvino-int8")
MODEL_FILES = {"onnx": (ONNX_FILE, "model.onnx.data"), "openvino": (OPENVINO_FILE, "openvino_model.bin")}
"""Format -> files that a model can consist of; the first one is opened"""
TOKENIZER_FILES = (
    *("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"),
    *("chat_template.jinja", "vocab.txt", "vocab.json", "merges.txt", "tokenizer.model"),
    *("sentencepiece.bpe.model", "spiece.model", "spm.model", "source.spm", "target.spm"),
)
EXPORT_FILES = {
    *MODEL_FILES["onnx"],
    *MODEL_FILES["openvino"],
    *TOKENIZER_FILES,
    "config.json",
    "gate.txt",
    EXPORT_FILE,
}
"""The names of all files that an export can consist of"""
HASHED_SUFFIXES = (
    ".safetensors",
    ".bin",
    ".xml",
    ".onnx",
    ".onnx.data",
    "config.json",
    "export.json",
    *TOKENIZER_FILES,
)
"""How the names of the files end on which a model's answers depend"""
UNREAD_FILES = {"training_args.bin"}
"""What has such a name and is no part of a model"""


@dataclass(frozen=True)
class ExportRecord:
    """What is needed to run an exported model; `notes` is for people (scores, versions, how it was made)."""

    backend: str
    """What the model runs with: one of `EXPORTED_BACKENDS`"""
    model_file: str
    """Name of the model's file in the folder"""
    window_length: int
    """Longest input in positions, special tokens included"""
    notes: dict[str, Any] = field(default_factory=dict)
    sha256: dict[str, str] = field(default_factory=dict)
    """File of the model -> its checksum; empty: exported by a version without checksums"""

    def write(self, folder: Path) -> None:
        """Write `export.json`."""
        text = json.dumps(asdict(self), indent=2, ensure_ascii=False)
        (folder / EXPORT_FILE).write_text(text + "\n", encoding="utf-8")


def read_export_record(folder: Path) -> ExportRecord | None:
    """Read `export.json`; None if the folder has none, or is a name on the Hub.

    Raises:
        UserError: the file is broken, or names something that no export contains.
    """
    path = folder / EXPORT_FILE
    if not path.is_file():
        return None
    try:
        record = ExportRecord(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError, RecursionError) as error:
        raise _refuse(path, make_printable(f"{error!s:.200}")) from None
    problem = _find_problem(record)
    if problem:
        raise _refuse(path, problem)
    return record


def list_model_files(backend: str) -> tuple[str, ...]:
    """Return the names of the files that a model can consist of; the first one is opened."""
    return MODEL_FILES[backend.partition("-")[0]]


def hash_model_files(folder: Path, backend: str) -> dict[str, str]:
    """Return the SHA-256 of each file of the model, by name."""
    return {name: hash_file(folder / name) for name in list_model_files(backend) if (folder / name).is_file()}


def verify_model_files(folder: Path, record: ExportRecord) -> None:
    """Check the files of the model against the checksums in its record.

    Raises:
        UserError: a file was changed or cut off, is missing, or does not belong to the model.
    """
    if not record.sha256:
        logger.warning(
            "%s: no checksums (an earlier version exported this model), so its weights can't be checked; export it "
            "again to get them.",
            folder / EXPORT_FILE,
        )
        return
    found = hash_model_files(folder, record.backend)
    for name in {**record.sha256, **found}:
        if found.get(name) == record.sha256.get(name):
            continue
        wrong = "missing" if name not in found else "not as it was exported (its checksum differs)"
        raise UserError(f"{folder / name}: {wrong}; accepted: the files as they were written; {advise_export(folder)}")


def hash_answering_files(folder: Path) -> str:
    """Return one checksum of all files in the folder of a model, exported or not, on which its answers depend."""
    files = sorted(path for path in folder.iterdir() if path.name.endswith(HASHED_SUFFIXES))
    return hash_files([path for path in files if path.name not in UNREAD_FILES])


def advise_export(folder: Path) -> str:
    """Say what to type if an exported folder can't be used."""
    command = f"token_classification export -m MODEL -r {quote_path(folder)}"
    return f"fetch the folder again, or export the model again: {command}"


def _refuse(path: Path, problem: str) -> UserError:
    return UserError(
        f"{path}: not the record of an export ({problem}); accepted: a folder as `token_classification export` "
        "wrote it; export the model again"
    )


def _find_problem(record: ExportRecord) -> str | None:
    """Say what no export would write; None if nothing is wrong."""
    if record.backend not in EXPORTED_BACKENDS:
        return f"backend is {_quote(record.backend)}; accepted are {', '.join(EXPORTED_BACKENDS)}"
    names = list_model_files(record.backend)
    if record.model_file != names[0]:
        return f"model_file is {_quote(record.model_file)}; accepted is {names[0]}"
    if type(record.window_length) is not int or record.window_length < 1:
        return f"window_length is {_quote(record.window_length)}; accepted is a number of positions"
    if not isinstance(record.notes, dict) or not isinstance(record.notes.get("files", []), list):
        return "notes are not an object with a list of files"
    if (name := _find_foreign(record.notes.get("files", []), EXPORT_FILES)) is not None:
        return f"notes.files names {name}, which is not a file of an export, so it is not touched"
    if not isinstance(record.sha256, dict) or _find_foreign(record.sha256, names) is not None:
        return f"sha256 is not an object with the checksums of {', '.join(names)}"
    if not all(isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) for value in record.sha256.values()):
        return "sha256 contains something that is not a checksum"
    return None


def _find_foreign(found: Iterable[object], accepted: Iterable[str]) -> str | None:
    """Return the first name that is not accepted, as a message shows it."""
    return next((_quote(name) for name in found if not isinstance(name, str) or name not in accepted), None)


def _quote(value: object) -> str:
    return f"{value!r:.60}"
