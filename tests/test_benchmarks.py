"""The benchmarks measure both sides on any machine; what they measure is no matter of a test."""

import argparse
import asyncio
import json
import math
import random
import re

import calibration
import http_load
import model_flops
import pytest
import torch
import train_speed
from table_model import save_table
from torch.utils.flop_counter import FlopCounterMode
from transformers import BertConfig, BertForTokenClassification
from unsure_model import HESITANT_ROWS, TRUTH, write_labelled

from token_classification.hardware import multiplies_bf16


@pytest.mark.parametrize("side", ["stock", "ours", "padded"])
def test_training_is_measured(side, bert_folder, conll_file):
    options = argparse.Namespace(
        model=str(bert_folder),
        train_file=str(conll_file),
        validation_file=str(conll_file),
        side=side,
        batch_sizes=[2],
        epochs=1.0,
        seed=0,
        stock_precision="no",
    )
    measured = train_speed.measure(options)
    assert measured.keys() == {"samples_per_second", "tokens_per_second", "gflops", "peak_memory", "f1"}
    assert all(math.isfinite(value) for value in measured.values())
    # Sentences have several sub-tokens each.
    assert measured["tokens_per_second"] > 2 * measured["samples_per_second"] > 0


def test_the_operations_of_a_model_are_those_that_torch_counts():
    config = BertConfig(
        hidden_size=128, num_hidden_layers=2, num_attention_heads=2, intermediate_size=256, vocab_size=50, num_labels=7
    )
    model = BertForTokenClassification(config).eval()
    # torch does not count fused attention on the CPU.
    model.set_attn_implementation("eager")
    ids = torch.ones(3, 90, dtype=torch.int64)
    with torch.no_grad(), FlopCounterMode(display=False) as counted:
        model(input_ids=ids, attention_mask=torch.ones_like(ids))
    found = model_flops.count_flops(model, [90] * 3, model_flops.INFERENCE) * ids.numel()
    # Weights that are only added (biases) count like the others.
    assert found == pytest.approx(counted.get_total_flops(), rel=0.02)
    assert model_flops.count_flops(model, [90] * 3, model_flops.TRAINING) * ids.numel() == pytest.approx(3 * found)
    # A long sentence beside a short one: most positions are in the long one, and each looks at all of it.
    alone, mixed = (model_flops.count_flops(model, lengths, model_flops.INFERENCE) for lengths in ([50], [90, 10]))
    assert mixed - alone == pytest.approx(4 * 2 * 128 * ((90**2 + 10**2) / 100 - 50))


@pytest.mark.parametrize(
    ("device", "use"),
    [
        ("NVIDIA H100 80GB HBM3", "98.90 (MFU 10.00%)"),
        ("NVIDIA H100 PCIe", "98.90"),
        ("NVIDIA A100-SXM4-80GB", "98.90 (MFU 31.70%)"),
        ("NVIDIA L40S", "98.90"),
        ("Tesla T4", "98.90 (MFU 152.15%)"),
        ("CPU (x86_64, 2 cores)", "98.90"),
    ],
)
def test_a_share_is_named_for_known_gpus_only(device, use):
    assert model_flops.describe_use(98.9e12, device) == use


def test_calibration_is_measured_on_other_data(tmp_path, capsys):
    model = save_table(tmp_path / "model", HESITANT_ROWS)
    truth = TRUTH | {"Zoë": ("B-PER", 0.5)}
    files = [str(write_labelled(tmp_path / f"{seed}.conll", seed, truth=truth)) for seed in (1, 2)]
    calibration.main([str(model), *files, "--seeds", "0", "--precision", "0.99", "--recall", "0.9", "1.05"])
    tables = capsys.readouterr().out.split("\n\n")
    errors, reach, promises = (text.splitlines()[2:] for text in tables[:3])
    assert len(errors) == 2
    for row in errors:
        raw, calibrated, perfect = (float(cell.partition(" ")[0]) for cell in row.split(" | ")[5:8])
        assert perfect < 0.05 < 0.1 < raw
        assert calibrated < raw
    for row in reach:
        before, after = (float(cell.partition(",")[0]) for cell in row.strip("| ").split(" | ")[1:])
        assert before < after
    assert len(promises) == 6
    assert "refused: at most 0." in promises[0]
    for row in promises[1:3] + promises[4:]:
        assert row.endswith(("| yes |", "points less |"))
    proposed = [row.split(" | ")[4] for row in promises]
    assert [bool(cell) for cell in proposed[1:3]] == [False, True]
    assert re.fullmatch(r"A text: tagging \d+\.\d\d ms, proposing \d+\.\d\d ms more\n", tables[3])


def test_the_peak_of_bf16_is_measured_where_there_are_units_for_it():
    # Elsewhere a single product takes minutes.
    assert ("bfloat16" in train_speed.measure_peaks()) == multiplies_bf16()


@pytest.fixture
def requests_file(tmp_path):
    """One request to each path of the stub server, as the load generator reads them."""
    requests = [{"path": path, "body": path} for path in ("/good", "/refused", "/dropped", "/good")]
    path = tmp_path / "requests.jsonl"
    path.write_text("".join(json.dumps(request) + "\n" for request in requests))
    return path


async def put_load(requests_file, answer, *flags):
    """Put load on a server that calls `answer(path, writer)` for each request; return the counts."""

    async def serve(reader, writer):
        while line := await reader.readline():
            path = line.split()[1].decode()
            await reader.readuntil(b"\r\n\r\n")
            # The body is the path.
            assert await reader.readexactly(len(path)) == path.encode()
            answer(path, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    counts = await http_load.Load(http_load.parse_arguments([str(port), str(requests_file), *flags])).run()
    server.close()
    return counts


def answer_by_path(path, writer):
    if path == "/dropped":
        writer.close()
        return
    status = {"/good": b"200 OK", "/refused": b"429 Too Many Requests"}[path]
    # In two pieces, as an answer may come.
    writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-type: application/json\r\ncontent-le")
    asyncio.get_running_loop().call_soon(writer.write, b"ngth: 2\r\n\r\n{}")


@pytest.mark.parametrize("clients", [1, 3])
def test_the_load_generator_counts_every_request(clients, requests_file):
    counts = asyncio.run(put_load(requests_file, answer_by_path, "--requests", "40", "--clients", str(clients)))
    assert counts["answered"] == {"200": 20, "429": 10}
    assert counts["unexpected"] == {"429": 10}
    assert counts["unanswered"] == 10
    assert counts["unread"] == counts["failed_connections"] == counts["not_sent"] == 0
    assert counts["latency_ms"]["max"] >= counts["latency_ms"]["p50"] > 0


def test_latency_counts_from_when_a_request_was_due(requests_file):
    held = []

    def hold(path, writer):
        held.append(writer)
        if len(held) == 8:
            for one in held:
                one.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")

    flags = ["--rate", "100", "--requests", "8", "--seed", "5", "--clients", "1"]
    counts = asyncio.run(put_load(requests_file, hold, *flags))
    assert counts["answered"] == {"200": 8}
    generator = random.Random(5)
    distances = [generator.expovariate(100) for _ in range(8)]
    # The first one waits until the last one comes, whatever the number of connections was when it was due.
    assert counts["latency_ms"]["max"] >= 1000 * sum(distances[1:])
