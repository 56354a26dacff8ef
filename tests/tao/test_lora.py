"""Adapters (LoRA) in the words of TAO."""

import json

import pytest
from tao_runs import run, train_model

pytest.importorskip("peft", reason='needs the extra "lora"')


def test_a_spec_asks_for_adapters(specs, data_dir, bert_folder, tmp_path, capsys):
    lora = ["model.lora.rank=4", "model.lora.alpha=2", "trainer.max_epochs=2"]
    assert train_model(specs, data_dir, bert_folder, tmp_path / "out", *lora) == 0
    model = tmp_path / "out" / "checkpoints" / "trained-model"
    settings = json.loads((model / "adapter_config.json").read_text())
    assert (settings["r"], settings["lora_alpha"]) == (4, 2)
    assert run("infer", "-m", model, "-r", tmp_path / "tagged", "input_batch=[Anna Smith left.]") == 0
    tuned = ["-r", tmp_path / "tuned", f"data_dir={data_dir}", "trainer.max_epochs=1"]
    assert run("finetune", "-e", specs / "finetune.yaml", "-m", model, *tuned, "model.lora.rank=8") == 2
    message = capsys.readouterr().err
    assert "model.lora.rank=8" in message
    assert "is an adapter itself" in message


def test_an_archive_has_the_adapter_in_it(specs, data_dir, bert_folder, tmp_path, capsys, cheap_scrypt):
    lora = ["model.lora.rank=4", "trainer.max_epochs=1", "-k", "secret"]
    assert train_model(specs, data_dir, bert_folder, tmp_path / "out", *lora) == 0
    archive = tmp_path / "out" / "checkpoints" / "trained-model.tlt"
    key = ["-k", "secret"]
    assert run("infer", "-m", archive, "-r", tmp_path / "tagged", *key, "input_batch=[Anna Smith left.]") == 0
    tuned = ["-r", tmp_path / "tuned", f"data_dir={data_dir}", "model.lora.rank=4"]
    assert run("finetune", "-e", specs / "finetune.yaml", "-m", archive, *tuned, *key) == 2
    assert f"model.lora.rank=4 and -m {archive}" in capsys.readouterr().err
