"""Training in mixed precision stays in it, whatever is evaluated in between; evaluation is in float32."""

import pytest
import torch
from trainers import make_trainer


def test_training_stays_in_bf16_and_evaluation_in_float32(bert_folder, tmp_path):
    trainer = make_trainer(
        bert_folder, tmp_path, mixed_precision="bf16", num_train_epochs=2, eval_strategy="epoch", save_strategy="no"
    )
    seen = []
    trainer.model.bert.encoder.register_forward_hook(
        lambda module, inputs, output: seen.append(
            (module.training, torch.is_autocast_enabled(trainer.args.device.type))
        )
    )
    trainer.train()
    assert {autocast for is_training, autocast in seen if is_training} == {True}
    assert {autocast for is_training, autocast in seen if not is_training} == {False}
    in_training = [is_training for is_training, _ in seen]
    assert True in in_training[in_training.index(False) :]


@pytest.mark.parametrize("flag", [None, "bf16_full_eval"])
def test_evaluation_is_in_bf16_where_it_is_asked_for(flag, bert_folder, tmp_path):
    trainer, seen = make_trainer(bert_folder, tmp_path, **({flag: True} if flag else {})), []
    trainer.model.bert.encoder.register_forward_hook(
        lambda module, inputs, output: seen.append(torch.is_autocast_enabled(trainer.args.device.type))
    )
    trainer.evaluate()
    # Which windows may share a batch is tried in float32.
    assert seen[-1] == (flag is not None)


@pytest.mark.parametrize("size", [1, 3, 100])
def test_no_tag_depends_on_what_else_is_in_its_batch(size, bert_folder, tmp_path):
    whole, parts = (
        make_trainer(bert_folder, tmp_path, per_device_eval_batch_size=each).predict_split for each in (8, size)
    )
    split = make_trainer(bert_folder, tmp_path).eval_dataset
    assert whole(split, "eval")[0].tags == parts(split, "eval")[0].tags


@pytest.mark.parametrize(("size", "positions"), [(8, 8 * 64), (100, 1024)])
def test_batches_fit_the_caches_of_a_cpu(size, positions, bert_folder, tmp_path):
    trainer = make_trainer(bert_folder, tmp_path, per_device_eval_batch_size=size, use_cpu=True)
    assert trainer.tagger.token_budget == positions
