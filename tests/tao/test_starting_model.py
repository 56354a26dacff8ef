"""`train -m MODEL`: a training starts from a model that was trained before, and says what it takes of it."""

import shutil
from pathlib import Path

import pytest
import torch
from conftest import SENTENCES, TAGGER_NAMES
from safetensors.torch import load_file

from token_classification import cli
from token_classification.exit_codes import run_command
from token_classification.inference.export_record import ExportRecord
from token_classification.tao.archive.archive import open_archive, write_archive

STAND_STILL = ["trainer.max_steps=1", "trainer.max_epochs=1", "model.optim.lr=1e-9", "report=false"]
KEY = "a secret"


def run(*arguments: object) -> int:
    """Run a command in this process; gives its exit code."""
    return run_command(cli.run, list(map(str, arguments)))


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory) -> Path:
    """A data folder whose labels are some of the tagger's and some others."""
    folder = tmp_path_factory.mktemp("data")
    for split in ("train", "dev"):
        for kind, place in (("text", 0), ("labels", 1)):
            (folder / f"{kind}_{split}.txt").write_text("".join(f"{pair[place]}\n" for pair in SENTENCES))
    return folder


def read_log(results: Path) -> str:
    """What a command logged."""
    return (results / "nemo_log_globalrank-0_localrank-0.txt").read_text()


def assert_starts_from_tagger(model: Path, tagger: Path) -> None:
    """The encoder is the tagger's, and so are the head's rows of labels that both know."""
    new, old = load_file(model / "model.safetensors"), load_file(tagger / "model.safetensors")
    assert new.keys() == old.keys()
    for name in old:
        if not name.startswith("classifier"):
            assert torch.allclose(new[name], old[name], atol=1e-6), name
    labels = ["O", "B-LOC", "B-ORG", "B-PER", "I-LOC", "I-ORG", "I-PER"]
    rows = new["classifier.weight"]
    assert len(rows) == len(labels)
    for row, label in zip(rows, labels, strict=True):
        is_kept = label in TAGGER_NAMES
        assert is_kept == any(torch.allclose(row, other, atol=1e-6) for other in old["classifier.weight"]), label
        if is_kept:
            assert torch.allclose(row, old["classifier.weight"][TAGGER_NAMES.index(label)], atol=1e-6), label


def test_encoder_and_shared_rows_of_the_head_are_taken_aloud(tagger_folder, data_dir, tmp_path):
    assert run("train", "-m", tagger_folder, "-r", tmp_path, f"data_dir={data_dir}", *STAND_STILL) == 0
    assert_starts_from_tagger(tmp_path / "checkpoints" / "trained-model", tagger_folder)
    log = read_log(tmp_path)
    assert f"Training starts from {tagger_folder}" in log
    assert "model.head" in log
    rows = [line.split() for line in log.splitlines()]
    assert ["kept", "5", "O", "B-LOC", "B-PER", "I-LOC", "I-PER"] in rows
    assert ["new", "2", "B-ORG", "I-ORG"] in rows


def test_an_archive_is_taken_under_the_name_of_nemo(tagger_folder, data_dir, tmp_path):
    archive = tmp_path / "old.tlt"
    write_archive(tagger_folder, archive, KEY)
    command = ["train", f"pretrained_model={archive}", "-r", tmp_path, "-k", KEY, f"data_dir={data_dir}"]
    assert run(*command, *STAND_STILL) == 0
    with open_archive(tmp_path / "checkpoints" / "trained-model.tlt", KEY) as folder:
        assert_starts_from_tagger(folder, tagger_folder)
    assert f"Training starts from {archive}" in read_log(tmp_path)


def test_an_encoder_without_labels_gets_the_head_of_the_spec(bert_folder, data_dir, tmp_path):
    settings = [f"data_dir={data_dir}", "model.head.num_fc_layers=3", *STAND_STILL]
    assert run("train", "-m", bert_folder, "-r", tmp_path, *settings) == 0
    assert "a new head of 3 layers" in read_log(tmp_path)
    weights = load_file(tmp_path / "checkpoints" / "trained-model" / "model.safetensors")
    assert (
        sum("hidden" in name and name.endswith("weight") and weights[name].shape == (32, 32) for name in weights) >= 2
    )


MISTAKES = {
    "checkpoint": (["model.language_model.lm_checkpoint=old.pt"], "give only one"),
    "config": (["model.language_model.config_file=old.json"], "give only one"),
    "name of NGC": (["pretrained_model=ner_en_bert"], "model.language_model.pretrained_model_name"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_end_with_a_message_and_exit_code_2(mistake, tagger_folder, data_dir, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("old.pt", "old.json"):
        (tmp_path / name).write_text("{}")
    arguments, expected = MISTAKES[mistake]
    model = [] if "pretrained_model=" in arguments[0] else ["-m", tagger_folder]
    assert run("train", *model, "-r", tmp_path / "out", f"data_dir={data_dir}", *arguments) == 2
    assert expected in capsys.readouterr().err
    assert not list((tmp_path / "out").rglob("config.json"))


@pytest.mark.parametrize("command", ["train", "finetune"])
def test_an_exported_model_can_not_be_trained(command, tagger_folder, data_dir, tmp_path, capsys):
    exported = shutil.copytree(tagger_folder, tmp_path / "exported")
    (exported / "model.safetensors").rename(exported / "model.onnx")
    ExportRecord("onnx", "model.onnx", 64).write(exported)
    assert run(command, "-m", exported, "-r", tmp_path / "out", f"data_dir={data_dir}") == 2
    assert f"-m {exported}: an exported model can't be trained" in capsys.readouterr().err


def test_finetuning_an_encoder_without_labels_says_to_train_it(bert_folder, data_dir, tmp_path, capsys):
    assert run("finetune", "-m", bert_folder, "-r", tmp_path / "out", f"data_dir={data_dir}") == 2
    assert f"token_classification train -m {bert_folder}" in capsys.readouterr().err
