"""Which models pack, and what is said where one does not."""

import logging

import pytest
import torch
from conftest import configure_tiny_bert
from trainers import make_trainer
from transformers import (
    AutoModelForTokenClassification,
    BertForTokenClassification,
    DebertaV2Config,
)

from token_classification.alignment.batches import build_collator
from token_classification.training.packing.choose import compute_alone, computes_the_same
from token_classification.training.packing.collator import PackingCollator
from training.packing.architectures import LOUD, PADDED, RELATIVE, SIZES, build, choose

STEPS = {"max_steps": 6, "per_device_train_batch_size": 4, "learning_rate": 1e-3, "report_to": "none"}


def test_positions_begin_where_the_model_has_them_begin(roberta_folder, bert_folder, tmp_path):
    assert make_trainer(bert_folder, tmp_path, **STEPS).data_collator.first_position == 0
    assert make_trainer(roberta_folder, tmp_path, **STEPS).data_collator.first_position == 2


@pytest.mark.parametrize("name", PADDED)
def test_models_that_cannot_be_packed_are_padded_aloud(name, wordpiece, plain, split, tmp_path, caplog):
    config, reason = PADDED[name]
    config.vocab_size = len(wordpiece)
    with caplog.at_level(logging.WARNING):
        assert choose(AutoModelForTokenClassification.from_config(config), plain, split, tmp_path) is plain
    assert "cannot share rows" in caplog.text
    assert reason in caplog.text


def test_a_model_that_looks_at_its_neighbours_is_padded_aloud(wordpiece, plain, split, tmp_path, caplog):
    model = BertForTokenClassification(configure_tiny_bert(wordpiece))
    # The last state of each position is mixed with the one before, whosever it is.
    model.bert.encoder.register_forward_hook(
        lambda module, inputs, output: output.__class__(output.last_hidden_state.cumsum(dim=1))
    )
    with caplog.at_level(logging.WARNING):
        assert choose(model, plain, split, tmp_path) is plain
    assert "its outputs change" in caplog.text


def test_wrong_positions_are_noticed(wordpiece, plain, split):
    model = BertForTokenClassification(configure_tiny_bert(wordpiece))
    windows = [split[number] for number in range(3)]
    model.eval()
    alone = compute_alone(model, plain, windows)
    assert computes_the_same(model, PackingCollator(plain, 0, 128), windows, alone)
    assert not computes_the_same(model, PackingCollator(plain, 1, 128), windows, alone)


def test_the_trial_leaves_no_trace(wordpiece, plain, split, tmp_path):
    model = build(DebertaV2Config(**SIZES, **LOUD, **RELATIVE), wordpiece)
    model.train()
    model.deberta.embeddings.eval()
    # Draws random numbers, whatever its mode.
    model.classifier.register_forward_hook(lambda module, inputs, output: output + 0 * torch.rand_like(output))
    modes = [module.training for module in model.modules()]
    weights = {name: values.clone() for name, values in model.state_dict().items()}
    torch.manual_seed(1)
    state = torch.get_rng_state()
    assert isinstance(choose(model, plain, split, tmp_path), PackingCollator)
    assert torch.equal(torch.get_rng_state(), state)
    assert [module.training for module in model.modules()] == modes
    assert all(torch.equal(values, weights[name]) for name, values in model.state_dict().items())
    assert not any(module._forward_pre_hooks for module in model.modules())


def test_nan_is_never_the_same(wordpiece, plain, split, tmp_path, caplog):
    model = build(configure_tiny_bert(wordpiece), wordpiece)
    with torch.no_grad():
        model.classifier.bias[0] = float("nan")
    assert choose(model, plain, split, tmp_path) is plain
    assert "not finite numbers" in caplog.text


def test_what_the_user_asks_for_is_done_in_silence(wordpiece, plain, split, tmp_path, caplog):
    model = BertForTokenClassification(configure_tiny_bert(wordpiece))
    full = build_collator(wordpiece, plain.special, length=64)
    with caplog.at_level(logging.WARNING):
        assert choose(model, plain, split, tmp_path, pack_windows=False) is plain
        assert choose(model, full, split, tmp_path) is full
        assert choose(model, plain, None, tmp_path) is plain
    assert not caplog.text
