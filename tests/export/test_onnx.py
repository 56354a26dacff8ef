"""int8 with ONNX Runtime: which matrices are quantized, and which are kept."""

import ast
from collections import Counter

import pytest

from token_classification.export import onnx as onnx_export
from token_classification.export.variants import copy_without_model

onnx = pytest.importorskip("onnx", reason='needs the extra "export"')
pytest.importorskip("onnxruntime", reason='needs the extra "export"')
KEPT = "bert.encoder.layer.*.output.dense"


def count_products(folder) -> Counter[str]:
    """How many products of each kind the graph has."""
    graph = onnx.load(folder / onnx_export.MODEL_FILE).graph
    return Counter(node.op_type for node in graph.node if "Mat" in node.op_type or node.op_type == "Gemm")


def test_all_layers_are_quantized_but_those_that_are_kept(convert_once, tmp_path):
    exact = convert_once("onnx")
    products = {}
    for name, kept in (("all", ()), ("kept", (KEPT, "classifier"))):
        copy_without_model(exact, tmp_path / name)
        onnx_export.quantize(exact, [], kept, tmp_path / name)
        products[name] = count_products(tmp_path / name)
        assert (tmp_path / name / "model.onnx").stat().st_size < (exact / "model.onnx").stat().st_size
    assert count_products(exact)["MatMulInteger"] == 0
    assert products["kept"]["MatMulInteger"] == products["all"]["MatMulInteger"] - 2 > 0


def test_a_node_belongs_to_the_modules_that_it_comes_from():
    node = onnx.helper.make_node("MatMul", ["a", "b"], ["c"])
    entry = node.metadata_props.add()
    entry.key = onnx_export.SCOPES
    entry.value = repr(["", "network", "network.bert.encoder.layer.11.output.dense", "linear_5"])
    assert ast.literal_eval(entry.value)
    assert onnx_export._comes_from(node, KEPT)
    assert not onnx_export._comes_from(node, "bert.encoder.layer.*.intermediate.dense")
    assert not onnx_export._comes_from(onnx.helper.make_node("MatMul", ["a", "b"], ["c"]), KEPT)
