"""`compare` as a command: what is printed, and the exit codes."""

import json
import re
from pathlib import Path

import pytest
from tagged_splits import make_sentences, perturb

from token_classification import cli
from token_classification.exit_codes import run_command
from token_classification.reporting.predictions import write_predictions


def compare(*arguments: object) -> int:
    """Run the command in this process and return its exit code."""
    return run_command(cli.run, ["compare", *map(str, arguments)])


@pytest.fixture
def runs(tmp_path) -> tuple[Path, Path]:
    """A run with errors, and one without."""
    sentences = make_sentences(4)
    for name, predicted in (("a", perturb(sentences.tags)), ("b", sentences.tags)):
        (tmp_path / name).mkdir()
        write_predictions(tmp_path / name, sentences, predicted)
    return tmp_path / "a", tmp_path / "b"


def test_the_command_prints_text(runs, capsys):
    assert compare(*runs) == 0
    text = capsys.readouterr().out
    assert re.search(r"^all \(micro\) +\d+\.\d\d +100\.00 +\+\d+\.\d\d ", text, re.MULTILINE)
    assert "B is better." in text
    assert "10,000 resamplings" in text
    assert re.search(rf"^  {runs[1]}/predictions\.conll:\d+: (missed|spurious|type|boundary)", text, re.MULTILINE)
    assert "0 sentences broken by B\n" in text


def test_the_command_prints_json(runs, capsys):
    assert compare(*runs, "--json") == 0
    record = json.loads(capsys.readouterr().out)
    assert record["micro_f1"]["b"] == 1
    assert record["intervals"] == {"confidence": 0.95, "replicates": 10_000, "seed": 42}
    assert record["micro_f1"]["difference"] == 1 - record["micro_f1"]["a"]
    assert record["broken"] == {"number": 0, "first": []}
    assert len(record["fixed"]["first"]) == min(10, record["fixed"]["number"])


def test_equal_runs_do_not_differ(runs, capsys):
    assert compare(runs[0], runs[0]) == 0
    assert "p = 1.0000" in capsys.readouterr().out


def test_what_has_no_gold_is_one_message(runs, tmp_path, capsys):
    (tmp_path / "bad.conll").write_bytes(b"a O\n")
    assert compare(runs[0], tmp_path / "bad.conll") == 2
    message = capsys.readouterr().err
    assert message.startswith("error: ")
    assert "bad.conll" in message
