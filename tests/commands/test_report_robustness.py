"""`report --robustness`: from a run or from a labelled file, and what is said where something is missing."""

import json
from pathlib import Path

import pytest
from table_model import save_table
from unsure_model import ROWS, write_labelled

from token_classification import cli
from token_classification.data.formats import read_sentences
from token_classification.exit_codes import run_command
from token_classification.inference.engine import open_engine
from token_classification.reporting.predictions import read_tagged_words, write_tagged_words

pytest.importorskip("faker", reason='needs the extra "redact"')


def report(*arguments: object) -> int:
    """Run the command in this process and return its exit code."""
    return run_command(cli.run, ["report", *map(str, arguments)])


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    """A model that knows five words by their letters, in the case in which they are written."""
    return save_table(tmp_path_factory.mktemp("models") / "table", ROWS)


@pytest.fixture
def run(tmp_path, model) -> Path:
    """The folder of a run: the model, and what it predicts for a labelled file."""
    folder = tmp_path / "run"
    folder.mkdir()
    for file in model.iterdir():
        (folder / file.name).symlink_to(file)
    sentences = read_sentences(str(write_labelled(tmp_path / "dev.conll", 1, sentences=60)))
    write_tagged_words(folder / "predictions.conll", sentences, open_engine(model).tag(sentences.tokens).tags)
    return folder


def read_record(folder: Path) -> dict:
    return json.loads((folder / "report.json").read_text())


def test_a_run_is_scored_on_perturbed_sentences(run, tmp_path, capsys):
    out = tmp_path / "out"
    assert report(run, "-r", out, "--robustness") == 0
    printed = capsys.readouterr()
    assert printed.out == f"{out}/report.html\n"
    assert "upper case: F1 0.00" in printed.err
    assert "other tags" not in printed.err
    record = read_record(out)
    rows = {row["name"]: row for row in record["robustness"]["perturbations"]}
    assert rows["upper case"]["micro_f1"]["perturbed"] == 0.0
    assert rows["title case"]["micro_f1"]["difference"] == 0.0
    assert all(row["micro_f1"]["original"] == record["micro"]["f1"]["value"] > 0 for row in rows.values())
    assert all(row["micro_f1"]["gold"] == record["micro"]["gold"] for row in rows.values())
    assert "F1 on perturbed sentences" in (out / "report.txt").read_text()
    assert '"robustness":{' in (out / "report.html").read_text()


def test_a_labelled_file_gives_the_same(run, model, tmp_path):
    assert report(run, "-r", tmp_path / "a", "--robustness") == 0
    assert report(model, "-r", tmp_path / "b", "--robustness", "--test_file", tmp_path / "dev.conll") == 0
    first, second = read_record(tmp_path / "a"), read_record(tmp_path / "b")
    assert first["robustness"] == second["robustness"]
    assert first["micro"] == second["micro"]
    assert second["source"] == str(tmp_path / "dev.conll")


def test_without_it_the_files_are_as_they_were(run, tmp_path):
    assert report(run, "-r", tmp_path / "out") == 0
    assert "robustness" not in read_record(tmp_path / "out")
    assert "perturbed" not in (tmp_path / "out" / "report.txt").read_text()


def test_predictions_of_another_model_are_counted(run, tmp_path, capsys):
    file = run / "predictions.conll"
    sentences, predicted = read_tagged_words(file)
    row, word = next(
        (row, word)
        for row, tags in enumerate(predicted)
        for word, tag in enumerate(tags)
        if tag == sentences.gold[row][word] != "O"
    )
    predicted[row][word] = "O"
    write_tagged_words(file, sentences, predicted)
    assert report(run, "-r", tmp_path / "out", "--robustness") == 0
    assert "Words with other tags than in the predictions of the run: 1." in capsys.readouterr().err
    assert report(run, "-r", tmp_path / "as_it_was") == 0
    assert read_record(tmp_path / "out")["micro"] != read_record(tmp_path / "as_it_was")["micro"]


def test_a_missing_model_or_missing_sentences_are_one_message(run, model, tmp_path, capsys):
    (tmp_path / "dev.conll").write_text("Tol\nBer\n\n" * 3)
    cases = {
        (run / "predictions.conll", "--robustness"): "no model there (config.json), and --robustness needs one",
        (tmp_path, "--robustness", "--test_file", tmp_path / "dev.conll"): "no model there (config.json)",
        (
            model,
            "--robustness",
        ): "no predictions.conll there, so --robustness has no labelled sentences; type --test_file",
        (run, "--test_file", tmp_path / "dev.conll"): "accepted with --robustness only; to score a model without it",
        (model, "--robustness", "--test_file", tmp_path / "dev.conll"): "dev.conll: no tags",
    }
    for arguments, message in cases.items():
        assert report(*arguments, "-r", tmp_path / "out") == 2
        error = capsys.readouterr().err
        assert message in error
        assert "Traceback" not in error
    assert not (tmp_path / "out").exists()
