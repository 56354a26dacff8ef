"""`export.json`, also from strangers: nothing in it leads out of its folder, and changed weights are not loaded."""

import json
from pathlib import Path

import pytest

from token_classification.errors import UserError
from token_classification.inference.export_record import (
    EXPORT_FILE,
    ExportRecord,
    hash_model_files,
    read_export_record,
    verify_model_files,
)

SOUND = {"backend": "onnx", "model_file": "model.onnx", "window_length": 64, "notes": {"files": ["config.json"]}}


def write_raw(folder: Path, **changes: object) -> Path:
    """An `export.json` with some values changed."""
    (folder / EXPORT_FILE).write_text(json.dumps(SOUND | changes))
    return folder


def test_a_record_is_read_as_it_was_written(tmp_path):
    assert read_export_record(tmp_path) is None
    record = ExportRecord("openvino-int8", "openvino_model.xml", 64, {"f1": 0.5}, {"openvino_model.xml": "0" * 64})
    record.write(tmp_path)
    assert read_export_record(tmp_path) == record


@pytest.mark.parametrize("name", ["../victim", "/etc/passwd", "..", "notes.txt", "", "a/config.json", 5, None])
def test_files_of_a_hostile_record_are_refused(tmp_path, name):
    with pytest.raises(UserError, match="files") as caught:
        read_export_record(write_raw(tmp_path, notes={"files": ["config.json", name]}))
    assert "\n" not in str(caught.value)


WRONG = {
    "backend": [5, None, "tensorrt", "torch", ["onnx"]],
    "model_file": ["../model.onnx", "/m.onnx", "openvino_model.xml", 5, None],
    "window_length": [0, -1, 1.5, "64", True, None],
    "notes": [[], None, {"files": "config.json"}, {"files": {}}],
    "sha256": [[], {"../x": "0" * 64}, {"config.json": "0" * 64}, {"model.onnx": 5}, {"model.onnx": "0"}],
}


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in WRONG.items() for value in values])
def test_values_of_another_kind_are_refused(tmp_path, key, value):
    with pytest.raises(UserError, match=f"{EXPORT_FILE}: .*{key}"):
        read_export_record(write_raw(tmp_path, **{key: value}))


@pytest.mark.parametrize("text", ["[]", "5", "{", "{}", "\udcff", "[" * 100_000, '{"surprise": 1}'])
def test_what_is_no_record_is_refused(tmp_path, text):
    (tmp_path / EXPORT_FILE).write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(UserError, match="not the record of an export"):
        read_export_record(tmp_path)


def export_bytes(folder: Path, content: bytes = b"weights" * 1000) -> ExportRecord:
    (folder / "model.onnx").write_bytes(content)
    return ExportRecord("onnx", "model.onnx", 64, {}, hash_model_files(folder, "onnx"))


def test_files_as_they_were_exported_pass(tmp_path):
    verify_model_files(tmp_path, export_bytes(tmp_path))


def test_changed_cut_off_missing_and_added_files_are_refused(tmp_path):
    record = export_bytes(tmp_path)
    path = tmp_path / "model.onnx"
    whole = path.read_bytes()
    for damaged in (whole[:-1], b"\0" * 40 + whole[40:]):
        path.write_bytes(damaged)
        with pytest.raises(UserError, match=r"model\.onnx: not as it was exported.*token_classification export"):
            verify_model_files(tmp_path, record)
    path.unlink()
    with pytest.raises(UserError, match=r"model\.onnx: missing"):
        verify_model_files(tmp_path, record)
    path.write_bytes(whole)
    (tmp_path / "model.onnx.data").write_bytes(b"more")
    with pytest.raises(UserError, match=r"model\.onnx\.data: "):
        verify_model_files(tmp_path, record)


def test_without_checksums_it_is_said_aloud(tmp_path, caplog):
    export_bytes(tmp_path)
    verify_model_files(tmp_path, ExportRecord("onnx", "model.onnx", 64))
    assert "no checksums" in caplog.text
