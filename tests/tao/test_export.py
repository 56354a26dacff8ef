"""`export` with keys and a spec; what both forms have in common: `tests/commands/test_export.py`."""

import json
from pathlib import Path

import pytest
from conftest import SENTENCES, write_sentences

from token_classification import cli
from token_classification.exit_codes import run_command
from token_classification.export import gate
from token_classification.inference.export_record import read_export_record

pytest.importorskip("openvino", reason='needs the extra "export"')

NAME = "exported-model.eonnx"


def run(*arguments: object) -> int:
    """Run a command in this process; gives its exit code."""
    return run_command(cli.run, list(map(str, arguments)))


@pytest.fixture(scope="module")
def exported(tmp_path_factory, tagger_folder) -> Path:
    """The results of a TAO command line: ONNX, a name for the exported model, nothing to score it on."""
    results = tmp_path_factory.mktemp("export")
    assert run("export", "-m", tagger_folder, "-r", results, "export_format=ONNX", f"export_to={NAME}") == 0
    return results


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory) -> Path:
    """A file of text and labels to evaluate on."""
    folder = tmp_path_factory.mktemp("data")
    texts, tags = zip(*[(words, tags.replace("ORG", "PER")) for words, tags in SENTENCES], strict=True)
    (folder / "text_dev.txt").write_text("".join(f"{text}\n" for text in texts))
    (folder / "labels_dev.txt").write_text("".join(f"{line}\n" for line in tags))
    return folder


def test_without_a_file_to_score_it_on_the_model_is_exported_aloud(exported):
    record = read_export_record(exported / NAME)
    assert record.backend == "onnx"
    assert (record.notes["test_file"], record.notes["gate"]) == (None, [])
    log = (exported / "nemo_log_globalrank-0_localrank-0.txt").read_text()
    assert "test_file=FILE" in log
    assert "--" not in log.split("Experiments will be logged")[1]


def test_what_was_exported_tags_under_the_name_of_tao(exported, tagger_folder, tmp_path, capsys):
    texts = json.dumps([words for words, _ in SENTENCES])
    assert run("infer_onnx", "-m", exported / NAME, "-r", tmp_path / "onnx", f"input_batch={texts}") == 0
    assert "Query : Anna Smith moved" in capsys.readouterr().out
    assert run("infer", "-m", tagger_folder, "-r", tmp_path / "torch", f"input_batch={texts}") == 0
    onnx, torch = ((tmp_path / name / "predictions.txt").read_text() for name in ("onnx", "torch"))
    assert onnx == torch
    assert "[B-" in onnx


def test_an_exported_model_is_scored_as_the_model_itself(exported, tagger_folder, data_dir, tmp_path, capsys):
    outputs = {}
    for name, model in (("onnx", exported / NAME), ("torch", tagger_folder)):
        assert run("evaluate", "-m", model, "-r", tmp_path / name, f"data_dir={data_dir}") == 0
        outputs[name] = capsys.readouterr().out
    dictionaries = [
        output[output.index("DATALOADER:0 TEST RESULTS") :].split("\n[NeMo")[0] for output in outputs.values()
    ]
    assert dictionaries[0] == dictionaries[1]
    reports = [json.loads((tmp_path / name / "report" / "report.json").read_text()) for name in ("onnx", "torch")]
    assert reports[0]["micro"] == reports[1]["micro"]
    for name in ("infer_text_dev.txt", "predictions.conll"):
        onnx, torch = ((tmp_path / folder / name).read_bytes() for folder in ("onnx", "torch"))
        assert onnx == torch, name


def test_several_processes_do_not_score_an_exported_model(exported, data_dir, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert run("evaluate", "-m", exported / NAME, "-r", tmp_path, f"data_dir={data_dir}") == 2
    assert "leave -g out" in capsys.readouterr().err


def test_with_a_key_the_export_is_an_archive(tagger_folder, tmp_path, capsys):
    results = tmp_path / "out"
    assert run("export", "-m", tagger_folder, "-r", results, "-k", "secret", f"export_to={NAME}") == 0
    assert not list(results.rglob("config.json"))
    assert not list(results.glob(".unfinished*"))
    common = ["infer_onnx", "-m", results / NAME, "input_batch=[Anna]"]
    assert run(*common, "-r", tmp_path / "infer", "-k", "secret") == 0
    assert run(*common, "-r", tmp_path / "wrong", "-k", "wrong") == 2
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / NAME).write_text("mine")
    assert run("export", "-m", tagger_folder, "-r", tmp_path / "precious", "-k", "secret", f"export_to={NAME}") == 2
    assert (tmp_path / "precious" / NAME).read_text() == "mine"
    assert "secret" not in capsys.readouterr().err


def test_with_a_key_a_rejected_model_leaves_nothing_readable(tagger_folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(gate.Gate, "passes", lambda *_: False)
    test_file = write_sentences(tmp_path / "test.conll")
    settings = [f"test_file={test_file}", "export_to=model"]
    assert run("export", "-m", tagger_folder, "-r", tmp_path / "out", "-k", "secret", *settings) == 3
    assert "not kept" in capsys.readouterr().err
    assert not list((tmp_path / "out").rglob("*.bin"))


MISTAKES = {
    "riva": (["export_format=RIVA"], "export_format=onnx"),
    "old riva": (["export_format=ejrvs"], "accepted are openvino and onnx"),
    "outside": (["export_to=../elsewhere"], "export_to"),
    "int8 without a gate": (["quantize=int8", "calibration_file=dev.conll"], "test_file=FILE"),
    "bf16 without a gate": (["quantize=bf16"], "quantize=none"),
    "format and precision": (["export_format=Onnx", "quantize=bf16"], "export_format=openvino"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_end_with_a_message_and_exit_code_2(mistake, tagger_folder, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_sentences(tmp_path / "dev.conll")
    arguments, expected = MISTAKES[mistake]
    assert run("export", "-m", tagger_folder, "-r", tmp_path / "out", *arguments) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert "--" not in error
    assert not list((tmp_path / "out").glob("**/config.json"))
