"""Steps, checkpoints and what is saved."""

import pytest
import torch
from safetensors.torch import load_file, save_file
from trainers import make_trainer

from token_classification.errors import UserError


def test_a_checkpoint_with_other_weights_is_not_continued(bert_folder, tmp_path):
    """Earlier versions had other names for a head of one layer."""
    common = {"num_train_epochs": 1, "per_device_train_batch_size": 8, "save_strategy": "steps", "save_steps": 1}
    make_trainer(bert_folder, tmp_path, **common).train()
    path = tmp_path / "checkpoint-1" / "model.safetensors"
    weights = load_file(path)
    save_file({name.replace("bert.", "encoder."): values for name, values in weights.items()}, path)
    with pytest.raises(UserError, match=r"checkpoint-1 holds weights .*\(encoder\."):
        make_trainer(bert_folder, tmp_path, **common | {"num_train_epochs": 2}).train(str(tmp_path / "checkpoint-1"))


@pytest.mark.parametrize("class_weights", [None, torch.tensor([0.2, 3.0, 5.0, 2.0, 4.0, 1.0, 6.0])])
def test_accumulated_steps_learn_as_one_batch(bert_folder, tmp_path, class_weights):
    common = {"max_steps": 2, "mixed_precision": "no", "train_sampling_strategy": "sequential", "save_strategy": "no"}
    common |= {"class_weights": class_weights, "logging_steps": 1}
    whole = make_trainer(bert_folder, tmp_path / "whole", per_device_train_batch_size=8, **common)
    parts = make_trainer(
        bert_folder, tmp_path / "parts", per_device_train_batch_size=2, gradient_accumulation_steps=4, **common
    )
    untrained_loss = parts.evaluate()["eval_loss"]
    whole.train()
    parts.train()
    for trainer in (whole, parts):
        first_loss = next(entry["loss"] for entry in trainer.state.log_history if "loss" in entry)
        assert first_loss == pytest.approx(untrained_loss, rel=1e-5)
    for (name, left), right in zip(whole.model.named_parameters(), parts.model.parameters(), strict=True):
        assert torch.allclose(left, right, atol=1e-5), name


def test_a_run_continued_from_its_last_step_learns_no_more(bert_folder, tmp_path):
    # The third of four steps of an epoch, at the full learning rate.
    common = {"max_steps": 3, "save_steps": 3, "per_device_train_batch_size": 2, "lr_scheduler_type": "constant"}
    whole, continued = (make_trainer(bert_folder, tmp_path, **common) for _ in range(2))
    whole.train()
    continued.train(resume_from_checkpoint=str(tmp_path / "checkpoint-3"))
    assert continued.state.global_step == 3
    for (name, left), right in zip(whole.model.named_parameters(), continued.model.parameters(), strict=True):
        assert torch.equal(left, right), name


def test_no_token_is_saved_with_a_model(bert_folder, tmp_path):
    trainer = make_trainer(bert_folder, tmp_path, max_steps=1, save_steps=1, hub_token="hf_of_nobody_else")
    trainer.train()
    trainer.save_model()
    records = list(tmp_path.rglob("training_args.bin"))
    assert len(records) == 2
    assert [path for path in tmp_path.rglob("*") if path.is_file() and b"hf_of_nobody" in path.read_bytes()] == []
    assert trainer.args.hub_token == "hf_of_nobody_else"
