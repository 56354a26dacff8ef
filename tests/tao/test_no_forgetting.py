"""Keys with which a trained model is trained further without forgetting, as TAO users type them."""

import json
import re

import pytest
from conftest import TAGGER_NAMES, save_tagger, write_sentences
from tao_runs import run
from transformers import AutoConfig

OLD = [("Anna lives in Paris", "B-PER O O B-LOC"), ("Boston saw Bob", "B-LOC O B-PER")]


@pytest.fixture
def old_model(tmp_path, wordpiece):
    return save_tagger(tmp_path / "old", wordpiece)


@pytest.fixture
def old_file(tmp_path):
    return write_sentences(tmp_path / "old.conll", OLD)


@pytest.fixture
def argv(specs, tmp_path, old_model):
    """A training of an old model on data with a new label, `-r` last."""
    data = tmp_path / "data"
    data.mkdir()
    for split in ("train", "dev"):
        (data / f"text_{split}.txt").write_text("Anna drinks tea in Paris\ntea and tea from Boston\n")
        (data / f"labels_{split}.txt").write_text("O O B-DRINK O O\nB-DRINK O B-DRINK O O\n")
    common = ["-e", specs / "train.yaml", "-m", old_model, f"data_dir={data}", "trainer.max_epochs=1", "report=false"]
    return ["train", *common, "-r", tmp_path / "out"]


def read_labels(folder):
    model = folder / "checkpoints" / "trained-model"
    return {*AutoConfig.from_pretrained(model, trust_remote_code=True).id2label.values()}


def test_without_them_the_old_labels_go(argv, tmp_path):
    assert run(*argv) == 0
    assert read_labels(tmp_path / "out") == {"O", "B-DRINK"}


def test_old_labels_stay_and_the_old_test_is_scored_twice(argv, old_model, old_file, tmp_path, capsys, caplog):
    keys = [f"replay_file={old_file}", f"old_test_file={old_file}", f"teacher=[{old_model}]"]
    with caplog.at_level("INFO"):
        assert run(*argv, *keys) == 0
    assert read_labels(tmp_path / "out") == {*TAGGER_NAMES, "B-DRINK"}
    assert f"replay_file {old_file}: 2 old sentences beside 2 new ones" in caplog.text
    assert "they speak alone" in caplog.text
    assert "Old test set" in capsys.readouterr().out
    record = json.loads((tmp_path / "out" / "checkpoints" / "old_test.json").read_text())
    assert record["types"].keys() == {"LOC", "PER"}


def test_finetune_has_them_too(argv, specs, old_model, old_file, tmp_path):
    data = tmp_path / "data"
    for split in ("train", "dev"):
        (data / f"labels_{split}.txt").write_text("O O B-PER O O\nB-PER O B-PER O O\n")
    keys = [f"data_dir={data}", "trainer.max_epochs=1", f"replay_file={old_file}", f"teacher=[{old_model}]"]
    assert run("finetune", "-e", specs / "finetune.yaml", "-m", old_model, "-r", tmp_path / "fine", *keys) == 0
    [record] = (json.loads(path.read_text()) for path in (tmp_path / "fine").rglob("run.json"))
    assert record["data"]["replay"]["sentences"] == 2


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["teacher=[{old}]", "model.dataset.class_balancing=weighted_loss"], "leave one out"),
        (["teacher=[{old}/nowhere]"], "nowhere"),
        (["replay_file={old}/nothing.conll"], "nothing.conll"),
    ],
)
def test_what_does_not_fit_is_said_in_keys(argv, old_model, capsys, keys, expected):
    assert run(*argv, *(key.format(old=old_model) for key in keys)) == 2
    message = capsys.readouterr().err
    assert expected in message
    assert not re.search("--(teacher|replay|class)", message)


def test_an_encoder_has_nothing_to_forget(argv, bert_folder, old_file, capsys):
    argv[argv.index("-m") + 1] = bert_folder
    assert run(*argv, f"old_test_file={old_file}") == 2
    message = capsys.readouterr().err
    assert "old_test_file: " in message
    assert "knows no labels yet" in message
