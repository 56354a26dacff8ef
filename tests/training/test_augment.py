"""`--augment` as a user runs it: what is learnt, recorded, continued."""

import json
import logging
import re
from pathlib import Path

import pytest
from conftest import write_sentences

import run_ner
from token_classification.errors import UserError
from token_classification.exit_codes import run_command


@pytest.fixture(scope="module")
def command(tmp_path_factory, bert_folder) -> list[str]:
    """A training of two steps with perturbed copies; what it leaves is in `model`."""
    folder = tmp_path_factory.mktemp("augmented")
    file = str(write_sentences(folder / "eight.conll"))
    flags = ["--model_name_or_path", str(bert_folder), "--train_file", file, "--output_dir", str(folder / "model")]
    flags += ["--do_train", "--max_steps", "2", "--save_steps", "1", "--report_to", "none", "--disable_tqdm", "true"]
    flags += ["--use_cpu", "--augment", "case,typos:1"]
    assert run_ner.main(flags) == 0
    return flags


@pytest.fixture
def model(command) -> Path:
    """What the training left."""
    return Path(command[command.index("--output_dir") + 1])


def test_it_is_recorded(model):
    record = json.loads((model / "run.json").read_text())
    assert record["training_arguments"]["augment"] == "case,typos:1"
    assert record["data"]["train"]["sentences"] == 8
    assert 8 < json.loads((model / "train_results.json").read_text())["train_samples"] <= 16
    assert "perturbed copies of half of the sentences (case,typos:1)" in (model / "README.md").read_text()


def test_the_same_training_is_continued_and_another_is_not(command, model, caplog):
    with caplog.at_level(logging.INFO, "token_classification"):
        assert run_ner.main([*command, "--max_steps", "3", "--resume_from_checkpoint", "auto"]) == 0
    assert json.loads((model / "trainer_state.json").read_text())["global_step"] == 3
    [(total, copies)] = re.findall(
        r"--augment case,typos:1: (\d+) training sentences, of which (\d+) are", caplog.text
    )
    assert int(total) - int(copies) == 8
    with pytest.raises(UserError, match=r"train data: .* there(.|\n)*--augment: case,typos:1 there, case here"):
        run_ner.main([*command, "--augment", "case", "--max_steps", "4", "--resume_from_checkpoint", "auto"])


def test_a_wrong_list_is_one_message(command, capsys):
    assert run_command(run_ner.main, [*command, "--augment", "tpyos"]) == 2
    assert "did you mean typos?" in capsys.readouterr().err
