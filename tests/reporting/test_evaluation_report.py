"""The files of a report, what is in them, and that they are whole or not there."""

import json
import logging
import re
from pathlib import Path

import pytest
from tagged_splits import make_split

from token_classification.data.results_folder import MARKER
from token_classification.data.schemes import Scheme
from token_classification.data.sentences import Sentences
from token_classification.errors import UserError
from token_classification.reporting import evaluation_page, evaluation_report
from token_classification.reporting.confusion import DRAWN_TAGS
from token_classification.reporting.evaluation import LabelledSplit, analyse_split
from token_classification.reporting.evaluation_report import write_evaluation_report
from token_classification.reporting.predictions import read_tagged_words

LOG = [
    {"loss": 1.5, "step": 10, "epoch": 1.0, "learning_rate": 1e-5},
    {"eval_f1": 0.4, "eval_loss": 1.0, "step": 10, "epoch": 1.0},
    {"loss": 0.5, "step": 20, "epoch": 2.0, "learning_rate": 0.0},
    {"eval_f1": 0.6, "eval_loss": 0.7, "step": 20, "epoch": 2.0},
    {"train_loss": 1.0, "step": 20, "epoch": 2.0, "train_runtime": 1.0},
]
PNG = b"\x89PNG"
HOSTILE = ["</script><script>alert(1)</script>", "<img src=x onerror=alert(2)>", "<!--", "&lt;", "{{data}}", "\u2028"]


def read_page(folder: Path) -> dict:
    """The data inside of the page."""
    text = (folder / "report.html").read_text(encoding="utf-8")
    return json.loads(text.partition('id="data">')[2].partition("</script>")[0])


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A report on forty sentences after a training."""
    target = tmp_path_factory.mktemp("run") / "report"
    write_evaluation_report(target, analyse_split(make_split()), LOG)
    return target


def test_the_files(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == [
        MARKER,
        "confusion_matrix.png",
        "predictions.conll",
        "report.html",
        "report.json",
        "report.txt",
        "training_curve.png",
    ]
    assert all((folder / name).read_bytes().startswith(PNG) for name in ("confusion_matrix.png", "training_curve.png"))


def test_the_json_holds_the_numbers(folder: Path) -> None:
    evaluation = analyse_split(make_split())
    record = json.loads((folder / "report.json").read_text())
    assert (record["split"], record["source"], record["sentences"], record["scheme"]) == (
        "test",
        "test.conll",
        40,
        "iob2",
    )
    assert record["micro"]["f1"]["value"] == evaluation.micro.f1.value
    assert record["errors"]["total"]["missed"] == evaluation.error_totals["missed"]
    assert set(record["types"]) == {"PER", "LOC", "ORG"}
    assert record["training"] == {"losses": [[10, 1.5], [20, 0.5]], "f1": [[10, 0.4], [20, 0.6]]}
    assert record["intervals"]["replicates"] == 1000


def test_the_text_says_the_same(folder: Path) -> None:
    record = json.loads((folder / "report.json").read_text())
    text = (folder / "report.txt").read_text()
    micro = record["micro"]
    scores = [f"{100 * micro[name]['value']:.2f}" for name in ("precision", "recall", "f1")]
    interval = f"{100 * micro['f1']['low']:.2f} - {100 * micro['f1']['high']:.2f}"
    row = [*scores, interval, f"{micro['gold']}", f"{micro['predicted']}"]
    assert re.search(r"^all \(micro\) +" + " +".join(map(re.escape, row)) + "$", text, re.MULTILINE)
    errors = " +".join(str(number) for number in record["errors"]["total"].values())
    assert re.search(f"^all +{errors}$", text, re.MULTILINE)
    assert all(part["name"] in text for part in record["slices"])


def test_the_predictions_are_read_again_as_they_were(folder: Path) -> None:
    split = make_split()
    sentences, predicted = read_tagged_words(folder / "predictions.conll")
    assert (sentences.tokens, sentences.tags, predicted) == (
        split.sentences.tokens,
        split.sentences.tags,
        split.predicted,
    )


def test_the_page_holds_every_sentence_the_worst_first(folder: Path) -> None:
    browser = read_page(folder)["browser"]
    errors = [sum(browser["classes"][pair[0]] != "correct" for pair in pairs) for _, _, pairs in browser["rows"]]
    assert len(errors) == 40
    assert errors == sorted(errors, reverse=True)
    assert errors[0] > 0
    assert sorted(line for line, _, _ in browser["rows"]) == make_split().sentences.lines


def test_the_page_asks_for_nothing_outside(folder: Path) -> None:
    text = (folder / "report.html").read_text(encoding="utf-8")
    before_data = text.partition('<script type="application/json"')[0]
    assert "default-src 'none'" in before_data
    for part in ("http:", "https:", "src=", "@import", "url(", "<link"):
        assert part not in before_data


def test_hostile_words_stay_data(tmp_path: Path) -> None:
    sentences = Sentences([HOSTILE], [["B-<b>"] * len(HOSTILE)], [1])
    predicted = [["O"] * len(HOSTILE)]
    write_evaluation_report(tmp_path, analyse_split(LabelledSplit("t", "</title>", sentences, predicted, Scheme.IOB2)))
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert text.count("<script") == text.count("</script>") == 2
    assert "<img" not in text
    data = read_page(tmp_path)
    assert data["browser"]["rows"][0][1] == HOSTILE
    assert data["source"] == "</title>"


def test_without_matplotlib_the_pictures_are_missing_and_the_log_says_so(tmp_path, monkeypatch, caplog) -> None:
    monkeypatch.setattr(evaluation_report, "find_spec", lambda name: None)
    with caplog.at_level(logging.WARNING):
        write_evaluation_report(tmp_path, analyse_split(make_split()), LOG)
    assert list(tmp_path.glob("*.png")) == []
    assert (tmp_path / "report.html").exists()
    assert 'pip install ".[report]"' in caplog.text


def test_no_picture_of_an_earlier_report_stays(tmp_path) -> None:
    for log in (LOG, LOG[:2]):
        write_evaluation_report(tmp_path, analyse_split(make_split()), log)
    assert not (tmp_path / "training_curve.png").exists()
    assert (tmp_path / "confusion_matrix.png").exists()


def test_one_point_is_no_curve(tmp_path) -> None:
    write_evaluation_report(tmp_path, analyse_split(make_split()), LOG[:2] + LOG[4:])
    assert not (tmp_path / "training_curve.png").exists()


def test_a_failure_leaves_no_half_file(tmp_path, monkeypatch) -> None:
    def fail(*arguments) -> None:
        Path(arguments[-1]).write_text("half")
        raise OSError("disk full")

    monkeypatch.setattr(evaluation_report, "draw_confusion_matrix", fail)
    with pytest.raises(UserError, match="disk full"):
        write_evaluation_report(tmp_path, analyse_split(make_split()), LOG)
    assert [path.name for path in tmp_path.iterdir() if "confusion" in path.name] == []


def test_large_splits_and_large_tag_sets_are_cut_where_they_are_shown(tmp_path, caplog, monkeypatch) -> None:
    monkeypatch.setattr(evaluation_page, "BROWSED_SENTENCES", 200)
    count = 205
    names = [f"T{number}" for number in range(DRAWN_TAGS + 1)]
    gold = [[names[number % len(names)]] for number in range(count)]
    sentences = Sentences([["word"]] * count, gold, list(range(1, 2 * count, 2)))
    predicted = [["T0"], *gold[1:]]
    write_evaluation_report(tmp_path, analyse_split(LabelledSplit("t", "x", sentences, predicted, Scheme.PLAIN)))
    data = read_page(tmp_path)
    assert (len(data["browser"]["rows"]), data["browser"]["left_out"]) == (200, 5)
    assert data["tag_confusions"] is None
    assert not (tmp_path / "confusion_matrix.png").exists()
    assert f"{DRAWN_TAGS + 1} tags" in caplog.text
    confusions = json.loads((tmp_path / "report.json").read_text())["tag_confusions"]
    assert sum(number for *_, number in confusions["pairs"]) == count
    assert len(confusions["pairs"]) <= count
