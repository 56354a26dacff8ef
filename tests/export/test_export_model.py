"""Exports of tiny models: what comes out is what the engine opens, and what scores worse does not come out."""

import json
import logging
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from conftest import TAGGER_NAMES, TEXT, WINDOW_OF_TINY_MODELS, save_tagger
from transformers import BertConfig, XLNetConfig

from export.conftest import SHAPE
from token_classification.data.sentences import Sentences
from token_classification.errors import RejectedError, UserError
from token_classification.exit_codes import run_command
from token_classification.export import export_model as export_model_module
from token_classification.export import openvino as openvino_export
from token_classification.export import variants
from token_classification.export.export_model import ExportData, ExportSettings, export_model
from token_classification.inference.calibration_record import CALIBRATION_FILE
from token_classification.inference.engine import open_engine
from token_classification.inference.export_record import ExportRecord, read_export_record
from token_classification.inference.exported_model import _find_longest_window
from token_classification.modeling.deep_head import DeepHeadConfig, DeepHeadForTokenClassification

pytest.importorskip("openvino", reason='needs the extra "export"')

LABELLED = ("id2label", "tag_scheme")
pytestmark = pytest.mark.usefixtures("converted")


@pytest.mark.parametrize("backend", ["openvino", "openvino-bf16", "openvino-int8", "onnx", "onnx-int8"])
def test_an_exported_model_is_recognised(backend, model, data, tmp_path, capsys):
    export_format, _, precision = backend.partition("-")
    settings = ExportSettings(export_format, precision or "none", max_f1_drop=0.2)
    row = export_model(model, tmp_path, settings, data)
    engine = open_engine(tmp_path)
    assert engine.backend == row.variant == backend
    assert engine.aligner.window_length == WINDOW_OF_TINY_MODELS
    long_sentence = TEXT.split() * 2
    assert len(engine.tag([long_sentence]).tags[0]) == len(long_sentence)
    record = read_export_record(tmp_path)
    assert record.notes["gate"][-1]["f1"] == row.f1
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        "variant",
        *(entry["variant"] for entry in record.notes["gate"]),
    ]
    if precision == "":
        assert row.f1 == row.equal_tags == 1
        with ThreadPoolExecutor(3) as pool:
            tagged = [*pool.map(engine.tag, [data.test.tokens] * 3)]
        assert all(answer.tags == data.test.tags for answer in tagged)
    assert sorted(record.notes["files"]) == sorted(path.name for path in tmp_path.iterdir())
    if precision == "":
        weights = tmp_path / {"openvino": "openvino_model.bin", "onnx": "model.onnx"}[export_format]
        damaged = bytearray(weights.read_bytes())
        damaged[1000:1040] = bytes(value ^ 0xFF for value in damaged[1000:1040])
        weights.write_bytes(damaged)
        with pytest.raises(UserError, match=f"{weights.name}: not as it was exported"):
            open_engine(tmp_path)
        replace(record, sha256={}).write(tmp_path)
        weights.write_bytes(damaged[:1000])
        with pytest.raises(UserError, match=r"can't be loaded.*token_classification export"):
            open_engine(tmp_path)


def test_more_positions_than_the_model_has_are_refused(wordpiece, tmp_path):
    save_tagger(tmp_path, wordpiece)
    ExportRecord("onnx", "model.onnx", WINDOW_OF_TINY_MODELS + 1).write(tmp_path)
    with pytest.raises(UserError, match=f"the model has {WINDOW_OF_TINY_MODELS}"):
        open_engine(tmp_path)


def test_a_model_without_a_limit_takes_the_window_of_the_record():
    record = ExportRecord("onnx", "model.onnx", WINDOW_OF_TINY_MODELS)
    assert _find_longest_window(Path("folder"), record, XLNetConfig()) == WINDOW_OF_TINY_MODELS


@pytest.mark.parametrize("export_format", ["openvino", "onnx"])
def test_a_deep_head_is_exported(export_format, data, wordpiece, tmp_path, monkeypatch):
    monkeypatch.setattr(export_model_module, "convert_model", variants.convert_model)
    torch.manual_seed(0)
    encoder = {name: value for name, value in SHAPE.items() if name not in LABELLED}
    config = DeepHeadConfig(BertConfig(**encoder), **{name: SHAPE[name] for name in LABELLED})
    DeepHeadForTokenClassification(config).save_pretrained(tmp_path / "deep")
    wordpiece.save_pretrained(tmp_path / "deep")
    export_model(str(tmp_path / "deep"), tmp_path / "out", ExportSettings(export_format, "none", 0.0), ExportData())
    original, exported = (open_engine(tmp_path / name).tag(data.test.tokens) for name in ("deep", "out"))
    assert exported.tags == original.tags


def leave_two_levels(folder: Path) -> None:
    """Give the head of an OpenVINO model weights of two values only."""
    import numpy as np
    import openvino

    path = folder / openvino_export.MODEL_FILE
    model = openvino.Core().read_model(path)
    head = next(
        node
        for node in model.get_ops()
        if node.get_type_name() == "MatMul" and ".classifier/" in node.get_friendly_name()
    )
    levels = np.where(np.random.default_rng(0).random((len(TAGGER_NAMES), 32)) > 0.5, 1.0, -1.0).astype(np.float32)
    head.input(1).replace_source_output(openvino.opset13.constant(levels).output(0))
    damaged = folder / "damaged"
    damaged.mkdir()
    openvino.save_model(model, damaged / path.name, compress_to_fp16=False)
    for file in damaged.iterdir():
        file.replace(folder / file.name)
    damaged.rmdir()


def quantize_badly(exact, calibration, kept, folder) -> None:
    """Quantize nothing but the head, to two levels."""
    for path in exact.glob("openvino_model.*"):
        shutil.copy(path, folder)
    leave_two_levels(folder)


def quantize_head_badly(exact, calibration, kept, folder) -> None:
    """Quantize nothing but the head, to two levels, unless the head is kept."""
    for path in exact.glob("openvino_model.*"):
        shutil.copy(path, folder)
    if "classifier" not in kept:
        leave_two_levels(folder)


def damage_conversions(monkeypatch) -> None:
    """Let each conversion end with a head of two levels."""
    convert = export_model_module.convert_model

    def convert_badly(network, engine, backend, folder) -> None:
        convert(network, engine, backend, folder)
        leave_two_levels(folder)
        variants.write_record(folder, backend, engine)

    monkeypatch.setattr(export_model_module, "convert_model", convert_badly)


@pytest.fixture
def few_parts(monkeypatch) -> None:
    """Rank two parts only, to save time."""
    parts = ["bert.encoder.layer.*.output.dense", "classifier"]
    monkeypatch.setattr(export_model_module, "list_parts", lambda network: parts)


INT8 = ExportSettings("openvino", "int8", max_f1_drop=0.2)


@pytest.mark.usefixtures("few_parts")
def test_a_damaged_model_is_rejected(model, data, tmp_path, capsys):
    target = tmp_path / "out"
    export_model(model, target, ExportSettings("openvino", "none", 0.0), data)
    code = run_command(lambda _: export_model(model, target, INT8, data, quantize_badly), [])
    assert code == 3
    output = capsys.readouterr()
    assert "openvino-int8 scores" in output.err
    assert "not quantized: " in output.out
    assert [path.name for path in target.iterdir()] == ["rejected"]
    rejected = json.loads((target / "rejected" / "rejected.json").read_text())
    assert [entry["variant"] for entry in rejected["notes"]["gate"]].count("openvino-int8") == 3
    assert (target / "rejected" / "gate.txt").read_text() in output.out
    for folder in (target, target / "rejected"):
        with pytest.raises(UserError):
            open_engine(folder)


@pytest.mark.usefixtures("few_parts")
def test_the_part_that_hurts_is_kept(model, data, tmp_path):
    row = export_model(model, tmp_path, INT8, data, quantize_head_badly)
    assert row.kept == ("classifier",)
    assert read_export_record(tmp_path).notes["not_quantized"] == ["classifier"]


def test_a_float32_model_that_scores_worse_is_rejected(model, data, tmp_path, monkeypatch):
    damage_conversions(monkeypatch)
    with pytest.raises(RejectedError, match=r"openvino scores.*not exact: try --export_format onnx"):
        export_model(model, tmp_path, ExportSettings("openvino", "none", 0.2), data)
    assert (tmp_path / "rejected" / openvino_export.MODEL_FILE).exists()


def test_int8_is_tried_once_where_float32_scores_worse(model, data, tmp_path, monkeypatch):
    damage_conversions(monkeypatch)
    with pytest.raises(RejectedError, match=r"openvino-int8 scores.*conversion to float32 \(openvino\) is not exact"):
        export_model(model, tmp_path, INT8, data, quantize_badly)
    rows = json.loads((tmp_path / "rejected" / "rejected.json").read_text())["notes"]["gate"]
    assert [row["variant"] for row in rows if row["variant"].startswith("openvino")] == ["openvino", "openvino-int8"]


def fail_to_convert(*_) -> None:
    """Fail as a converter does."""
    raise RuntimeError("Check 'x' failed at op.cpp:3:\nno such operation\nmore")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            ("openvino", "none"),
            "converted to openvino (RuntimeError: no such operation); try --export_format onnx",
        ),
        (
            ("onnx", "none"),
            "converted to onnx (RuntimeError: no such operation); try --export_format openvino",
        ),
        (("openvino", "int8"), "quantized to int8 (RuntimeError: no such operation); try --quantize none"),
    ],
)
@pytest.mark.parametrize("is_scored", [True, False])
def test_a_converter_that_fails_ends_in_one_line(
    settings, message, is_scored, model, data, tmp_path, monkeypatch, capsys
):
    is_int8 = settings[1] == "int8"
    if not is_int8:
        monkeypatch.setattr(export_model_module, "convert_model", fail_to_convert)
    given = data if is_scored or is_int8 else ExportData()
    quantize = fail_to_convert if is_int8 else None
    code = run_command(
        lambda _: export_model(model, tmp_path / "out", ExportSettings(*settings, 0.1), given, quantize), []
    )
    error = capsys.readouterr().err.splitlines()
    assert code == 2
    assert [line for line in error if message in line and line.startswith(f"error: model {model}: ")]
    assert "Traceback" not in "".join(error)
    assert not list((tmp_path / "out").rglob("*"))


def test_without_gold_a_model_that_computes_something_else_is_rejected(model, tmp_path, monkeypatch):
    settings = ExportSettings("openvino", "none", 0.0)
    assert export_model(model, tmp_path / "good", settings, ExportData()) is None
    assert (tmp_path / "good" / "gate.txt").read_text().startswith("not scored")
    damage_conversions(monkeypatch)
    with pytest.raises(RejectedError, match="outputs are not those of the original"):
        export_model(model, tmp_path / "bad", settings, ExportData())
    assert not list((tmp_path / "bad").rglob("config.json"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (("tensorrt", "none", 0.0), "--export_format tensorrt: accepted are openvino and onnx"),
        (("onnx", "int4", 0.0), "--quantize int4: accepted are none, bf16 and int8"),
        (("onnx", "bf16", 0.0), "ONNX Runtime has no bf16 on the CPU"),
        (("onnx", "int8", 5), "--max_f1_drop 5: accepted is a fraction"),
    ],
)
def test_settings_are_checked(settings, message):
    with pytest.raises(UserError, match=message):
        ExportSettings(*settings)


def test_the_gate_needs_gold_and_int8_sentences(model, data, tmp_path):
    untagged = ExportData(Sentences(data.test.tokens, None, data.test.lines), "test.txt")
    with pytest.raises(UserError, match=r"test\.txt: no tags.*\n.*to calibrate with"):
        export_model(model, tmp_path / "out", INT8, untagged)
    assert not (tmp_path / "out").exists()


def test_another_model_is_not_overwritten(model, data):
    before = {path: path.read_bytes() for path in Path(model).iterdir()}
    with pytest.raises(UserError, match="holds a model already"):
        export_model(model, Path(model), INT8, data)
    assert {path: path.read_bytes() for path in Path(model).iterdir()} == before


@pytest.mark.parametrize(("export_format", "library"), [("openvino", "nncf"), ("onnx", "onnxruntime")])
def test_without_the_extra_one_line_says_how_to_get_it(
    export_format, library, model, data, tmp_path, monkeypatch, capsys
):
    monkeypatch.setitem(sys.modules, library, None)
    settings = ExportSettings(export_format, "int8", 0.1)
    assert run_command(lambda _: export_model(model, tmp_path / "out", settings, data), []) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {library} is not installed")
    assert 'pip install ".[export]"' in error
    assert error.count("\n") == 1


def test_the_calibration_of_the_source_stays_behind_and_is_named(model, data, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    source, target = Path(shutil.copytree(model, tmp_path / "source")), tmp_path / "target"
    (source / CALIBRATION_FILE).write_text("{}")
    export_model(str(source), target, ExportSettings("onnx", "none", max_f1_drop=0.2), data)
    assert not (target / CALIBRATION_FILE).exists()
    assert f"to fit it: token_classification calibrate -m {target} --data FILE" in caplog.text
