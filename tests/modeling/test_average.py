"""Averaging trained models."""

import json
import shutil

import pytest
import torch
from conftest import SENTENCES
from full_disk import full_disk
from safetensors.torch import load_file, save_file
from trainers import make_trainer
from transformers import AutoModelForTokenClassification, AutoTokenizer

from token_classification import cli
from token_classification.exit_codes import run_command


@pytest.fixture(scope="module")
def runs(bert_folder, tmp_path_factory):
    """Two short trainings that begin alike and see the sentences in another order."""
    folders = []
    for data_seed in (1, 2):
        folder = tmp_path_factory.mktemp("run")
        settings = {"max_steps": 4, "per_device_train_batch_size": 2, "learning_rate": 1e-2}
        trainer = make_trainer(bert_folder, folder, data_seed=data_seed, **settings)
        trainer.learn(None, len(SENTENCES))
        folders.append(folder)
    return folders


def average(*arguments) -> int:
    return run_command(cli.run, ["average", *map(str, arguments)])


def test_every_weight_is_the_mean(runs, tmp_path):
    assert average(*runs, "-r", tmp_path / "mean") == 0
    first, second, mean = (
        AutoModelForTokenClassification.from_pretrained(folder).state_dict() for folder in (*runs, tmp_path / "mean")
    )
    assert first.keys() == second.keys() == mean.keys()
    for name, weight in mean.items():
        torch.testing.assert_close(weight, (first[name] + second[name]) / 2)
    assert not torch.equal(first["classifier.weight"], second["classifier.weight"])


def test_weights_of_another_function_are_no_mean(runs, tmp_path, capsys):
    other = tmp_path / "other"
    shutil.copytree(runs[1], other)
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps(config | {"hidden_act": "relu"}))
    assert average(runs[0], other, "-r", tmp_path / "mean") == 2
    assert "hidden_act is relu" in capsys.readouterr().err
    assert not (tmp_path / "mean").exists()


def test_three_models_count_alike(runs, tmp_path):
    assert average(runs[0], runs[0], runs[1], "-r", tmp_path / "mean") == 0
    first, second, mean = (
        AutoModelForTokenClassification.from_pretrained(folder).classifier.weight
        for folder in (*runs, tmp_path / "mean")
    )
    torch.testing.assert_close(mean, (2 * first + second) / 3)


def test_the_model_is_whole(runs, tmp_path):
    assert average(*runs, "-r", tmp_path / "mean") == 0
    config = AutoModelForTokenClassification.from_pretrained(tmp_path / "mean").config
    assert config.id2label[1] == "B-PER"
    words = ["Anna", "left", "Paris"]
    expected = AutoTokenizer.from_pretrained(runs[0])(words, is_split_into_words=True)
    assert AutoTokenizer.from_pretrained(tmp_path / "mean")(words, is_split_into_words=True) == expected


def refuse(capsys, *arguments) -> str:
    assert average(*arguments) == 2
    return capsys.readouterr().err


def test_what_does_not_fit_together_is_refused_and_nothing_is_written(runs, tmp_path, capsys):
    target = tmp_path / "mean"
    assert "average needs two models or more" in refuse(capsys, runs[0], "-r", target)
    assert f"{tmp_path}: no config.json" in refuse(capsys, runs[0], tmp_path, "-r", target)
    assert f"-r {runs[1]}: holds something already" in refuse(capsys, *runs, "-r", runs[1])

    other = tmp_path / "other"
    model = AutoModelForTokenClassification.from_pretrained(runs[0])
    model.config.id2label = {**model.config.id2label, 1: "B-ANIMAL"}
    model.save_pretrained(other)
    assert f"{other}: other label names than {runs[0]}" in refuse(capsys, runs[0], other, "-r", target)

    config = json.loads((runs[0] / "config.json").read_text())
    wider = AutoModelForTokenClassification.from_config(type(model.config)(**{**config, "intermediate_size": 48}))
    wider.save_pretrained(other)
    assert f"{other}: another architecture than {runs[0]}" in refuse(capsys, runs[0], other, "-r", target)
    assert not target.exists()


def test_other_heads_at_the_beginning_are_warned_of(runs, tmp_path, caplog):
    for seed, run in enumerate(runs):
        (run / "run.json").write_text(json.dumps({"seed": seed}))
    assert average(*runs, "-r", tmp_path / "mean") == 0
    assert "run_ner.py --data_seed" in caplog.text


def spoil(folder, name, content):
    (folder / name).write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.json", b"{"),
        ("config.json", []),
        ("config.json", b"\xff"),
        ("run.json", b"{"),
        ("run.json", []),
        ("model.safetensors", b""),
        ("model.safetensors", b"not a model at all"),
    ],
)
def test_a_broken_model_is_one_message_and_nothing_is_written(runs, tmp_path, capsys, name, content):
    broken = tmp_path / "broken"
    shutil.copytree(runs[1], broken)
    spoil(broken, name, content)
    message = refuse(capsys, runs[0], broken, "-r", tmp_path / "mean")
    assert message.startswith("error: ")
    assert str(broken) in message
    assert not (tmp_path / "mean").exists()


def test_a_run_record_of_another_tool_says_nothing_about_heads(runs, tmp_path, caplog):
    other = tmp_path / "other"
    shutil.copytree(runs[1], other)
    spoil(other, "run.json", {"of": "another tool"})
    assert average(runs[0], other, "-r", tmp_path / "mean") == 0
    assert "different heads" not in caplog.text


@pytest.mark.parametrize("change", ["not a number", "other precision"])
def test_weights_whose_mean_would_be_wrong_are_refused(runs, tmp_path, capsys, change):
    other = tmp_path / "other"
    shutil.copytree(runs[1], other)
    weights = load_file(other / "model.safetensors")
    name = "classifier.weight"
    weights[name] = weights[name].half() if change == "other precision" else weights[name] * float("nan")
    save_file(weights, other / "model.safetensors", metadata={"format": "pt"})
    message = refuse(capsys, runs[0], other, "-r", tmp_path / "mean")
    assert name in message
    assert str(other) in message
    assert not (tmp_path / "mean").exists()


@pytest.mark.parametrize("place", ["a_file", "a_file/below", "/proc/nowhere"])
def test_a_target_that_can_not_be_is_one_message(runs, tmp_path, capsys, place):
    (tmp_path / "a_file").write_text("precious")
    message = refuse(capsys, *runs, "-r", tmp_path / place)
    assert message.startswith("error: ")
    assert place in message
    assert (tmp_path / "a_file").read_text() == "precious"


def test_a_full_disk_leaves_nothing_and_the_same_command_works_later(runs, tmp_path, capsys):
    with full_disk():
        assert average(*runs, "-r", tmp_path / "mean") == 2
    message = capsys.readouterr().err
    assert str(tmp_path / "mean") in message
    assert "df -h" in message
    assert not (tmp_path / "mean").exists() or list((tmp_path / "mean").iterdir()) == []
    assert average(*runs, "-r", tmp_path / "mean") == 0
