"""`export` by flags, and that a model is gone where it scores worse."""

import pytest
from conftest import write_sentences

from token_classification import cli
from token_classification.exit_codes import run_command
from token_classification.export import gate
from token_classification.inference.export_record import read_export_record

pytest.importorskip("openvino", reason='needs the extra "export"')


def export(*arguments: object) -> int:
    """Run the command in this process and return its exit code."""
    return run_command(cli.run, ["export", *map(str, arguments)])


@pytest.fixture
def quick_gate(monkeypatch):
    """Measures no speed worth the name."""
    monkeypatch.setattr(gate, "SPEED_ROUNDS", 1)
    monkeypatch.setattr(gate, "LATENCY_SENTENCES", 2)


def test_a_model_is_exported_and_scored(tagger_folder, tmp_path, capsys, quick_gate):
    test_file = write_sentences(tmp_path / "test.conll")
    settings = ["--export_format", "ONNX", "--test_file", test_file, "--max_f1_drop", "0.1", "--export_to", "model"]
    assert export("-m", tagger_folder, "-r", tmp_path / "out", *settings) == 0
    output = capsys.readouterr()
    assert "equal tags" in output.out
    assert "Exported to" in output.err
    record = read_export_record(tmp_path / "out" / "model")
    assert (record.backend, record.notes["test_file"]) == ("onnx", str(test_file))


def test_without_a_file_to_score_it_on_the_flag_is_named(tagger_folder, tmp_path, capsys):
    assert export("-m", tagger_folder, "-r", tmp_path / "out") == 0
    assert "--test_file FILE" in capsys.readouterr().err


def test_a_rejected_model_ends_with_3(tagger_folder, tmp_path, capsys, quick_gate, monkeypatch):
    monkeypatch.setattr(gate.Gate, "passes", lambda *_: False)
    test_file = write_sentences(tmp_path / "test.conll")
    assert export("-m", tagger_folder, "-r", tmp_path / "out", "--test_file", test_file) == 3
    assert "is not exact: try --export_format onnx" in capsys.readouterr().err


MISTAKES = {
    "riva": (["--export_format", "riva"], "--export_format riva: accepted are openvino and onnx"),
    "outside": (["--export_to", "../elsewhere"], "--export_to"),
    "int8 without a gate": (["--quantize", "int8", "--calibration_file", "dev.conll"], "--test_file FILE"),
    "int8 without data": (["--quantize", "int8", "--test_file", "dev.conll"], "--calibration_file FILE"),
    "format and precision": (["--export_format", "onnx", "--quantize", "bf16"], "--export_format openvino"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_end_with_a_message_and_exit_code_2(mistake, tagger_folder, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_sentences(tmp_path / "dev.conll")
    arguments, expected = MISTAKES[mistake]
    assert export("-m", tagger_folder, "-r", tmp_path / "out", *arguments) == 2
    assert expected in capsys.readouterr().err
    assert not list((tmp_path / "out").glob("**/config.json"))
