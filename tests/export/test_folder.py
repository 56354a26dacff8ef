"""The folder of an export: what no export has written there stays, whatever an `export.json` says."""

import json
from pathlib import Path

import pytest

from token_classification.errors import UserError
from token_classification.export import folder as folder_module
from token_classification.export.folder import describe_versions, open_workshop, publish
from token_classification.inference.export_record import ExportRecord, hash_model_files


def write_record(folder: Path, files: object) -> None:
    """What a stranger's folder says of itself."""
    record = {"backend": "onnx", "model_file": "model.onnx", "window_length": 64, "notes": {"files": files}}
    (folder / "export.json").write_text(json.dumps(record))


def read_all(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def publish_into(target: Path, content: bytes = b"weights") -> None:
    """An export with a model, a config and a tokenizer."""
    with open_workshop(target) as workshop:
        variant = workshop / "onnx"
        variant.mkdir()
        for name in ("config.json", "tokenizer.json", "model.onnx"):
            (variant / name).write_bytes(content)
        ExportRecord("onnx", "model.onnx", 64, {}, hash_model_files(variant, "onnx")).write(variant)
        publish(variant, target, "the table")


@pytest.mark.parametrize("victim", ["../victim", "ABSOLUTE", "notes.txt"])
def test_a_hostile_record_deletes_nothing(tmp_path, victim):
    target = tmp_path / "downloaded"
    target.mkdir()
    for path in (tmp_path / "victim", target / "notes.txt", target / "config.json"):
        path.write_text("precious")
    write_record(target, ["config.json", str(tmp_path / "victim") if victim == "ABSOLUTE" else victim])
    before = read_all(tmp_path)
    with pytest.raises(UserError, match="which is not a file of an export"):
        publish_into(target)
    assert read_all(tmp_path) == before


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin", "gate.txt", "rejected", "tokenizer.json"])
def test_files_that_no_export_wrote_stay(tmp_path, name):
    write_record(tmp_path, ["config.json"])
    if name == "rejected":
        (tmp_path / name).mkdir()
        (tmp_path / name / "letters.txt").write_text("precious")
    else:
        (tmp_path / name).write_text("precious")
    before = read_all(tmp_path)
    with pytest.raises(UserError, match="already"):
        publish_into(tmp_path)
    assert read_all(tmp_path) == before


def test_an_earlier_export_is_replaced_and_other_files_stay(tmp_path):
    (tmp_path / "notes.txt").write_text("precious")
    publish_into(tmp_path, b"old")
    publish_into(tmp_path, b"new")
    assert (tmp_path / "model.onnx").read_bytes() == b"new"
    assert (tmp_path / "notes.txt").read_text() == "precious"


def test_versions_are_those_of_what_is_installed(monkeypatch):
    """ONNX alone is enough for ONNX."""
    monkeypatch.setattr(folder_module, "LIBRARIES", ("torch", "a_library_that_nobody_has"))
    assert [*describe_versions()] == ["torch"]
