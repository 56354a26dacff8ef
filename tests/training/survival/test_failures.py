"""A full disk, a folder that can't be written to and too little memory end with what to type next."""

import errno
import json
import re
from pathlib import Path

import pytest
import torch
from full_disk import full_disk
from safetensors.torch import save_file
from trainers import make_trainer

import run_ner
from token_classification.arguments.training import NerTrainingArguments
from token_classification.errors import UserError
from token_classification.exit_codes import run_command
from token_classification.training.survival.failures import (
    advise_on_evaluation_memory,
    advise_on_training_memory,
    explain_memory_errors,
    explain_write_errors,
)

FULL_MESSAGE = r"no space left to write .*--save_total_limit 1; .*--resume_from_checkpoint auto"


@pytest.mark.parametrize(
    "write",
    [
        lambda path: save_file({"weight": torch.ones(100_000)}, path),
        lambda path: torch.save({"weight": torch.ones(100_000)}, path),
        lambda path: path.write_bytes(bytes(100_000)),
    ],
    ids=["safetensors", "torch", "open"],
)
def test_a_full_disk_is_named_whoever_writes(tmp_path, write):
    full = f"{re.escape(str(tmp_path))}: {FULL_MESSAGE}"
    with pytest.raises(UserError, match=full), full_disk(), explain_write_errors(tmp_path):
        write(tmp_path / "file")


def test_a_full_disk_ends_a_run_with_what_to_type(bert_folder, conll_file, tmp_path, capsys):
    out = tmp_path / "out"
    arguments = f"--model_name_or_path {bert_folder} --train_file {conll_file} --output_dir {out} --do_train"
    with full_disk():
        assert run_command(run_ner.main, [*arguments.split(), "--max_steps", "1", "--use_cpu"]) == 2
    assert re.search(f"error: {re.escape(str(out))}: {FULL_MESSAGE}", capsys.readouterr().err)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.EPERM])
def test_a_folder_that_cannot_be_written_to_is_named(number):
    with (
        pytest.raises(UserError, match=r"out/model: can't be written to .* --output_dir"),
        explain_write_errors("out"),
    ):
        raise OSError(number, "no", "out/model")


@pytest.mark.parametrize("error", [OSError(errno.ENOENT, "no"), RuntimeError("shapes differ")])
def test_other_errors_pass(error):
    with pytest.raises(type(error)) as caught, explain_write_errors("out"), explain_memory_errors("less"):
        raise error
    assert caught.value is error


def allocate_too_much() -> None:
    """What torch says when the machine has too little memory."""
    torch.empty(10**15, dtype=torch.int8)


@pytest.mark.parametrize("allocate", [allocate_too_much, lambda: bytearray(10**16)], ids=["torch", "python"])
def test_too_little_memory_is_named(allocate):
    with pytest.raises(UserError, match=r"out of memory\. Take less"), explain_memory_errors("Take less."):
        allocate()


def test_half_the_batch_with_twice_the_accumulation_is_advised(tmp_path):
    training = NerTrainingArguments(
        output_dir=str(tmp_path),
        per_device_train_batch_size=32,
        gradient_accumulation_steps=3,
        per_device_eval_batch_size=8,
    )
    advice = advise_on_training_memory(training)
    assert "give --per_device_train_batch_size 16 --gradient_accumulation_steps 6," in advice
    assert "--auto_find_batch_size true" in advice
    assert "give --per_device_eval_batch_size 4:" in advise_on_evaluation_memory(training)


def test_a_batch_of_one_cannot_be_halved(tmp_path):
    training = NerTrainingArguments(
        output_dir=str(tmp_path), per_device_train_batch_size=1, per_device_eval_batch_size=1
    )
    assert "--max_seq_length" in advise_on_training_memory(training)
    assert "--max_seq_length" in advise_on_evaluation_memory(training)


def limit_memory(trainer, largest_batch: int) -> None:
    """Let batches over a size run out of memory as torch would."""

    def refuse(module, inputs, keywords):
        # Windows share rows; each begins with this one.
        if (keywords["input_ids"] == trainer.processing_class.cls_token_id).sum() > largest_batch:
            allocate_too_much()

    trainer.model.register_forward_pre_hook(refuse, with_kwargs=True)


def test_a_batch_that_does_not_fit_ends_with_advice(bert_folder, tmp_path):
    trainer = make_trainer(bert_folder, tmp_path, max_steps=1, per_device_train_batch_size=8)
    limit_memory(trainer, 4)
    with pytest.raises(UserError, match="--per_device_train_batch_size 4 --gradient_accumulation_steps 2"):
        trainer.learn(None, 8)


def test_auto_find_batch_size_finds_one_that_fits(bert_folder, tmp_path):
    trainer = make_trainer(
        bert_folder, tmp_path, num_train_epochs=1, per_device_train_batch_size=8, auto_find_batch_size=True
    )
    limit_memory(trainer, 4)
    trainer.learn(None, 8)
    assert json.loads(Path(tmp_path, "trainer_state.json").read_text())["train_batch_size"] == 4
    assert trainer.state.global_step == 2


def test_auto_find_batch_size_says_when_none_fits(bert_folder, tmp_path):
    trainer = make_trainer(
        bert_folder, tmp_path, num_train_epochs=1, per_device_train_batch_size=2, auto_find_batch_size=True
    )
    limit_memory(trainer, 0)
    with pytest.raises(UserError, match="--max_seq_length"):
        trainer.learn(None, 8)


def test_an_evaluation_that_does_not_fit_names_its_own_batch_size(bert_folder, tmp_path):
    trainer = make_trainer(bert_folder, tmp_path, max_steps=1, per_device_eval_batch_size=4)
    # The encoder: evaluation calls `forward` of the model, behind its hooks.
    trainer.model.bert.register_forward_pre_hook(lambda *_: allocate_too_much())
    with pytest.raises(UserError, match="--per_device_eval_batch_size 2"):
        trainer.evaluate()
