"""`report` and `compare` as commands: nothing that is read or foreign is written over; mistakes are one message."""

import os
import shutil
from pathlib import Path

import pytest
from full_disk import full_disk
from tagged_splits import make_sentences, perturb

from token_classification import cli
from token_classification.exit_codes import run_command
from token_classification.reporting.predictions import write_tagged_words


def run(*arguments: object) -> int:
    """Run a command in this process; gives its exit code."""
    return run_command(cli.run, list(map(str, arguments)))


def read_files(folder: Path) -> dict[str, bytes]:
    """Every file of a folder with its content."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def predictions(tmp_path: Path) -> Path:
    """Predictions in a folder of their own, with columns of their own behind the words."""
    sentences = make_sentences(4)
    path = tmp_path / "run" / "predictions.conll"
    path.parent.mkdir()
    write_tagged_words(path, sentences, perturb(sentences.tags))
    rows = path.read_text().split("\n")
    path.write_text("\n".join(row.replace("\t", "\tNN\tI-NP\t", 1) for row in rows))
    return path


@pytest.mark.parametrize("link", ["", "symlink", "hardlink"])
def test_the_predictions_that_are_read_stay_as_they_are(predictions, tmp_path, capsys, link):
    results = predictions.parent
    if link:
        results = tmp_path / "results"
        results.mkdir()
        getattr(results / predictions.name, f"{link}_to")(predictions)
    before = read_files(tmp_path)
    for given in (predictions, predictions.parent):
        assert run("report", given, "-r", results) == 2
        assert "predictions.conll" in capsys.readouterr().err
    assert read_files(tmp_path) == before


def test_the_training_data_stay_as_they_are(predictions, tmp_path, capsys):
    train = tmp_path / "out" / "report.txt"
    train.parent.mkdir()
    train.write_text("Anna B-PER\n")
    assert run("report", predictions, "-r", train.parent, "--train_file", train) == 2
    assert "report.txt" in capsys.readouterr().err
    assert read_files(train.parent) == {"report.txt": b"Anna B-PER\n"}


def test_a_report_replaces_an_earlier_one_and_nobody_elses(predictions, tmp_path, capsys):
    for _ in range(2):
        assert run("report", predictions, "-r", tmp_path / "out") == 0
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "report.html").write_text("precious")
    assert run("report", predictions, "-r", tmp_path / "mine") == 2
    assert "-r" in capsys.readouterr().err
    assert read_files(tmp_path / "mine") == {"report.html": b"precious"}


@pytest.mark.parametrize("place", ["a_file", "a_file/below", "/proc/nowhere"])
def test_a_results_folder_that_can_not_be_is_one_message(predictions, tmp_path, capsys, place):
    (tmp_path / "a_file").write_text("precious")
    assert run("report", predictions, "-r", tmp_path / place) == 2
    message = capsys.readouterr().err
    assert message.startswith("error: ")
    assert place in message
    assert (tmp_path / "a_file").read_text() == "precious"


def test_a_full_disk_leaves_whole_files_and_says_what_to_do(predictions, tmp_path, capsys):
    with full_disk():
        code = run("report", predictions, "-r", tmp_path / "out")
    assert code == 2
    message = capsys.readouterr().err
    assert "df -h" in message
    assert "report.html" in message
    left = read_files(tmp_path / "out")
    assert not any(".unfinished" in name for name in left)
    assert run("report", predictions, "-r", tmp_path / "again") == 0
    whole = read_files(tmp_path / "again")
    assert {name: content for name, content in left.items() if whole[name] != content} == {}


@pytest.mark.parametrize("command", ["report", "compare"])
@pytest.mark.parametrize("what", ["missing", "folder without", "binary", "two columns", "empty", "no rights"])
def test_what_is_no_prediction_file_is_one_message(predictions, tmp_path, capsys, command, what):
    bad = tmp_path / "bad.conll"
    if what == "folder without":
        bad.mkdir()
    elif what == "no rights":
        if os.geteuid() == 0:
            pytest.skip("root may read everything")
        shutil.copyfile(predictions, bad)
        bad.chmod(0)
    elif what != "missing":
        bad.write_bytes({"binary": b"\x00\xff\x93\n" * 9, "two columns": b"a O\n", "empty": b""}[what])
    arguments = [bad, "-r", tmp_path / "out"] if command == "report" else [predictions, bad]
    assert run(command, *arguments) == 2
    message = capsys.readouterr().err
    assert message.startswith("error: ")
    assert "bad.conll" in message
    assert not (tmp_path / "out").exists()
