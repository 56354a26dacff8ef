"""What is said of a calibrated model's promises: with tags beside what is kept, else whether scores differ."""

import json
import logging
from pathlib import Path

import pytest
from table_model import save_table
from unsure_model import ROWS, TRUTH, write_labelled

from token_classification import cli
from token_classification.inference.calibration_record import CALIBRATION_FILE, read_calibration

OTHERS = {"Mira": ("B-PER", 0.1), "Ber": ("B-LOC", 0.1)}
"""Only what the model is unsure of, and rarely right"""


@pytest.fixture
def model(tmp_path) -> Path:
    """A calibrated model with a promise."""
    folder = save_table(tmp_path / "model", ROWS)
    dev = write_labelled(tmp_path / "dev.conll", 1)
    assert cli.run(["calibrate", "-m", str(folder), "--data", str(dev), "--min_precision", "0.6"]) == 0
    return folder


@pytest.fixture(autouse=True)
def _log(caplog):
    caplog.set_level(logging.INFO)


def list_lines(caplog, *names: str) -> list[tuple[str, str]]:
    """Level and text of what was logged about files."""
    return [
        (record.levelname, record.getMessage()) for record in caplog.records if record.getMessage().startswith(names)
    ]


def evaluate(model: Path, data: Path, out: Path) -> None:
    assert cli.run(["evaluate", "-m", str(model), "--test_file", str(data), "-r", str(out)]) == 0


def test_promises_stand_beside_what_is_kept(model, tmp_path, caplog):
    alike = write_labelled(tmp_path / "alike.conll", 2)
    evaluate(model, alike, tmp_path / "out")
    (first, expected), (second, kept) = list_lines(caplog, f"{alike}: by", f"{alike}: high", f"{alike}: scores")
    assert (first, second) == ("INFO", "INFO")
    shares = [float(part.split(" %")[0].split()[-1]) for part in expected.split("entities are right; ")]
    assert shares[0] == pytest.approx(shares[1], abs=4)
    assert f"{alike}: high_precision promises a precision of 0.6; here it is 0." in kept
    assert 0.6 <= float(kept.rpartition(" ")[2].rstrip(".")) < 1


def test_other_texts_are_named_with_what_is_not_kept(model, tmp_path, caplog):
    wrong = {**TRUTH, "Tol": ("B-PER", 0.3), "Wen": ("B-LOC", 0.3), "Kas": ("I-PER", 0.3)}
    for name, truth in (("others", OTHERS), ("wrong", wrong)):
        evaluate(model, write_labelled(tmp_path / f"{name}.conll", 2, truth=truth), tmp_path / name)
    others, wrong_file = tmp_path / "others.conll", tmp_path / "wrong.conll"
    [(level, drift), *_] = list_lines(caplog, f"{others}:")
    assert level == "WARNING"
    assert f"{others}: scores are spread otherwise than on {tmp_path / 'dev.conll'}" in drift
    assert drift.endswith("token_classification calibrate -m MODEL --data FILE")
    # The scores are those of the calibration, and the labels are others: only gold tags tell.
    lines = list_lines(caplog, f"{wrong_file}: scores", f"{wrong_file}: high")
    assert [level for level, _ in lines] == ["WARNING"]
    told, found = lines[0][1].split("; here it is ")
    assert told.endswith("high_precision promises a precision of 0.6")
    assert 0 < float(found.rstrip(".")) < 0.4


@pytest.mark.parametrize("flags", [[], ["--operating_point", "high_precision"]])
def test_infer_warns_of_other_texts_whatever_the_threshold(flags, model, tmp_path, caplog):
    texts = {}
    for name, truth in (("alike", TRUTH), ("others", OTHERS)):
        texts[name] = write_labelled(tmp_path / f"{name}.conll", 2, truth=truth)
        command = ["infer", "-m", str(model), "-r", str(tmp_path / name), "--input_file", str(texts[name]), *flags]
        assert cli.run(command) == 0
    [(level, line)] = list_lines(caplog, *(f"{file}: scores" for file in texts.values()))
    assert level == "WARNING"
    assert line.startswith(str(texts["others"]))
    progress = json.loads((tmp_path / "others" / "predictions.progress.json").read_text())
    counted = sum(count for name, count in progress["tallies"].items() if name.startswith("score."))
    assert counted == sum(line.startswith(("Mira", "Ber")) for line in texts["others"].read_text().splitlines())


def test_selected_texts_and_older_calibrations_say_nothing(model, tmp_path, caplog):
    others = write_labelled(tmp_path / "others.conll", 2, truth=OTHERS)
    command = ["infer", "-m", str(model), "--input_file", str(others)]
    assert cli.run([*command, "-r", str(tmp_path / "a"), "--select", "uncertain", "--budget", "200"]) == 0
    content = json.loads((model / CALIBRATION_FILE).read_text())
    assert sum(content.pop("scores")) == content["notes"]["entities"]["before"]["count"]
    (model / CALIBRATION_FILE).write_text(json.dumps(content))
    assert read_calibration(model).scores == []
    assert cli.run([*command, "-r", str(tmp_path / "b")]) == 0
    assert list_lines(caplog, f"{others}: scores") == []


def test_a_broken_calibration_does_not_cost_an_evaluation(model, tmp_path, caplog):
    content = json.loads((model / CALIBRATION_FILE).read_text())
    content["operating_points"]["high_precision"]["notes"]["rows"] = [{"bound": 0.5}]
    (model / CALIBRATION_FILE).write_text(json.dumps(content))
    evaluate(model, write_labelled(tmp_path / "alike.conll", 2), tmp_path / "out")
    [(level, _)] = list_lines(caplog, str(model / CALIBRATION_FILE))
    assert level == "WARNING"
    assert (tmp_path / "out" / "report" / "report.html").is_file()
