"""`token_classification tune` as it is typed: real trainings, and a command that gives the same model again."""

import json
import shlex
import sys
from xml.etree import ElementTree

import pytest

import run_ner
from token_classification import Predictor, cli
from token_classification.errors import UserError
from token_classification.exit_codes import run_command


@pytest.fixture
def argv(bert_folder, conll_file, tmp_path):
    (tmp_path / "more.yaml").write_text("use_cpu: true\nnum_train_epochs: 2\n")
    data = ["--train_file", conll_file, "--validation_file", conll_file]
    return [*map(str, ["-m", bert_folder, *data, "-r", tmp_path / "out", "--config", tmp_path / "more.yaml"])]


def test_the_command_that_is_printed_trains_the_model_that_is_kept(argv, tmp_path, monkeypatch, capsys):
    pytest.importorskip("optuna", reason='needs the extra "tune"')
    monkeypatch.chdir(tmp_path)
    assert cli.run(["tune", *argv, "--trials", "2"]) == 0
    printed = capsys.readouterr().out
    command = (tmp_path / "out" / "best_command.sh").read_text()
    assert command in printed
    rows = json.loads((tmp_path / "out" / "trials.json").read_text())
    assert [row["ended"] for row in rows] == ["scored", "scored"]
    assert rows[0]["f1"] >= rows[1]["f1"]
    words = shlex.split(command)
    assert words[:2] == ["python", "run_ner.py"]
    assert run_ner.main(words[2:]) == 0
    again = json.loads((tmp_path / "tuned-model" / "eval_results.json").read_text())
    assert again["eval_f1"] == rows[0]["f1"]
    weights = [tmp_path / folder / "model.safetensors" for folder in ("out/best_model", "tuned-model")]
    assert weights[0].read_bytes() == weights[1].read_bytes()
    assert Predictor.from_pretrained(tmp_path / "out" / "best_model").tag(["Anna"])
    picture = ElementTree.parse(tmp_path / "out" / "trials.svg").getroot()
    titles = [text.text for text in picture.iter() if text.get("class") == "title"]
    assert titles == ["trial", *rows[0]["settings"]]
    assert len([*picture.iter("{http://www.w3.org/2000/svg}circle")]) == len(titles) * len(rows)


@pytest.mark.parametrize("line", ["test_file: test.conll", "seed: 1", "do_predict: true", "train_file: train.conll"])
def test_what_tune_decides_is_not_in_the_config(argv, tmp_path, line):
    pytest.importorskip("optuna", reason='needs the extra "tune"')
    (tmp_path / "more.yaml").write_text(f"{line}\n")
    with pytest.raises(UserError, match=line.partition(":")[0]):
        cli.run(["tune", *argv])
    assert not (tmp_path / "out").exists()


def test_optuna_is_an_extra(argv, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert run_command(cli.run, ["tune", *argv]) == 2
    assert (
        'optuna is not installed; type in the folder of this project: pip install ".[tune]"' in capsys.readouterr().err
    )
    assert not (tmp_path / "out").exists()
