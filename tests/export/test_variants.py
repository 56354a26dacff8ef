"""Folders of one model: each holds what the engine needs, and says what it is."""

import numpy as np
import pytest

from token_classification.export import onnx, openvino
from token_classification.export.variants import copy_without_model, pick_tools, write_record
from token_classification.inference.engine import open_engine
from token_classification.inference.export_record import hash_model_files, read_export_record

pytest.importorskip("openvino", reason='needs the extra "export"')

MODEL_FILES = {"openvino": {"openvino_model.xml", "openvino_model.bin"}, "onnx": {"model.onnx"}}
OTHER_FILES = {"config.json", "tokenizer.json", "tokenizer_config.json", "export.json"}


@pytest.mark.parametrize("backend", ["openvino", "openvino-int8", "openvino-bf16", "onnx", "onnx-int8"])
def test_a_backend_has_the_tools_of_its_format(backend):
    assert pick_tools(backend) is (onnx if backend.startswith("onnx") else openvino)


@pytest.mark.parametrize("export_format", MODEL_FILES)
def test_a_conversion_is_a_folder_that_the_engine_opens(export_format, convert_once, data):
    folder = convert_once(export_format)
    assert {path.name for path in folder.iterdir()} == MODEL_FILES[export_format] | OTHER_FILES
    assert open_engine(folder).tag(data.test.tokens).tags == data.test.tags


@pytest.mark.parametrize("export_format", MODEL_FILES)
def test_a_conversion_takes_batches_of_any_shape(export_format, convert_once, torch_engine):
    exported = open_engine(convert_once(export_format))
    for shape in ((1, 3), (5, 11)):
        inputs = {
            "input_ids": np.random.default_rng(0).integers(5, 200, shape),
            "attention_mask": np.ones(shape, dtype=np.int64),
            "token_type_ids": np.zeros(shape, dtype=np.int64),
        }
        inputs["attention_mask"][0, 2:] = 0
        seen = inputs["attention_mask"].nonzero()
        ours, theirs = (engine.loop.run_model(inputs, *seen) for engine in (torch_engine, exported))
        assert np.allclose(ours, theirs, atol=1e-3)


@pytest.mark.parametrize("export_format", MODEL_FILES)
def test_a_copy_without_the_model_has_the_rest(export_format, convert_once, tmp_path):
    copy_without_model(convert_once(export_format), tmp_path / "copy")
    assert {path.name for path in (tmp_path / "copy").iterdir()} == OTHER_FILES


def test_a_record_holds_the_checksums_of_the_files_that_are_there(convert_once, torch_engine, tmp_path):
    folder = tmp_path / "copy"
    copy_without_model(convert_once("openvino"), folder)
    (folder / "openvino_model.xml").write_text("<net/>")
    write_record(folder, "openvino-int8", torch_engine, {"source": "mine"})
    record = read_export_record(folder)
    assert (record.backend, record.model_file, record.notes["source"]) == (
        *("openvino-int8", "openvino_model.xml"),
        "mine",
    )
    assert record.window_length == torch_engine.aligner.window_length
    assert record.sha256 == hash_model_files(folder, "openvino")
    assert set(record.sha256) == {"openvino_model.xml"}
