"""`evaluate` by flags: what a run with `--do_predict` reports, for trained and for exported models."""

import json
from pathlib import Path

import pytest
from conftest import SENTENCES, write_sentences
from span_documents import require_packages

from token_classification import cli, story
from token_classification.data.formats.span_files import SPAN_READERS
from token_classification.exit_codes import run_command
from token_classification.inference.tool_documents import name_tool_file

KNOWN = [(words, tags.replace("ORG", "PER")) for words, tags in SENTENCES]
RESULTS = ("predictions.conll", "predictions.txt", "predict_results.json", "all_results.json", "run.json")


def evaluate(*arguments: object) -> int:
    """Run the command in this process and return its exit code."""
    return run_command(cli.run, ["evaluate", *map(str, arguments)])


def read_metrics(folder: Path) -> dict[str, float]:
    """The metrics of a run, less its speed."""
    metrics = json.loads((folder / "predict_results.json").read_text())
    return {name: value for name, value in metrics.items() if "runtime" not in name and "second" not in name}


@pytest.fixture(scope="module")
def test_file(tmp_path_factory) -> Path:
    """Eight labelled sentences with tags that the tagger knows."""
    return write_sentences(tmp_path_factory.mktemp("data") / "test.conll", KNOWN)


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory, tagger_folder, test_file) -> Path:
    """The results of the tagger."""
    folder = tmp_path_factory.mktemp("evaluated")
    assert evaluate("-m", tagger_folder, "-r", folder, "--test_file", test_file) == 0
    return folder


def test_it_reports_what_predicting_reports(evaluated, tagger_folder, test_file, tmp_path, capsys):
    common = ["--model_name_or_path", tagger_folder, "--test_file", test_file, "--do_predict"]
    assert run_command(story.main, list(map(str, [*common, "--output_dir", tmp_path]))) == 0
    assert read_metrics(evaluated) == read_metrics(tmp_path)
    for name in ("predictions.conll", "report/report.txt"):
        assert (evaluated / name).read_bytes() == (tmp_path / name).read_bytes()
    assert sorted(path.name for path in evaluated.iterdir()) == sorted(path.name for path in tmp_path.iterdir())


def test_an_exported_model_leaves_the_same(evaluated, tagger_folder, test_file, tmp_path, capsys):
    pytest.importorskip("onnxruntime", reason='needs the extra "export"')
    export = ["export", "-m", tagger_folder, "-r", tmp_path / "onnx", "--export_format", "onnx"]
    assert run_command(cli.run, list(map(str, export))) == 0
    capsys.readouterr()
    assert evaluate("-m", tmp_path / "onnx", "-r", tmp_path / "out", "--test_file", test_file) == 0
    assert "all (strict)" in capsys.readouterr().out
    assert read_metrics(tmp_path / "out") == pytest.approx(read_metrics(evaluated), abs=1e-4)
    assert (tmp_path / "out" / "predictions.conll").read_bytes() == (evaluated / "predictions.conll").read_bytes()
    assert all((tmp_path / "out" / name).is_file() for name in RESULTS)


@pytest.mark.parametrize("tool", SPAN_READERS)
def test_a_model_agrees_with_the_labels_that_it_gave_in_the_file_of_a_tool(tagger_folder, tmp_path, tool):
    require_packages(tool)
    (tmp_path / "texts.txt").write_text("".join(f"{words}\n" for words, _ in KNOWN))
    flags = ["-m", tagger_folder, "-r", tmp_path / "labelled", "--input_file", tmp_path / "texts.txt", "--to", tool]
    assert run_command(cli.run, ["infer", *map(str, flags)]) == 0
    labelled = tmp_path / "labelled" / name_tool_file(tool)
    out = tmp_path / "out"
    assert evaluate("-m", tagger_folder, "-r", out, "--test_file", labelled, "--report", "false") == 0
    assert read_metrics(out)["predict_f1"] == 1


def test_any_format_is_read_and_flags_decide(tagger_folder, tmp_path):
    rows = [{"words": words.split(), "kind": tags.split()} for words, tags in KNOWN]
    (tmp_path / "test.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    columns = ["--text_column_name", "words", "--label_column_name", "kind"]
    settings = ["--decoder", "viterbi", "--per_device_eval_batch_size", "2", "--report", "false"]
    out = tmp_path / "out"
    assert evaluate("-m", tagger_folder, "-r", out, "--test_file", tmp_path / "test.jsonl", *columns, *settings) == 0
    assert read_metrics(out)["predict_illegal_sequences_repaired"] > 0
    assert not (out / "report").exists()


MISTAKES = {
    "no file": ([], "--test_file FILE is missing"),
    "missing": (["--test_file", "a.conll"], "a.conll: no such file"),
    "no tags": (["--test_file", "words.conll"], "words.conll: no tags"),
    "batch": (["--test_file", "words.conll", "--per_device_eval_batch_size", "0"], "--per_device_eval_batch_size"),
    "decoder": (["--test_file", "words.conll", "--decoder", "beam"], "invalid choice: 'beam'"),
    "annotator": (
        ["--test_file", "answers.jsonl", "--annotator", "cho"],
        "no annotator 'cho'; accepted: 'ann', or majo",
    ),
    "foreign file": (["--test_file", "test.conll", "-r", "mine"], "give another -r\n"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_end_with_a_message_and_exit_code_2(mistake, tagger_folder, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_sentences(tmp_path / "test.conll", KNOWN)
    write_sentences(tmp_path / "words.conll", KNOWN, with_tags=False)
    answer = {"text": "Anna left", "spans": [], "answer": "accept", "_annotator_id": "ann"}
    (tmp_path / "answers.jsonl").write_text(json.dumps(answer))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "predictions.conll").write_text("precious")
    arguments, expected = MISTAKES[mistake]
    assert evaluate("-r", "out", "-m", tagger_folder, *arguments) == 2
    assert expected in capsys.readouterr().err
    assert (tmp_path / "mine" / "predictions.conll").read_text() == "precious"
