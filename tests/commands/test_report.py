"""`report` as a command: nothing that is read or foreign is written over; mistakes are one message."""

import json
from pathlib import Path

import pytest
from conftest import write_sentences
from full_disk import full_disk
from tagged_splits import make_sentences, perturb

from token_classification import cli
from token_classification.exit_codes import run_command
from token_classification.reporting.predictions import write_tagged_words


def report(*arguments: object) -> int:
    """Run the command in this process and return its exit code."""
    return run_command(cli.run, ["report", *map(str, arguments)])


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
        assert report(given, "-r", results) == 2
        assert "predictions.conll" in capsys.readouterr().err
    assert read_files(tmp_path) == before


def test_the_training_data_stay_as_they_are(predictions, tmp_path, capsys):
    train = tmp_path / "out" / "report.txt"
    train.parent.mkdir()
    train.write_text("Anna B-PER\n")
    assert report(predictions, "-r", train.parent, "--train_file", train) == 2
    assert "report.txt" in capsys.readouterr().err
    assert read_files(train.parent) == {"report.txt": b"Anna B-PER\n"}


def test_a_report_replaces_an_earlier_one_and_nobody_elses(predictions, tmp_path, capsys):
    for _ in range(2):
        assert report(predictions, "-r", tmp_path / "out") == 0
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "report.html").write_text("precious")
    assert report(predictions, "-r", tmp_path / "mine") == 2
    assert "-r" in capsys.readouterr().err
    assert read_files(tmp_path / "mine") == {"report.html": b"precious"}


@pytest.mark.parametrize("place", ["a_file", "a_file/below", "/proc/nowhere"])
def test_a_results_folder_that_can_not_be_is_one_message(predictions, tmp_path, capsys, place):
    (tmp_path / "a_file").write_text("precious")
    assert report(predictions, "-r", tmp_path / place) == 2
    message = capsys.readouterr().err
    assert message.startswith("error: ")
    assert place in message
    assert (tmp_path / "a_file").read_text() == "precious"


def test_a_full_disk_leaves_whole_files_and_says_what_to_do(predictions, tmp_path, capsys):
    with full_disk():
        code = report(predictions, "-r", tmp_path / "out")
    assert code == 2
    message = capsys.readouterr().err
    assert "df -h" in message
    assert "report.html" in message
    left = read_files(tmp_path / "out")
    assert not any(".unfinished" in name for name in left)
    assert report(predictions, "-r", tmp_path / "again") == 0
    whole = read_files(tmp_path / "again")
    assert {name: content for name, content in left.items() if whole[name] != content} == {}


def test_what_has_no_gold_is_one_message(tmp_path, capsys):
    (tmp_path / "bad.conll").write_bytes(b"a O\n")
    assert report(tmp_path / "bad.conll", "-r", tmp_path / "out") == 2
    message = capsys.readouterr().err
    assert message.startswith("error: ")
    assert "bad.conll" in message
    assert not (tmp_path / "out").exists()


def test_training_data_tell_seen_names_from_new_ones(predictions, tmp_path, capsys):
    train = write_sentences(tmp_path / "train.conll")
    assert report(predictions, "-r", tmp_path / "out", "--train_file", train) == 0
    assert capsys.readouterr().out.endswith(f"{tmp_path}/out/report.html\n")
    record = json.loads((tmp_path / "out" / "report.json").read_text())
    assert record["sentences"] == 32
    assert "seen with this type" in record["slices"][1]["groups"]


def test_training_data_without_tags_are_refused(predictions, tmp_path, capsys):
    train = write_sentences(tmp_path / "train.conll", with_tags=False)
    assert report(predictions, "-r", tmp_path / "out", "--train_file", train) == 2
    assert "train.conll: no tags" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
