"""A precision that a model can't compute in is found before the training, and float32 takes its place aloud."""

import json
import random
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from tao_runs import run
from trainers import make_trainer

import run_ner
from token_classification.exit_codes import run_command
from token_classification.training.precision import settle_precision


def read_arguments(folder: Path) -> dict[str, object]:
    """The arguments that a run recorded."""
    return json.loads((folder / "run.json").read_text())["training_arguments"]


@pytest.mark.parametrize("asked", ["--mixed_precision=auto", "--mixed_precision=bf16", "--bf16"])
def test_deberta_learns_in_float32_and_the_record_says_so(
    asked, deberta_folder, conll_file, tmp_path, caplog, monkeypatch
):
    monkeypatch.setattr("token_classification.arguments.training.multiplies_bf16", lambda on_cpu: True)
    arguments = ["--model_name_or_path", deberta_folder, "--train_file", conll_file, "--output_dir", tmp_path / "out"]
    arguments += ["--do_train", "--max_steps", 2, asked, "--use_cpu", "--report_to", "none"]
    assert run_command(run_ner.main, [*map(str, arguments)]) == 0
    assert "This model can't be trained in bf16: value cannot be converted to type" in caplog.text
    assert "It is trained in float32 (--mixed_precision no)." in caplog.text
    recorded = read_arguments(tmp_path / "out")
    assert (recorded["mixed_precision"], recorded["bf16"]) == ("no", False)


def test_deberta_is_evaluated_in_float32(deberta_folder, conll_file, tmp_path, caplog):
    common = ["--model_name_or_path", deberta_folder, "--train_file", conll_file, "--validation_file", conll_file]
    common += ["--do_train", "--do_eval", "--max_steps", 1, "--mixed_precision", "no", "--use_cpu"]
    for name, more in (("plain", []), ("half", ["--bf16_full_eval"])):
        assert run_command(run_ner.main, [*map(str, [*common, "--output_dir", tmp_path / name, *more])]) == 0
    assert caplog.text.count("This model can't be evaluated in bf16: value cannot be converted to type") == 1
    assert read_arguments(tmp_path / "half")["bf16_full_eval"] is False
    plain, half = (json.loads((tmp_path / name / "eval_results.json").read_text()) for name in ("plain", "half"))
    assert plain["eval_loss"] == half["eval_loss"]


def test_a_spec_hears_it_in_its_own_words(deberta_folder, conll_file, tmp_path, monkeypatch):
    pytest.importorskip("omegaconf")
    monkeypatch.setattr("token_classification.arguments.training.multiplies_bf16", lambda on_cpu: True)
    assert run("download_specs", "-o", tmp_path / "specs") == 0
    (tmp_path / "iob").mkdir()
    for name in ("train", "dev"):
        shutil.copy(conll_file, tmp_path / "iob" / f"{name}.txt")
    folders = [f"source_data_dir={tmp_path / 'iob'}", f"target_data_dir={tmp_path / 'data'}"]
    assert run("dataset_convert", "-e", tmp_path / "specs" / "dataset_convert.yaml", *folders) == 0
    settings = [f"data_dir={tmp_path / 'data'}", f"model.language_model.pretrained_model_name={deberta_folder}"]
    settings += ["trainer.max_steps=1", "trainer.precision=bf16", "trainer.accelerator=cpu"]
    assert run("train", "-e", tmp_path / "specs" / "train.yaml", "-r", tmp_path / "out", *settings) == 0
    log = (tmp_path / "out" / "nemo_log_globalrank-0_localrank-0.txt").read_text()
    assert "It is trained in float32 (trainer.precision=32)." in log
    assert read_arguments(tmp_path / "out" / "checkpoints")["mixed_precision"] == "no"


class Overflowing(torch.nn.Module):
    """Adds what is finite in float32 and infinite in bf16, to a loss or only on the way back."""

    def __init__(self, classifier: torch.nn.Module, where: str) -> None:
        super().__init__()
        self.classifier = classifier
        self.where = where

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Add nothing, on a detour."""
        logits = self.classifier(hidden)
        if logits.dtype != torch.bfloat16:
            return logits
        detour = (
            torch.full_like(logits, torch.inf) if self.where == "output" else logits.abs().sub(logits.abs()).sqrt()
        )
        return logits + detour


@pytest.mark.parametrize(("where", "reason"), [("output", "its loss"), ("gradient", "its gradient")])
def test_what_is_not_finite_is_found(where, reason, bert_folder, tmp_path, caplog):
    trainer = make_trainer(bert_folder, tmp_path, mixed_precision="bf16", use_cpu=True)
    assert trainer.args.bf16
    trainer.model.classifier = Overflowing(trainer.model.classifier, where)
    split = trainer.eval_dataset
    settle_precision(trainer.model, {"train": split}, trainer.data_collator, trainer.tagger.collator, trainer.args)
    assert (trainer.args.bf16, trainer.args.mixed_precision) == (False, "no")
    assert f"can't be trained in bf16: {reason}" in caplog.text


def test_a_failure_that_float32_has_too_is_none_of_the_precision(bert_folder, tmp_path, caplog):
    trainer = make_trainer(bert_folder, tmp_path, mixed_precision="bf16", use_cpu=True)
    with torch.no_grad():
        trainer.model.classifier.bias.fill_(torch.nan)
    split = trainer.eval_dataset
    settle_precision(trainer.model, {"train": split}, trainer.data_collator, trainer.tagger.collator, trainer.args)
    assert trainer.args.bf16
    assert "can't be trained" not in caplog.text


def test_a_trial_leaves_no_trace(roberta_folder, tmp_path):
    trainer = make_trainer(roberta_folder, tmp_path, mixed_precision="bf16", use_cpu=True, bf16_full_eval=True)
    model, split = trainer.model.eval(), trainer.eval_dataset
    before = {name: values.clone() for name, values in model.state_dict().items()}
    buffers = [buffer.clone() for buffer in model.buffers()]
    states = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state()
    settle_precision(model, {"train": split}, trainer.data_collator, trainer.tagger.collator, trainer.args)
    assert trainer.args.bf16
    assert trainer.args.bf16_full_eval
    assert not any(module.training for module in model.modules())
    assert (random.getstate(), np.random.get_state()[1].tolist()) == states[:2]
    assert torch.equal(torch.get_rng_state(), states[2])
    assert all(parameter.grad is None for parameter in model.parameters())
    assert all(torch.equal(values, before[name]) for name, values in model.state_dict().items())
    assert all(map(torch.equal, model.buffers(), buffers))
