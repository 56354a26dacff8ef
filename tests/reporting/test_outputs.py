"""What a run writes into its output folder, and what it leaves alone there."""

import json
import os
import shutil
from pathlib import Path

import pytest
from conftest import save_tagger, write_sentences

import run_ner
from token_classification.arguments.data import DataArguments
from token_classification.arguments.model import ModelArguments
from token_classification.arguments.run import RunArguments
from token_classification.arguments.training import NerTrainingArguments
from token_classification.data.results_folder import MARKER
from token_classification.exit_codes import run_command
from token_classification.recipe import DEFAULT_RECIPE
from token_classification.reporting.outputs import list_outputs


def run(*arguments: object) -> int:
    """Run run_ner.py in this process; gives its exit code."""
    return run_command(run_ner.main, [*map(str, arguments), "--use_cpu", "--disable_tqdm", "true"])


def read_files(folder: Path) -> dict[str, bytes]:
    """Every file of a folder with its content."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def model(tmp_path: Path, wordpiece) -> Path:
    """The folder of a tagger that somebody else has trained and described."""
    folder = tmp_path / "model"
    save_tagger(folder, wordpiece)
    (folder / "README.md").write_text("# Somebody's model")
    (folder / "run.json").write_text('{"of": "somebody"}')
    return folder


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_sentences(tmp_path / "test.conll", [("Anna left Berlin", "B-PER O B-LOC")])


@pytest.fixture(scope="module")
def trained(tmp_path_factory, bert_folder: Path) -> Path:
    """The output folder of a run that trained and predicted."""
    folder = tmp_path_factory.mktemp("trained")
    file = write_sentences(folder / "train.conll")
    data = ["--train_file", file, "--test_file", file, "--output_dir", folder / "model"]
    assert run("--model_name_or_path", bert_folder, *data, "--do_train", "--do_predict", "--max_steps", 1) == 0
    return folder / "model"


def test_a_run_that_only_predicts_leaves_what_describes_the_model(trained, file, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(trained, folder)
    before = read_files(folder)
    data = ["--model_name_or_path", folder, "--test_file", file, "--output_dir", folder]
    assert run(*data, "--do_predict") == 0
    after = read_files(folder)
    kept = ("README.md", "run.json", "config.json", "model.safetensors", "train_results.json")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert after["predictions.conll"] != before["predictions.conll"]
    record = json.loads(after["eval_run.json"])
    assert record["training_arguments"]["do_predict"]
    assert record["data"]["test"]["source"] == str(file)


def test_a_model_of_somebody_else_is_not_described_anew(model, file):
    before = read_files(model)
    assert run("--model_name_or_path", model, "--test_file", file, "--output_dir", model, "--do_predict") == 0
    after = read_files(model)
    assert {name: after[name] for name in before} == before
    assert {"eval_run.json", "predictions.txt", "predictions.conll", "predict_results.json"} <= after.keys()


def test_only_a_run_that_trained_writes_a_card(trained, model, file, tmp_path):
    assert "README.md" in read_files(trained)
    flags = ["--model_name_or_path", model, "--test_file", file, "--do_predict"]
    for _ in range(2):  # over what an earlier run has written
        assert run(*flags, "--output_dir", tmp_path / "out") == 0
    assert "README.md" not in read_files(tmp_path / "out")
    assert json.loads((tmp_path / "out" / "run.json").read_text())["seed"] == 42


@pytest.mark.parametrize("name", ["predictions.txt", "predictions.conll", "predict_results.json", "report/report.txt"])
def test_files_of_somebody_else_are_never_replaced(model, file, tmp_path, capsys, name):
    output = tmp_path / "out"
    (output / name).parent.mkdir(parents=True)
    (output / name).write_text("precious")
    flags = ["--model_name_or_path", model, "--test_file", file, "--output_dir", output, "--do_predict"]
    assert run(*flags) == 2
    message = capsys.readouterr().err
    assert str(output / name) in message
    assert "--output_dir" in message
    assert read_files(output) == {name: b"precious"}
    assert run(*flags, "--overwrite_output_dir") == 0
    assert (output / name).read_text() != "precious"


def test_they_are_looked_at_before_the_training(bert_folder, tmp_path, capsys):
    output = tmp_path / "out"
    shutil.copytree(bert_folder, output / "checkpoint-1")  # so that the folder counts as an unfinished run
    (output / "README.md").write_text("precious")
    file = write_sentences(tmp_path / "train.conll")
    data = ["--train_file", file, "--output_dir", output, "--max_steps", 1]
    assert run("--model_name_or_path", bert_folder, *data, "--do_train", "--resume_from_checkpoint", "auto") == 2
    assert (output / "README.md").read_text() == "precious"
    assert not (output / "train_results.json").exists()


@pytest.mark.parametrize("folder", [os.fsdecode(b"mod\xe8le"), os.fsdecode(b"a\xff/model")])
def test_a_folder_that_no_model_can_be_saved_in_is_refused_before_the_training(bert_folder, tmp_path, capsys, folder):
    data = ["--train_file", write_sentences(tmp_path / "train.conll"), "--output_dir", tmp_path / folder]
    assert run("--model_name_or_path", bert_folder, *data, "--do_train", "--max_steps", 1) == 2
    message = capsys.readouterr().err
    assert "--output_dir" in message
    assert "UTF-8" in message
    assert [path.name for path in tmp_path.iterdir()] == ["train.conll"]


def test_without_a_step_there_is_nothing_to_do(model, file, tmp_path, capsys):
    before = read_files(model)
    data = ["--model_name_or_path", model, "--test_file", file]
    assert run(*data, "--output_dir", tmp_path / "new") == 2
    assert run(*data, "--output_dir", model) == 2
    message = capsys.readouterr().err
    assert all(flag in message for flag in ("--do_train", "--do_eval", "--do_predict", "--check_only"))
    assert not (tmp_path / "new").exists()
    assert read_files(model) == before


def test_a_failed_run_leaves_no_marker(model, tmp_path):
    (tmp_path / "broken.conll").write_text("Anna B-PER\nleft\n")
    flags = ["--model_name_or_path", model, "--test_file", tmp_path / "broken.conll", "--do_predict"]
    assert run(*flags, "--output_dir", tmp_path / "new") == 2
    assert not (tmp_path / "new").exists()


def test_everything_that_a_run_leaves_was_announced(trained):
    training = NerTrainingArguments(output_dir=str(trained), use_cpu=True, do_train=True, do_predict=True)
    outputs = list_outputs(RunArguments(ModelArguments("x"), DataArguments(test_file="x"), training), DEFAULT_RECIPE)
    announced = {str((folder / name).relative_to(trained)) for folder, names in outputs.items() for name in names}
    model = {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "training_args.bin"}
    left = {name for name in read_files(trained) if not name.startswith("checkpoint-")}
    assert left - announced - model == {MARKER, f"report/{MARKER}"}
    for folder, names in outputs.items():
        assert set(names) <= set(json.loads((folder / MARKER).read_text())["files"])
