"""int8 with OpenVINO: which matrices are quantized, and which are kept."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import psutil
import pytest
import torch
from transformers import BertForTokenClassification

from token_classification.export import openvino as openvino_export
from token_classification.export import variants
from token_classification.export.network import list_parts
from token_classification.export.quantizer import build_inputs
from token_classification.export.variants import copy_without_model
from token_classification.inference.engine import open_engine
from token_classification.inference.export_record import read_export_record
from token_classification.inference.openvino_model import load_openvino

openvino = pytest.importorskip("openvino", reason='needs the extra "export"')
KEPT = "bert.encoder.layer.*.output.dense"


def list_quantized(folder) -> set[str]:
    """Names of the products whose weights are no float32 any more."""
    model = openvino.Core().read_model(folder / openvino_export.MODEL_FILE)
    types = {}
    for node in model.get_ops():
        if node.get_type_name() != "MatMul":
            continue
        source = node.input_value(1).get_node()
        while source.get_type_name() in ("FakeQuantize", "Multiply", "Subtract", "Convert") and source.inputs():
            source = source.input_value(0).get_node()
        types[node.get_friendly_name()] = source.get_element_type().get_type_name()
    return {name for name, kind in types.items() if kind in ("i8", "u8")}


def test_all_layers_are_quantized_but_those_that_are_kept(convert_once, torch_engine, data, tmp_path):
    exact = convert_once("openvino")
    inputs = build_inputs(torch_engine, data.calibration.tokens)
    quantized = {}
    for name, kept in (("all", ()), ("kept", (KEPT, "classifier"))):
        copy_without_model(exact, tmp_path / name)
        openvino_export.quantize(exact, inputs, kept, tmp_path / name)
        quantized[name] = list_quantized(tmp_path / name)
        size = (tmp_path / name / "openvino_model.bin").stat().st_size
        assert size < (exact / "openvino_model.bin").stat().st_size
    assert list_quantized(exact) == set()
    missing = quantized["all"] - quantized["kept"]
    assert quantized["kept"]
    assert len(missing) == 2
    assert any("classifier" in name for name in missing)
    assert any("layer.0.output.dense" in name for name in missing)


def count_ranges(folder) -> dict[str, int]:
    """Products -> how many of their inputs are quantized while the model runs."""
    model = openvino.Core().read_model(folder / openvino_export.MODEL_FILE)
    return {
        node.get_friendly_name(): sum(
            port.get_source_output().get_node().get_type_name() == "FakeQuantize" for port in node.inputs()
        )
        for node in model.get_ops()
        if node.get_type_name() == "MatMul"
    }


def test_one_part_can_be_restored(convert_once, torch_engine, data, tmp_path):
    exact = convert_once("openvino")
    for name in ("int8", "restored"):
        copy_without_model(exact, tmp_path / name)
    openvino_export.quantize(exact, build_inputs(torch_engine, data.calibration.tokens), (), tmp_path / "int8")
    openvino_export.restore_part(exact, tmp_path / "int8", KEPT, tmp_path / "restored")
    before, after = count_ranges(tmp_path / "int8"), count_ranges(tmp_path / "restored")
    changed = {name for name in before if before[name] != after[name]}
    assert {name.partition("layer.")[2].partition("/")[0] for name in changed} == {"0.output.dense"}
    assert all((before[name], after[name]) == (1, 0) for name in changed)
    assert list_quantized(tmp_path / "int8") - list_quantized(tmp_path / "restored") == changed


def test_a_model_whose_parts_are_all_restored_is_the_float32_one(convert_once, model, torch_engine, data, tmp_path):
    exact = convert_once("openvino")
    copy_without_model(exact, tmp_path / "int8")
    inputs = build_inputs(torch_engine, data.calibration.tokens)
    openvino_export.quantize(exact, inputs, (), tmp_path / "int8")
    folder = tmp_path / "int8"
    for number, part in enumerate(list_parts(BertForTokenClassification.from_pretrained(model))):
        copy_without_model(exact, tmp_path / str(number))
        openvino_export.restore_part(exact, folder, part, tmp_path / str(number))
        folder = tmp_path / str(number)
    assert list_quantized(folder) == set()
    assert not any(count_ranges(folder).values())


def test_threads_with_streams_of_their_own_get_the_same(convert_once, data):
    exact = convert_once("openvino")
    engine, alone = open_engine(exact, streams=3), open_engine(exact)
    assert (engine.streams, alone.streams) == (3, 1)
    tokens = data.test.tokens
    with ThreadPoolExecutor(3) as threads:
        assert [one.tags for one in threads.map(engine.tag, [tokens] * 9)] == [alone.tag(tokens).tags] * 9


def test_batches_side_by_side_give_the_same_to_the_last_bit(convert_once, data):
    exact = convert_once("openvino")
    engine, single = (open_engine(exact, streams=streams, token_budget=64) for streams in (3, 1))
    meeting, threads = threading.Barrier(3), set()

    def run_model(inputs, rows, columns):
        if threading.current_thread() is not threading.main_thread() and threading.get_ident() not in threads:
            threads.add(threading.get_ident())
            meeting.wait(20)  # BrokenBarrierError, unless three threads come
        return engine.loop.run_model(inputs, rows, columns)

    watched = replace(engine, loop=replace(engine.loop, run_model=run_model))
    together, alone = watched.evaluate(data.test), single.evaluate(data.test)
    assert len(threads) == 3
    assert (together.tags, together.metrics) == (alone.tags, alone.metrics)
    assert together.scores.tolist() == alone.scores.tolist()


def test_a_core_each_unless_a_number_is_given(convert_once, model, monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    assert open_engine(convert_once("openvino"), streams=None).streams == 2
    assert open_engine(convert_once("openvino")).streams == 1
    assert open_engine(model, streams=None).streams == 1  # torch divides each batch among its threads


def test_only_layers_with_weights_are_quantized():
    ops = openvino.opset13
    ids = ops.parameter([-1, -1], np.int64, name="ids")
    embedded = ops.gather(np.ones((9, 4), np.float32), ids, np.int64(0), name="embeddings")
    layer = ops.matmul(embedded, np.ones((4, 4), np.float32), False, True, name="__module.network.layer.0.key/MatMul")
    scores = ops.matmul(layer, layer, False, True, name="scores")
    head = ops.matmul(ops.softmax(scores, -1, name="weights"), embedded, False, False, name="seen")
    logits = ops.matmul(
        ops.relu(head), ops.convert(np.ones((4, 2), np.float16), "f32"), False, False, name="classifier"
    )
    model = openvino.Model([logits], [ids], "model")
    names = {node.get_friendly_name() for node in model.get_ops()}
    layers = {"embeddings", "__module.network.layer.0.key/MatMul", "classifier"}
    assert names - set(openvino_export.list_exact(model, [])) == layers
    assert names - set(openvino_export.list_exact(model, ["layer.*.key"])) == {"embeddings", "classifier"}


def test_memory_is_level_when_batches_of_all_shapes_have_come(convert_once, torch_engine, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(convert_once("openvino"), folder)
    variants.write_record(folder, "openvino", torch_engine)
    run_model = load_openvino(folder, read_export_record(folder))
    memory = []
    for rows in range(1, 61):
        for length in range(4, 17):
            ids = np.full((rows, length), 5)
            inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": ids * 0}
            run_model(inputs, *ids.nonzero())
        memory.append(psutil.Process().memory_info().rss / 2**20)
    # 650 shapes: 160 MB where the kernels of all of them are kept.
    assert memory[-1] - memory[9] < 100, memory
