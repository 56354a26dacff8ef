"""Averaging trained models: the mean of every weight, or a refusal that leaves nothing."""

import json
import logging
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForTokenClassification, AutoTokenizer

from token_classification.errors import UserError
from token_classification.modeling.average import average_models

WEIGHTS = "model.safetensors"


def change_weights(folder: Path, change) -> None:
    """Write other weights into a folder: name and tensor -> tensor."""
    weights = {name: change(name, tensor) for name, tensor in load_file(folder / WEIGHTS).items()}
    save_file(weights, folder / WEIGHTS, metadata={"format": "pt"})


@pytest.fixture
def runs(tagger_folder, tmp_path) -> list[Path]:
    """Two models of the same shape with other weights."""
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        shutil.copytree(tagger_folder, folder)
    torch.manual_seed(0)
    change_weights(folders[1], lambda _, tensor: tensor + torch.randn_like(tensor))
    return folders


def refuse(folders: list[Path], target: Path) -> str:
    """The message of a refusal that writes nothing."""
    with pytest.raises(UserError) as error:
        average_models(folders, target)
    assert not target.exists()
    return str(error.value)


def test_every_weight_is_the_mean(runs, tmp_path):
    average_models(runs, tmp_path / "mean")
    first, second, mean = (load_file(folder / WEIGHTS) for folder in (*runs, tmp_path / "mean"))
    assert first.keys() == second.keys() == mean.keys()
    for name, weight in mean.items():
        torch.testing.assert_close(weight, (first[name] + second[name]) / 2)
    assert not torch.equal(first["classifier.weight"], second["classifier.weight"])


def test_three_models_count_alike(runs, tmp_path):
    average_models([runs[0], *runs], tmp_path / "mean")
    first, second, mean = (load_file(folder / WEIGHTS)["classifier.weight"] for folder in (*runs, tmp_path / "mean"))
    torch.testing.assert_close(mean, (2 * first + second) / 3)


def test_the_model_is_whole(runs, tmp_path):
    average_models(runs, tmp_path / "mean")
    config = AutoModelForTokenClassification.from_pretrained(tmp_path / "mean").config
    assert config.id2label[1] == "B-PER"
    words = ["Anna", "left", "Paris"]
    expected = AutoTokenizer.from_pretrained(runs[0])(words, is_split_into_words=True)
    assert AutoTokenizer.from_pretrained(tmp_path / "mean")(words, is_split_into_words=True) == expected


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hidden_act": "relu"}, "hidden_act is relu"),
        ({"id2label": {"0": "O", "1": "B-ANIMAL"}}, "other label names"),
        ({"intermediate_size": 48}, "another architecture"),
    ],
)
def test_what_does_not_fit_together_is_refused(runs, tmp_path, change, message):
    config = json.loads((runs[1] / "config.json").read_text()) | change
    if "intermediate_size" in change:
        kind = type(AutoModelForTokenClassification.from_pretrained(runs[1]).config)
        AutoModelForTokenClassification.from_config(kind(**config)).save_pretrained(runs[1])
    else:
        (runs[1] / "config.json").write_text(json.dumps(config))
    found = refuse(runs, tmp_path / "mean")
    assert found.startswith(f"{runs[1]}: ")
    assert message in found


def test_too_few_models_and_a_full_target_are_refused(runs, tmp_path):
    assert "two models or more" in refuse(runs[:1], tmp_path / "mean")
    assert f"{tmp_path}: no config.json" in refuse([runs[0], tmp_path], tmp_path / "mean")
    with pytest.raises(UserError, match="holds something already"):
        average_models(runs, runs[1])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.json", b"{"),
        ("config.json", b"[]"),
        ("config.json", b"\xff"),
        ("run.json", b"{"),
        ("run.json", b"[]"),
        (WEIGHTS, b""),
        (WEIGHTS, b"not a model at all"),
    ],
)
def test_a_broken_model_is_one_message(runs, tmp_path, name, content):
    (runs[1] / name).write_bytes(content)
    assert str(runs[1] / name) in refuse(runs, tmp_path / "mean")


@pytest.mark.parametrize("change", ["not a number", "other precision"])
def test_weights_whose_mean_would_be_wrong_are_refused(runs, tmp_path, change):
    wrong = {"not a number": lambda tensor: tensor * float("nan"), "other precision": lambda tensor: tensor.half()}
    name = "classifier.weight"
    change_weights(runs[1], lambda found, tensor: wrong[change](tensor) if found == name else tensor)
    message = refuse(runs, tmp_path / "mean")
    assert name in message
    assert str(runs[1]) in message


@pytest.mark.parametrize(("record", "is_warned"), [({"seed": 1}, True), ({"of": "another tool"}, False)])
def test_other_heads_at_the_beginning_are_warned_of(runs, tmp_path, caplog, record, is_warned):
    (runs[0] / "run.json").write_text(json.dumps({"seed": 0}))
    (runs[1] / "run.json").write_text(json.dumps(record))
    with caplog.at_level(logging.WARNING, "token_classification"):
        average_models(runs, tmp_path / "mean")
    assert ("--data_seed" in caplog.text) is is_warned
