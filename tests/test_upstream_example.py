"""The example test of transformers' own repository, run on this script with its arguments, word for word."""

import inspect
import json
import math
import sys
from pathlib import Path

import pytest
from transformers import Trainer
from transformers.trainer_utils import speed_metrics

import run_ner

FIXTURE = "tests/fixtures/tests_samples/conll/sample.json"

SENTENCES = [
    ("The pitcher of the Comets threw 27 balls before noon .", "O O O O B-ORG O O O O O O"),
    ("BOSTON AT DENVER", "B-ORG O B-LOC"),
    ("Mayor Ruth Okafor asked the Senate to wait .", "O B-PER I-PER O O B-ORG O O O"),
    ("points for , points against , rank ) .", "O O O O O O O O O"),
    ("It makes chairs in San Jose ; Leeds , England ; and Lyon .", "O O O O B-LOC I-LOC O B-LOC O B-LOC O O B-LOC O"),
    ('" It is a long way , " the coach said by telephone .', "O O O O O O O O O O O O O O"),
    ("They hope that more than forty countries will send help this year , a clerk said .", "O " * 17),
    ("Overtime", "O"),
    ("U.S. envoy Ian Marsh praised the Otieno cabinet .", "B-LOC O B-PER I-PER O O B-PER O O"),
    ("Wales captain Owen Price said on Monday he was fit .", "B-LOC O B-PER I-PER O O O O O O O"),
    ("Price flew from Cardiff to Grand Rapids , Michigan .", "B-PER O O B-LOC O B-LOC I-LOC O B-LOC O"),
]
"""Sentences of the shape of that repository's sample: short ones and long ones, most words O"""

NAMES = len({tag for _, tags in SENTENCES for tag in tags.split()})

ARGUMENTS = """
    run_ner.py
    --model_name_or_path google-bert/bert-base-uncased
    --train_file tests/fixtures/tests_samples/conll/sample.json
    --validation_file tests/fixtures/tests_samples/conll/sample.json
    --output_dir {tmp_dir}
    --overwrite_output_dir
    --do_train
    --do_eval
    --warmup_steps=2
    --learning_rate=2e-4
    --per_device_train_batch_size=2
    --per_device_eval_batch_size=2
    --num_train_epochs={epochs}
    --seed 7
"""


@pytest.fixture
def workplace(tmp_path: Path, bert_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the paths of the arguments lead to a sample, and to a tiny BERT."""
    sample = tmp_path / FIXTURE
    sample.parent.mkdir(parents=True)
    records = [{"words": words.split(), "ner": tags.split()} for words, tags in SENTENCES]
    sample.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    (tmp_path / "google-bert").mkdir()
    (tmp_path / "google-bert" / "bert-base-uncased").symlink_to(bert_folder)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("device", ["--use_cpu", "--no_cuda"])
def test_run_ner(workplace: Path, monkeypatch: pytest.MonkeyPatch, device: str) -> None:
    # A BERT that was never trained needs more epochs than the pretrained one of that test, which takes 2.
    argv = ARGUMENTS.format(tmp_dir=workplace / "out", epochs=20).split()
    monkeypatch.setattr(sys, "argv", [*argv, device])
    run_ner.main()
    result = json.loads((workplace / "out" / "all_results.json").read_text())
    assert result["eval_accuracy"] >= 0.75
    assert result["eval_loss"] < 0.7 * math.log(NAMES), "chance is the logarithm of the number of labels"
    assert list_stock_keys("train") | list_stock_keys("eval") <= result.keys()
    assert {"train_loss", "total_flos", "train_samples", "eval_loss", "eval_samples", "epoch"} <= result.keys()


def list_stock_keys(split: str) -> set[str]:
    """The names that transformers gives the speed of a split, the tokens of a language model aside."""
    parameters = inspect.signature(speed_metrics).parameters
    counts = {name: 1 for name in ("num_samples", "num_steps") if name in parameters}
    return set(speed_metrics(split, 0, **counts))


def test_the_entry_point_of_launchers(monkeypatch: pytest.MonkeyPatch) -> None:
    called = []
    monkeypatch.setattr(run_ner, "main", lambda: called.append(sys.argv))
    run_ner._mp_fn(3)
    assert called == [sys.argv]


def test_predictions_are_timed_like_an_evaluation(bert_folder: Path, workplace: Path) -> None:
    argv = ["--model_name_or_path", str(bert_folder), "--train_file", FIXTURE, "--test_file", FIXTURE, "--use_cpu"]
    run_ner.main([*argv, "--output_dir", "out", "--do_train", "--do_predict", "--max_steps", "1"])
    result = json.loads(Path("out/predict_results.json").read_text())
    # `Trainer.predict` measures as `Trainer.evaluate` does.
    assert "speed_metrics" in inspect.getsource(Trainer.predict)
    assert list_stock_keys("predict") <= result.keys()
    assert result["predict_steps_per_second"] < result["predict_samples_per_second"]
