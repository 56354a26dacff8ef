"""Fine-tuning, scoring and tagging from Python: what `run_ner.py` does, with data of any kind and exceptions."""

import json
import logging
import os
import signal
import subprocess
import sys

import pandas
import pytest
import torch
from conftest import ROOT, SENTENCES
from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value

import run_ner
import token_classification
from token_classification import DataError, Predictor, UserError, cli, evaluate, fine_tune
from token_classification.exit_codes import run_command

RECORDS = [{"tokens": words.split(), "tags": tags.split()} for words, tags in SENTENCES]
FLAGS = {"num_train_epochs": 30, "per_device_train_batch_size": 4, "learning_rate": 5e-3, "use_cpu": True}
FLAGS |= {"save_strategy": "no", "disable_tqdm": True, "report_to": "none"}


def make_dataset(records: list[dict]) -> Dataset:
    """The records with numbers for tags."""
    names = sorted({tag for record in records for tag in record["tags"]}, key=lambda tag: (tag != "O", tag))
    features = Features({"tokens": List(Value("string")), "ner_tags": List(ClassLabel(names=names))})
    rows = {"tokens": [record["tokens"] for record in records], "ner_tags": [record["tags"] for record in records]}
    return Dataset.from_dict(rows, features=features)


def make_frame(records: list[dict]) -> pandas.DataFrame:
    """The records as pandas reads them from Parquet: cells are arrays."""
    return pandas.DataFrame(records).map(lambda cell: pandas.Series(cell).to_numpy())


@pytest.fixture(scope="module")
def run(bert_folder, tmp_path_factory) -> token_classification.api.Run:
    """A model that knows the sentences by heart."""
    folder = tmp_path_factory.mktemp("api") / "model"
    return fine_tune(bert_folder, train=RECORDS, validation=RECORDS[:4], test=RECORDS, output_dir=folder, **FLAGS)


def test_the_scores_are_those_of_the_command_line(run, bert_folder, conll_file, tmp_path):
    flags = [f"--{name}={str(value).lower()}" for name, value in FLAGS.items()]
    files = [f"--{split}_file={conll_file}" for split in ("train", "test")]
    steps = ["--do_train", "--do_eval", "--do_predict", f"--output_dir={tmp_path / 'model'}"]
    validation = tmp_path / "four.jsonl"
    validation.write_text("\n".join(map(json.dumps, RECORDS[:4])))
    arguments = [f"--model_name_or_path={bert_folder}", f"--validation_file={validation}", *flags, *files, *steps]
    assert run_ner.main(arguments) == 0
    typed = json.loads((tmp_path / "model" / "all_results.json").read_text())
    for split, prefix in (("validation", "eval"), ("test", "predict")):
        for name, value in run.scores[split].items():
            assert typed[f"{prefix}_{name}"] == value, name
    weights = [folder / "model.safetensors" for folder in (run.output_dir, tmp_path / "model")]
    assert weights[0].read_bytes() == weights[1].read_bytes()


@pytest.mark.parametrize("make", [make_dataset, make_frame, lambda records: (record for record in records)])
def test_data_of_every_kind_give_the_same_model_and_nothing_is_left_behind(make, run, bert_folder, tmp_path):
    def look() -> tuple:
        state = (dict(os.environ), logging.getLogger().handlers[:], signal.getsignal(signal.SIGTERM), sys.argv[:])
        return *state, torch.get_num_threads(), torch.get_default_dtype(), torch.is_grad_enabled()

    before = look()
    again = fine_tune(bert_folder, train=make(RECORDS), output_dir=tmp_path / "model", **FLAGS)
    assert look() == before
    weights = [folder / "model.safetensors" for folder in (run.output_dir, again.output_dir)]
    assert weights[0].read_bytes() == weights[1].read_bytes()
    assert again.scores == {}
    assert again.report is None
    with pytest.raises(UserError, match="validation="):
        _ = again.predictions


def test_predictions_report_and_predictor_are_at_hand(run):
    table = run.predictions
    assert list(table.columns) == ["tokens", "tags", "predicted", "scores"]
    assert table["tokens"].tolist() == [record["tokens"] for record in RECORDS]
    assert [list(map(len, row)) for row in (table["predicted"], table["scores"])] == [
        [len(record["tokens"]) for record in RECORDS]
    ] * 2
    assert run.scores["test"]["f1"] > 0.9
    [first, *_] = run.predictor("Anna Smith moved from Berlin to New York .")
    assert (first["label"], first["text"]) == ("PER", "Anna Smith")
    assert isinstance(run.predictor, Predictor)
    assert run.predictor is run.predictor
    assert os.fspath(run.report) == str(run.output_dir / "report" / "report.html")
    page = run.report._repr_html_()
    assert page.startswith("<iframe ")
    assert 'sandbox="allow-scripts"' in page
    assert page.count("<") == 2  # all of the page is inside of the attribute
    assert "Anna" in repr(run.report._repr_html_())


def test_the_record_of_the_run_holds_its_flags_and_no_secrets(run, bert_folder, tmp_path):
    record = json.loads((run.output_dir / "run.json").read_text())
    assert "--num_train_epochs=30" in record["command_line"]
    assert "--train_file=<train>" in record["command_line"]
    assert record["data"]["train"]["source"] == "<train>"
    flags = FLAGS | {"max_steps": 1, "hub_token": "secret-one", "token": "secret-two"}
    again = fine_tune(bert_folder, train=RECORDS, output_dir=tmp_path / "model", **flags)
    assert not [path for path in again.output_dir.rglob("*") if path.is_file() and b"secret-" in path.read_bytes()]


def test_a_model_is_scored_without_leaving_files(run, conll_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scored = evaluate(run.output_dir, conll_file)
    assert scored.scores["f1"] == run.scores["test"]["f1"]
    assert scored.report is None
    assert list(tmp_path.iterdir()) == [conll_file]
    with_report = evaluate(str(run.output_dir), RECORDS[:3], output_dir="scored", decoder="viterbi")
    assert with_report.predictions["tags"].tolist() == [record["tags"] for record in RECORDS[:3]]
    assert os.path.samefile(with_report.report, tmp_path / "scored" / "report" / "report.html")


BAD_ROWS = [RECORDS[0], {"tokens": ["Anna"], "tags": ["B-PER", "O"]}, "Anna", {"tokens": [1], "tags": ["O"]}]


def test_problems_name_the_row(bert_folder, tmp_path):
    with pytest.raises(DataError) as caught:
        fine_tune(bert_folder, train=BAD_ROWS, validation=[{"words": []}], output_dir=tmp_path / "model")
    lines = str(caught.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == ["train[2]", "train[1]", "train[3]", "validation[0]"]
    assert not (tmp_path / "model").exists()
    with pytest.raises(DataError, match=r"^data\[1\]: .*2 tags"):
        evaluate(bert_folder, BAD_ROWS[:2])


def test_a_tag_that_can_not_be_written_or_a_sentence_that_is_too_long_has_its_row_too(run, bert_folder, tmp_path):
    bad = [*RECORDS, {"tokens": ["a"], "tags": ["B\tPER"]}]
    with pytest.raises(DataError, match=r"^train\[8\]: tag"):
        fine_tune(bert_folder, train=bad, output_dir=tmp_path / "model")
    with pytest.raises(DataError, match=r"^data\[0\]: .* sub-tokens"):
        evaluate(run.output_dir, RECORDS, max_seq_length=8, long_sentences="error")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"learning_rat": 1}, "unknown keyword learning_rat: did you mean learning_rate?"),
        ({"learning_rate": "fast"}, "--learning_rate"),
        ({"learning_rate": -1}, "--learning_rate must be 0 or more"),
        ({"train_file": "train.conll"}, "train and train_file are both given"),
        ({"train": DatasetDict()}, "train is a DatasetDict; accepted: a path, .*of several splits, give one"),
        ({"train": 5}, "train is a int; accepted: a path"),
        ({"train": []}, r"train\[0\]: no words"),
        ({"train": [{"words": ["a"], "pos": ["X"]}], "label_column_name": "po"}, r"train\[0\]: no column 'po'"),
        ({"do_eval": True}, "evaluation needs validation data"),
        ({"check_only": True}, "token_classification check"),
    ],
)
def test_mistakes_are_exceptions_with_the_messages_of_the_command_line(given, message, bert_folder, tmp_path):
    with pytest.raises(UserError, match=message):
        fine_tune(bert_folder, **{"train": RECORDS, "output_dir": tmp_path / "model"} | given)
    assert not (tmp_path / "model").exists()


def test_old_flags_work_with_a_notice(bert_folder, tmp_path, caplog):
    flags = {name: value for name, value in FLAGS.items() if name != "use_cpu"} | {"max_steps": 1, "no_cuda": True}
    fine_tune(bert_folder, train=RECORDS, output_dir=tmp_path / "model", **flags)
    assert "--no_cuda" in caplog.text


def test_an_exported_model_is_scored_by_its_own_runtime(tagger_folder, conll_file, tmp_path):
    pytest.importorskip("onnxruntime", reason='needs the extra "export"')
    flags = ["export", "-m", tagger_folder, "-r", tmp_path / "onnx", "export_format=onnx"]
    assert run_command(cli.run, list(map(str, flags))) == 0
    scored = evaluate(tmp_path / "onnx", conll_file, output_dir=tmp_path / "scored", use_cpu=True)
    assert scored.predictions.equals(
        evaluate(tagger_folder, conll_file, use_cpu=True).predictions.assign(scores=scored.predictions["scores"])
    )
    assert scored.report.path.exists()


def test_the_package_is_light_until_a_name_is_used():
    code = "import sys, token_classification; print('torch' in sys.modules, sorted(dir(token_classification))[:2])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("False ['DataError', 'Predictor']")
    with pytest.raises(AttributeError, match="fine_tun"):
        _ = token_classification.fine_tun
