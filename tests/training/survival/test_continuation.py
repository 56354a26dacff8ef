"""A checkpoint is continued by its own training only, and a finished one says that it is finished."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from conftest import SENTENCES, configure_tiny_bert, write_sentences
from transformers import BertModel

from token_classification.exit_codes import run_command
from token_classification.story import main
from token_classification.training.survival.damage import RECORD_FILE, find_damage
from token_classification.training.survival.finite import ADVICE

SETTINGS = """--do_train --max_steps 4 --save_steps 2 --per_device_train_batch_size 4 --use_cpu --disable_tqdm true
    --resume_from_checkpoint auto"""


@pytest.fixture(scope="module")
def stopped(tmp_path_factory, bert_folder) -> Path:
    """A folder with training data and `out`, the output folder of a run that was killed after step 2."""
    folder = tmp_path_factory.mktemp("stopped")
    write_sentences(folder / "train.conll")
    assert train(folder, bert_folder) == 0
    shutil.rmtree(folder / "out" / "checkpoint-4")
    (folder / "out" / "train_results.json").unlink()
    return folder


@pytest.fixture
def work(stopped, tmp_path) -> Path:
    """A copy of it to go on in."""
    shutil.copytree(stopped, tmp_path / "work")
    return tmp_path / "work"


def train(folder: Path, model: Path, *more: str) -> int:
    """Train on `train.conll` into `out`; gives the exit code."""
    files = f"--train_file {folder}/train.conll --output_dir {folder}/out --model_name_or_path {model}"
    return run_command(main, [*files.split(), *SETTINGS.split(), *more])


def read_state(folder: Path) -> dict:
    return json.loads((folder / "out" / "trainer_state.json").read_text())


def spell_otherwise(old: str, new: str) -> list[tuple[str, str]]:
    """The eight sentences with other tags."""
    return [(words, tags.replace(old, new)) for words, tags in SENTENCES]


OTHER_DATA = {
    "other labels": (spell_otherwise("-LOC", "-GPE"), "labels: only there B-LOC, I-LOC, only here B-GPE, I-GPE"),
    "fewer labels": (spell_otherwise("-ORG", "-LOC"), "labels: only there B-ORG, I-ORG, only here none"),
    "another tag": ([*SENTENCES[:-1], ("she moved to Paris in May", "O O O B-PER O O")], "train data: 8 sentences of"),
    "another word": ([*SENTENCES[:-1], ("he moved to Paris in May", "O O O B-LOC O O")], "train data: 8 sentences of"),
    "a sentence less": (SENTENCES[:-1], "train data: 8 sentences of 55 words there, 7 sentences of 49 words here"),
}


@pytest.mark.parametrize("change", OTHER_DATA)
def test_other_data_are_another_training(change, work, bert_folder, capsys):
    sentences, expected = OTHER_DATA[change]
    write_sentences(work / "train.conll", sentences)
    weights = (work / "out" / "checkpoint-2" / "model.safetensors").read_bytes()
    before = sorted(path.name for path in (work / "out").iterdir())
    assert train(work, bert_folder) == 2
    error = capsys.readouterr().err
    assert f"error: {work}/out/checkpoint-2 belongs to another training:" in error
    assert expected in error
    assert "--overwrite_output_dir without --resume_from_checkpoint" in error
    assert (work / "out" / "checkpoint-2" / "model.safetensors").read_bytes() == weights
    assert sorted(path.name for path in (work / "out").iterdir()) == before


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("--learning_rate 1e-3", "--learning_rate: 5e-05 there, 0.001 here"),
        ("--seed 7", "--seed: 42 there, 7 here"),
        ("--lr_scheduler_type constant", "--lr_scheduler_type: linear there, constant here"),
        ("--per_device_train_batch_size 8", "x processes: 4 there, 8 here"),
        ("--gradient_accumulation_steps 2", "x processes: 4 there, 8 here"),
        ("--label_all_tokens", "--label_all_tokens: False there, True here"),
        ("--max_seq_length 8", "train data: 8 sentences"),
        ("--layerwise_lr_decay 0.9", "--layerwise_lr_decay: None there, 0.9 here"),
        (
            "--warmup_steps 1 --head_learning_rate 1e-3",
            "--head_learning_rate: None there, 0.001 here\n--warmup_steps:",
        ),
    ],
)
def test_settings_that_change_the_result_are_another_training(flags, expected, work, bert_folder, capsys):
    assert train(work, bert_folder, *flags.split()) == 2
    assert expected in capsys.readouterr().err


def test_what_is_advised_against_nan_losses_is_accepted(work, bert_folder):
    assert "(--overwrite_output_dir): a tenth of the --learning_rate" in ADVICE
    assert train(work, bert_folder, "--mixed_precision", "no") == 0
    fresh = ["--overwrite_output_dir", "--resume_from_checkpoint", "false", "--learning_rate", "5e-6"]
    assert train(work, bert_folder, *fresh) == 0


def test_another_encoder_of_the_same_shape_is_another_training(work, bert_folder, wordpiece, tmp_path, capsys):
    torch.manual_seed(1)
    BertModel(configure_tiny_bert(wordpiece)).save_pretrained(tmp_path / "other")
    wordpiece.save_pretrained(tmp_path / "other")
    assert train(work, tmp_path / "other") == 2
    assert f"encoder: {bert_folder} there, {tmp_path}/other here, other weights" in capsys.readouterr().err


def test_the_order_of_the_labels_belongs_to_the_training(work, bert_folder, tmp_path, capsys):
    names = json.loads((work / "out" / "checkpoint-2" / RECORD_FILE).read_text())["labels"]
    (tmp_path / "labels.txt").write_text("\n".join(reversed(names)))
    assert train(work, bert_folder, "--labels", str(tmp_path / "labels.txt")) == 2
    assert "order of the labels: O, B-LOC" in capsys.readouterr().err


def test_the_same_training_goes_on_elsewhere(work, bert_folder, tmp_path, caplog):
    """Other paths, the same step of smaller batches, another precision, more steps."""
    (work / "train.conll").rename(tmp_path / "moved.conll")
    shutil.copytree(bert_folder, tmp_path / "moved-encoder")
    batches = "--per_device_train_batch_size 2 --gradient_accumulation_steps 2 --mixed_precision no"
    more = f"--train_file {tmp_path}/moved.conll {batches} --max_steps 6"
    assert train(work, tmp_path / "moved-encoder", *more.split()) == 0
    assert "checkpoint-2. To start over" in caplog.text
    assert read_state(work)["global_step"] == 6


def test_a_checkpoint_without_a_record_is_compared_by_its_labels(work, bert_folder, caplog, capsys):
    (work / "out" / "checkpoint-2" / RECORD_FILE).unlink()
    write_sentences(work / "train.conll", spell_otherwise("-LOC", "-GPE"))
    assert train(work, bert_folder) == 2
    assert "only here B-GPE, I-GPE" in capsys.readouterr().err
    write_sentences(work / "train.conll")
    assert train(work, bert_folder) == 0
    assert f"has no {RECORD_FILE}" in caplog.text


def test_a_broken_record_is_a_broken_checkpoint(work):
    record = work / "out" / "checkpoint-2" / RECORD_FILE
    record.write_bytes(record.read_bytes()[:100])
    assert find_damage(record.parent).startswith(f"{RECORD_FILE} is broken")


def test_a_finished_training_says_so_and_keeps_its_results(work, bert_folder, caplog, capsys):
    assert train(work, bert_folder) == 0
    results, weights = ((work / "out" / name).read_bytes() for name in ("train_results.json", "model.safetensors"))
    history = read_state(work)["log_history"]
    capsys.readouterr()
    assert train(work, bert_folder) == 0
    assert "finished: nothing trained" in caplog.text
    assert "a larger --max_steps" in caplog.text
    assert "train_loss" not in capsys.readouterr().out
    assert (work / "out" / "train_results.json").read_bytes() == results
    assert (work / "out" / "model.safetensors").read_bytes() == weights
    assert read_state(work)["log_history"] == history[:-1]


def test_a_training_killed_behind_its_last_step_is_finished_without_results_of_its_own(work, bert_folder):
    assert train(work, bert_folder) == 0
    (work / "out" / "train_results.json").unlink()
    (work / "out" / "model.safetensors").unlink()
    assert train(work, bert_folder) == 0
    assert (work / "out" / "model.safetensors").is_file()
    results = json.loads((work / "out" / "train_results.json").read_text())
    assert results == {"epoch": 2.0, "train_samples": 8}
