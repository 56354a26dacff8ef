"""The same `-r` again: a training goes on, is finished, begins afresh or is another one."""

import json
import os
import subprocess
import sys

import pytest
from tao_runs import run, train_model


def test_the_same_results_folder_goes_on(specs, data_dir, bert_folder, tmp_path, capsys):
    for epochs in (1, 2, 2):
        assert train_model(specs, data_dir, bert_folder, tmp_path, f"trainer.max_epochs={epochs}") == 0
    log = capsys.readouterr().out
    assert "checkpoint-2. To start over" in log
    assert "finished: nothing trained" in log
    assert "a larger trainer.max_epochs" in log
    assert log.count("Trained model saved to") == 2
    assert "Nothing left to train" in log


def test_another_training_needs_another_results_folder(specs, data_dir, bert_folder, tmp_path, capsys):
    assert train_model(specs, data_dir, bert_folder, tmp_path, "trainer.max_epochs=1") == 0
    model = tmp_path / "checkpoints" / "trained-model" / "model.safetensors"
    before = model.read_bytes()
    labels = tmp_path / "other.csv"
    labels.write_text((data_dir / "label_ids.csv").read_text() + "\nB-NEW")
    changes = [f"model.label_ids={labels}", "model.optim.name=adamw", "training_ds.shuffle=false"]
    assert train_model(specs, data_dir, bert_folder, tmp_path, "trainer.max_epochs=2", *changes) == 2
    error = capsys.readouterr().err.partition("error: ")[2]
    for line in (
        "labels: only there none, only here B-NEW",
        "model.optim.name: adam there, adamw here",
        "training_ds.shuffle: true there, false here",
        "another -r, or exp_manager.resume_if_exists=false",
    ):
        assert line in error
    assert "--" not in error
    assert model.read_bytes() == before


def test_a_fresh_start_in_the_same_results_folder(specs, data_dir, bert_folder, tmp_path, capsys):
    settings = ["trainer.max_epochs=1", "exp_manager.resume_if_exists=false"]
    for seed in (1, 2):
        assert train_model(specs, data_dir, bert_folder, tmp_path, *settings, f"trainer.seed={seed}") == 0
        state = json.loads((tmp_path / "checkpoints" / "checkpoint-2" / "trainer_state.json").read_text())
        assert len([entry for entry in state["log_history"] if "eval_loss" in entry]) == 1
    log = capsys.readouterr().out
    assert "Continuing from" not in log
    assert log.count("Epoch 0, global step 2: val_loss reached ") == 2


def test_a_broken_checkpoint_is_passed_over(specs, data_dir, bert_folder, tmp_path):
    keep_all = "exp_manager.checkpoint_callback_params.save_top_k=3"
    for _ in range(2):
        assert train_model(specs, data_dir, bert_folder, tmp_path, "trainer.max_epochs=2", keep_all) == 0
        (tmp_path / "checkpoints" / "checkpoint-4" / "optimizer.pt").write_bytes(b"PK")
    log = (tmp_path / "nemo_log_globalrank-0_localrank-0.txt").read_text()
    assert "checkpoint-4 is skipped: optimizer.pt is broken" in log
    assert "checkpoint-2. To start over" in log


@pytest.mark.slow
def test_a_killed_training_goes_on_to_the_same_model(specs, data_dir, bert_folder, tmp_path):
    settings = [f"data_dir={data_dir}", f"model.language_model.pretrained_model_name={bert_folder}"]
    settings += ["trainer.max_epochs=6", "training_ds.batch_size=4", "trainer.seed=7"]
    command = [sys.executable, "-m", "token_classification", "train", "-e", str(specs / "train.yaml"), *settings]
    killed = [*command, "-r", str(tmp_path / "killed")]
    # One thread, as in this process: sums in another order differ in the last bit.
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen(killed, env=environment, **pipes) as process:
        reports = (line for line in process.stdout if "weighted avg" in line)
        for _ in range(3):
            next(reports)
        process.kill()
    assert not (tmp_path / "killed" / "checkpoints" / "trained-model").exists()
    for name in ("killed", "whole"):
        assert run(*command[3:], "-r", tmp_path / name) == 0
    assert "Continuing from" in (tmp_path / "killed" / "nemo_log_globalrank-0_localrank-0.txt").read_text()
    killed_model, whole_model = (
        (tmp_path / name / "checkpoints" / "trained-model" / "model.safetensors").read_bytes()
        for name in ("killed", "whole")
    )
    assert killed_model == whole_model
