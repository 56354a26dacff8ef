"""What a training fits on its validation data at its end, what it says about it, and when it leaves it."""

import json
import logging
from pathlib import Path

import pytest
from table_model import save_table
from tao_runs import run as run_tao
from unsure_model import ROWS, write_labelled

import run_ner
from token_classification import Predictor, cli
from token_classification.exit_codes import run_command
from token_classification.inference.calibration_record import CALIBRATION_FILE, read_calibration
from token_classification.training.trainer import NerTrainer

KEPT_WEIGHTS = ["--do_train", "--max_steps", 1, "--learning_rate", 0, "--use_cpu", "--disable_tqdm", "true"]
"""A training that changes nothing: what the model finds is then known"""
TRAIN = "Mira met Tol\tB-PER O B-PER\nin Ber\tO B-LOC\nKas met Kas\tI-PER O I-PER\n"


@pytest.fixture
def model(tmp_path) -> Path:
    """A model that is too sure of itself."""
    return save_table(tmp_path / "table", ROWS)


@pytest.fixture
def train(tmp_path) -> Path:
    return write_sentences(tmp_path / "train.conll", TRAIN)


@pytest.fixture
def dev(tmp_path) -> Path:
    return write_labelled(tmp_path / "dev.conll", 1)


def write_sentences(path: Path, rows: str) -> Path:
    """Write lines of `words TAB tags` as CoNLL."""
    sentences = [[part.split() for part in row.split("\t")] for row in rows.splitlines()]
    lines = ["".join(f"{word}\t{tag}\n" for word, tag in zip(*pair, strict=True)) for pair in sentences]
    path.write_text("\n".join(lines))
    return path


def run(model: Path, train: Path, dev: Path | None, output: Path, *flags: object) -> Path:
    """Train without any effect, and return the output folder."""
    files = ["--train_file", train, *(["--validation_file", dev] if dev else [])]
    arguments = ["--model_name_or_path", model, *files, "--output_dir", output, *KEPT_WEIGHTS, *flags]
    assert run_command(run_ner.main, [*map(str, arguments)]) == 0
    return output


def list_messages(caplog) -> list[str]:
    """What was said about calibrating."""
    found = [record.getMessage() for record in caplog.records]
    return [text for text in found if text.startswith("Scores ")]


@pytest.mark.parametrize("steps", [["--do_eval"], [], ["--do_eval", "--decoder", "viterbi"]])
def test_a_training_calibrates_as_the_command_does(steps, model, train, dev, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    output = run(model, train, dev, tmp_path / "run", *steps)
    [message] = list_messages(caplog)
    assert f"entities of {dev} (platt" in message
    before, after = (float(part) for part in message.partition("ECE ")[2].partition(" on ")[0].split(" -> "))
    assert after < 0.1 < before
    fitted = read_calibration(output)
    raw, calibrated = (Predictor.from_pretrained(folder) for folder in (model, output))
    assert calibrated.calibration == fitted
    assert calibrated("Tol")[0]["score"] < raw("Tol")[0]["score"]
    assert cli.run(["calibrate", "-m", str(output), "--data", str(dev)]) == 0
    again = read_calibration(output)
    assert (fitted.backend, fitted.decoder, fitted.model_sha256) == (again.backend, again.decoder, again.model_sha256)
    assert fitted.notes["data"] == again.notes["data"]
    # Batches differ, and so does the last bit of scores: entities at the border of those that count go either way.
    for label, types in fitted.notes["types"].items():
        assert types == again.notes["types"][label] | {"predicted": types["predicted"]}
        assert types["predicted"] == pytest.approx(again.notes["types"][label]["predicted"], rel=0.02)
    assert fitted.entities.shared.slope == pytest.approx(again.entities.shared.slope, rel=0.02)
    assert (output / "calibration.html").is_file()


def test_it_can_be_turned_off_and_changes_no_tag(model, train, dev, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    flags = ["--do_eval", "--do_predict", "--test_file", dev]
    off = run(model, train, dev, tmp_path / "off", *flags, "--no_calibrate")
    assert list_messages(caplog) == []
    assert not (off / CALIBRATION_FILE).exists()
    on = run(model, train, dev, tmp_path / "on", *flags)
    assert (on / CALIBRATION_FILE).exists()
    assert (on / "predictions.conll").read_bytes() == (off / "predictions.conll").read_bytes()
    assert json.loads((on / "run.json").read_text())["training_arguments"]["calibrate"] is True
    assert json.loads((off / "run.json").read_text())["training_arguments"]["calibrate"] is False


def test_the_validation_split_is_tagged_once(model, train, dev, tmp_path, monkeypatch):
    tagged = []
    predict_split = NerTrainer.predict_split
    monkeypatch.setattr(
        NerTrainer, "predict_split", lambda self, *args: tagged.append(args) or predict_split(self, *args)
    )
    run(model, train, dev, tmp_path / "run", "--eval_strategy", "epoch", "--save_strategy", "no")
    assert len(tagged) == 1
    assert (tmp_path / "run" / CALIBRATION_FILE).exists()


def test_what_was_learnt_is_never_fitted_on(model, train, dev, tmp_path, caplog):
    run(model, dev, dev, tmp_path / "same", "--do_eval")
    rows = TRAIN + "in met in met in\tO O O O O\n"
    mixed = write_sentences(tmp_path / "mixed.conll", rows)
    dev.write_text(dev.read_text() + "\n" + write_sentences(tmp_path / "last", rows.splitlines()[-1]).read_text())
    run(model, mixed, dev, tmp_path / "mixed", "--do_eval")
    before = run(model, dev, None, tmp_path / "before")
    run(before, train, dev, tmp_path / "after", "--do_eval")
    same, mixed_message, nothing, after = list_messages(caplog)
    assert f"{dev}: the model was trained on this file" in same
    assert "this sentence is also in the training data" in mixed_message
    assert "and so are 0 more of 301" in mixed_message
    assert "there is no validation data" in nothing
    assert "the model that this one was made of was trained on this file" in after
    assert not list(tmp_path.glob(f"*/{CALIBRATION_FILE}"))


def test_too_few_entities_leave_the_scores_alone(model, train, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    few = write_labelled(tmp_path / "few.conll", 3, sentences=4)
    output = run(model, train, few, tmp_path / "run", "--do_eval")
    [message] = list_messages(caplog)
    assert f"{few}: the model finds" in message
    assert "accepted are 50 and more" in message
    assert not (output / CALIBRATION_FILE).exists()


@pytest.mark.parametrize(
    ("rows", "flags", "message"),
    [
        ("Mira met\tPER O\nin Ber\tO LOC\n", [], "the tags are of single words"),
        ("Mira met\tB-PER O\nin Ber\tO B-LOC\n", ["--label_column_name", "1,2"], "there is no place for nested"),
        ("Mira met\tB-PER O\nin Ber\tO B-LOC\n", ["--bf16_full_eval"], "this run evaluates in half precision"),
    ],
)
def test_what_has_no_place_is_said(rows, flags, message, model, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    file = write_sentences(tmp_path / "data.conll", rows)
    if "--label_column_name" in flags:
        file.write_text("".join((line and f"{line}\tO\n") or "\n" for line in file.read_text().splitlines()))
    output = run(model, file, file, tmp_path / "run", "--do_eval", *flags)
    [found] = list_messages(caplog)
    assert message in found
    assert not (output / CALIBRATION_FILE).exists()


def test_cut_words_leave_the_scores_alone(model, train, dev, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    flags = ["--do_eval", "--long_sentences", "truncate", "--max_seq_length", 6]
    output = run(model, train, dev, tmp_path / "run", *flags)
    [message] = list_messages(caplog)
    assert f"900 words of {dev} were cut off" in message
    assert not (output / CALIBRATION_FILE).exists()


@pytest.mark.parametrize("key", [None, "secret-key"])
def test_tao_trains_to_a_calibrated_model(key, model, train, dev, tmp_path, capsys, cheap_scrypt):
    source, data = tmp_path / "source", tmp_path / "data"
    source.mkdir()
    for file in (train, dev):
        file.rename(source / f"{file.stem}.txt")
    assert run_tao("dataset_convert", f"source_data_dir={source}", f"target_data_dir={data}") == 0
    sealed = [] if key is None else ["-k", key]
    settings = [f"data_dir={data}", "trainer.max_steps=1", "model.optim.lr=1e-12"]
    command = ["finetune", "-m", model, *sealed, *settings]
    assert run_tao(*command, "-r", tmp_path / "off", "calibrate=false") == 0
    assert "Scores " not in capsys.readouterr().out
    assert run_tao(*command, "-r", tmp_path / "on") == 0
    assert "Scores are calibrated on" in capsys.readouterr().out
    found = {}
    for name in ("off", "on"):
        trained = tmp_path / name / "checkpoints" / ("trained-model" if key is None else "trained-model.tlt")
        answers = tmp_path / name / "answers"
        assert run_tao("infer", "-m", trained, "-r", answers, *sealed, "Mira met Tol") == 0
        [line] = (answers / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
        found[name] = [entity["score"] for entity in json.loads(line)["entities"]]
    assert "fitted for another model" not in capsys.readouterr().out
    assert len(found["on"]) == 2
    assert all(on < off for on, off in zip(found["on"], found["off"], strict=True))
