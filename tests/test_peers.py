"""The comparison with other libraries reads, asks and scores alike; the libraries themselves are in no test."""

import argparse
import json
import sys

import peer_sides
import peers
import pytest
from hypothesis import given
from hypothesis import strategies as st

KINDS = ("PER", "LOC")

SCRIPT = """
import json, sys
from pathlib import Path
side, model, output, *given = sys.argv[1:]
given = dict(zip(given[::2], given[1::2]))
records = [json.loads(line) for line in open(given["--test_file"])]
Path(output, "predicted.json").write_text(json.dumps([record["ner_tags"] for record in records]))
print("Epoch 1")
print(json.dumps({"seconds": 4.0, "given": given}))
"""


def options(**settings):
    defaults = {
        "model": "encoder",
        "sentences": 2,
        "epochs": 1,
        "batch_size": 2,
        "learning_rate": 1e-3,
        "threads": 1,
        "export": None,
        "peers_python": sys.executable,
    }
    return argparse.Namespace(**{**defaults, **settings})


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3), st.sampled_from(KINDS))))
def test_entities_are_written_as_they_were_read(parts):
    entities, place = [], 0
    for gap, length, kind in parts:
        entities.append((place + gap, place + gap + length, kind))
        place += gap + length
    tags = peer_sides.write_tags(place + 1, entities)
    assert peer_sides.list_entities(tags) == entities


def test_an_entity_may_begin_without_its_beginning():
    assert peer_sides.list_entities(["I-PER", "I-PER", "I-LOC"]) == [(0, 2, "PER"), (2, 3, "LOC")]


def test_a_side_is_asked_and_scored(conll_file, tmp_path, monkeypatch):
    script = tmp_path / "scripts" / "peer_sides.py"
    script.parent.mkdir()
    script.write_text(SCRIPT)
    monkeypatch.setattr(peers, "__file__", str(script.with_name("peers.py")))
    asked = options(files=[conll_file, conll_file])
    files = peers.write_files(asked, tmp_path)
    assert len(files["train"].read_text().splitlines()) == 2 < len(files["test"].read_text().splitlines())
    measured = peers.run_side(asked, "flair", 7, files, tmp_path / "flair")
    assert measured["f1"] == 1.0
    assert measured["seconds"] == 4.0
    assert measured["cpu_seconds"] > 0
    assert measured["given"]["--seed"] == "7"
    assert json.loads(files["train"].read_text().splitlines()[0]).keys() == {"tokens", "ner_tags"}


def test_a_side_that_fails_ends_the_comparison(conll_file, tmp_path, monkeypatch):
    monkeypatch.setattr(peers, "__file__", str(tmp_path / "peers.py"))
    asked = options(files=[conll_file])
    with pytest.raises(SystemExit, match=r"peer_sides\.py"):
        peers.run_side(asked, "onnx", 0, peers.write_files(asked, tmp_path), tmp_path / "onnx")


def test_ours_is_trained_and_tags(bert_folder, conll_file, tmp_path):
    asked = options(model=str(bert_folder), files=[conll_file, conll_file])
    trained = peers.run_side(asked, "ours", 0, peers.write_files(asked, tmp_path), tmp_path / "ours")
    assert trained["seconds"] > 0 <= trained["f1"]
    asked = options(model=str(tmp_path / "ours" / "model"), files=[conll_file])
    tagged = peers.run_side(asked, "ours", 0, peers.write_files(asked, tmp_path), tmp_path / "tagged")
    assert tagged["seconds"] > 0 < tagged["cpu_seconds"]


def test_the_table_compares_seed_by_seed(capsys):
    runs = {"ours": [{"seconds": 2.0, "cpu_seconds": 3.0, "f1": 0.5}] * 2}
    runs["flair"] = [{"seconds": seconds, "cpu_seconds": 9.0, "f1": 0.25} for seconds in (4.0, 8.0)]
    peers.print_table(options(), runs)
    rows = capsys.readouterr().out.splitlines()
    assert rows[-1] == "| flair | 6.0 (4.0 - 8.0) | 3.00 (2.00 - 4.00) | 9.0 | 0.2500 |"
    assert rows[-2] == "| ours | 2.0 (2.0 - 2.0) | 1.00 (1.00 - 1.00) | 3.0 | 0.5000 |"


@pytest.mark.parametrize(
    "arguments", [["train", "encoder", "test.conll"], ["tag", "model", "train.conll", "test.conll"]]
)
def test_too_many_or_too_few_files_are_refused(arguments, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["peers.py", *arguments])
    with pytest.raises(SystemExit):
        peers.parse_arguments()
    assert "files; give the training file only to `train`" in capsys.readouterr().err
