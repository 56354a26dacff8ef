"""Windows that share a row learn as they do in rows of their own, with hardly any padding."""

import logging

import numpy as np
import pytest
import torch
from conftest import SENTENCES, configure_tiny_bert
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from trainers import LABELS, make_trainer
from transformers import (
    AlbertConfig,
    AutoModelForTokenClassification,
    BertForTokenClassification,
    DebertaV2Config,
    DistilBertConfig,
    ElectraConfig,
    ModernBertConfig,
)

from token_classification.alignment.align import build_aligner
from token_classification.alignment.batches import WindowCollator, build_collator
from token_classification.arguments.model import ModelArguments
from token_classification.arguments.training import NerTrainingArguments
from token_classification.data.sentences import Sentences
from token_classification.modeling.build import load_config, load_model
from token_classification.modeling.deep_head import DeepHeadConfig, DeepHeadForTokenClassification
from token_classification.modeling.tokenizer import load_tokenizer
from token_classification.recipe import HeadOptions, Recipe
from token_classification.training.cpu.attention import CPU_TRAINING
from token_classification.training.cpu.tuning import tuned_for_cpu
from token_classification.training.packing import (
    PackingCollator,
    choose_collator,
    computes_the_same,
    plan_rows,
    round_up,
)

SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
STEPS = {"max_steps": 6, "per_device_train_batch_size": 4, "learning_rate": 1e-3, "report_to": "none"}
PACKED = {
    "albert": AlbertConfig(embedding_size=16, **SIZES),
    "distilbert": DistilBertConfig(dim=32, n_layers=2, n_heads=2, hidden_dim=64),
    "electra": ElectraConfig(embedding_size=16, **SIZES),
}
PADDED = {
    "deberta": (DebertaV2Config(**SIZES), "no mask between positions"),
    "modernbert": (ModernBertConfig(**SIZES, pad_token_id=0), "a limited range"),
}


@pytest.fixture
def split(wordpiece):
    words, tags = zip(*((words.split(), tags.split()) for words, tags in SENTENCES), strict=True)
    aligner = build_aligner(wordpiece, LABELS, window_length=64)
    return aligner.align(Sentences(list(words), list(tags), list(range(8))))


@pytest.fixture
def plain(wordpiece, split) -> WindowCollator:
    return build_collator(wordpiece, build_aligner(wordpiece, LABELS, window_length=64).special)


def choose(model, plain, split, folder, **settings):
    training = NerTrainingArguments(output_dir=str(folder), report_to="none", **settings)
    return choose_collator(model, plain, split, training, window_length=64)


@given(st.lists(st.integers(1, 64), min_size=1, max_size=80), st.sampled_from([64, 130, 512]))
def test_rows_hold_every_window_once_and_none_is_too_long(lengths, longest_row):
    rows = plan_rows(lengths, longest_row)
    assert sorted(place for row in rows for place in row) == list(range(len(lengths)))
    assert all(0 < sum(lengths[place] for place in row) <= longest_row for row in rows)


@pytest.mark.parametrize(("batch_size", "share"), [(8, 1.15), (32, 1.1), (500, 1.1)])
def test_rows_need_little_padding(batch_size, share):
    random = np.random.default_rng(0)
    packed, padded, real = 0, 0, 0
    for _ in range(20):
        lengths = random.integers(5, 75, size=batch_size).tolist()
        rows = plan_rows(lengths, 512)
        packed += len(rows) * round_up(max(sum(lengths[place] for place in row) for row in rows), 512)
        padded += batch_size * max(lengths)
        real += sum(lengths)
    assert packed < share * real
    assert padded > 1.6 * real


def test_windows_of_the_longest_length_keep_rows_of_their_own():
    assert plan_rows([512] * 8, 512) == [[place] for place in range(8)]


@pytest.mark.parametrize("name", PACKED)
def test_other_architectures_are_packed(name, wordpiece, plain, split, tmp_path):
    config = PACKED[name]
    config.vocab_size = len(wordpiece)
    packing = choose(AutoModelForTokenClassification.from_config(config), plain, split, tmp_path)
    assert isinstance(packing, PackingCollator)
    assert packing.first_position == 0


@pytest.mark.parametrize("name", ["bert", *PACKED])
def test_a_deep_head_is_packed_where_its_encoder_is(name, wordpiece, plain, split, tmp_path):
    config = configure_tiny_bert(wordpiece) if name == "bert" else PACKED[name]
    config.vocab_size = len(wordpiece)
    model = DeepHeadForTokenClassification(DeepHeadConfig(config, num_labels=7))
    assert isinstance(choose(model, plain, split, tmp_path), PackingCollator)
    training = NerTrainingArguments(output_dir=str(tmp_path), report_to="none")
    if training.device.type == "cpu":
        with tuned_for_cpu(model, split, plain.pad_id, training):
            assert model.encoder.config._attn_implementation == CPU_TRAINING
    assert model.encoder.config._attn_implementation == "sdpa"


@pytest.mark.parametrize("name", PADDED)
def test_a_deep_head_is_padded_aloud_where_its_encoder_is(name, wordpiece, plain, split, tmp_path, caplog):
    config, reason = PADDED[name]
    config.vocab_size = len(wordpiece)
    with caplog.at_level(logging.WARNING):
        assert choose(DeepHeadForTokenClassification(DeepHeadConfig(config)), plain, split, tmp_path) is plain
    assert reason in caplog.text


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
    assert computes_the_same(model, PackingCollator(plain, 0, 128), windows)
    assert not computes_the_same(model, PackingCollator(plain, 1, 128), windows)


def test_what_the_user_asks_for_is_done_in_silence(wordpiece, plain, split, tmp_path, caplog):
    model = BertForTokenClassification(configure_tiny_bert(wordpiece))
    full = build_collator(wordpiece, plain.special, length=64)
    with caplog.at_level(logging.WARNING):
        assert choose(model, plain, split, tmp_path, pack_windows=False) is plain
        assert choose(model, full, split, tmp_path) is full
        assert choose(model, plain, None, tmp_path) is plain
    assert not caplog.text


@pytest.fixture
def deep_folder(bert_folder, tmp_path):
    """A model with a deep head on the tiny encoder."""
    arguments = ModelArguments(str(bert_folder))
    model = load_model(arguments, load_config(arguments), LABELS, Recipe(head=HeadOptions(dropout=0.0)))
    model.save_pretrained(tmp_path / "deep")
    load_tokenizer(arguments).save_pretrained(tmp_path / "deep")
    return tmp_path / "deep"


@pytest.mark.parametrize("is_tuned", [True, False])
@pytest.mark.parametrize("folder", ["bert_folder", "roberta_folder", "deep_folder"])
def test_loss_and_gradients_are_those_of_padded_windows(folder, is_tuned, tmp_path, request):
    trainer = make_trainer(
        request.getfixturevalue(folder), tmp_path, tune_for_cpu=is_tuned, mixed_precision="no", **STEPS
    )
    for module in trainer.model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    windows = [trainer.train_dataset[row] for row in range(8)]
    trainer.model.train()
    seen = []
    with tuned_for_cpu(trainer.model, trainer.train_dataset.split, trainer.data_collator.pad_id, trainer.args):
        for collator in (trainer.data_collator, trainer.tagger.collator):
            batch = collator(windows)
            labels = batch.pop("labels")
            trainer.model.zero_grad()
            loss = trainer.compute_loss_func(trainer.model(**batch), labels)
            loss.backward()
            gradients = {name: values.grad for name, values in trainer.model.named_parameters()}
            seen.append((len(batch["input_ids"]), loss.detach(), gradients))
    (rows, loss, gradients), (padded_rows, padded_loss, padded_gradients) = seen
    assert rows < padded_rows == 8
    torch.testing.assert_close(loss, padded_loss)
    for name, values in gradients.items():
        torch.testing.assert_close(values, padded_gradients[name], rtol=1e-4, atol=1e-6)


def test_a_training_ends_in_the_same_weights(bert_folder, tmp_path):
    weights = []
    for is_packed in (True, False):
        settings = {"pack_windows": is_packed, "train_sampling_strategy": "sequential", "mixed_precision": "no"}
        trainer = make_trainer(bert_folder, tmp_path / str(is_packed), max_grad_norm=0.0, **settings, **STEPS)
        for module in trainer.model.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
        trainer.train()
        weights.append(trainer.model.state_dict())
    for name, values in weights[0].items():
        torch.testing.assert_close(values, weights[1][name], rtol=1e-3, atol=1e-5)


def test_rows_are_read_as_the_windows_they_hold(plain, split):
    windows = [split[number] for number in range(8)]
    packing = PackingCollator(plain, 0, 64)
    read = sorted(part.tolist() for part in packing.split_rows(packing(windows)))
    padding = {plain.pad_id}
    assert [[token for token in part if token not in padding] for part in read] == sorted(
        window["input_ids"].tolist() for window in windows
    )


@pytest.mark.parametrize(
    ("settings", "is_grouped"),
    [({}, False), ({"pack_windows": False}, True), ({"train_sampling_strategy": "group_by_length"}, True)],
)
def test_batches_are_grouped_where_they_are_padded_or_asked_to(bert_folder, tmp_path, settings, is_grouped):
    trainer = make_trainer(bert_folder, tmp_path, **STEPS, **settings)
    assert trainer._get_train_sampler().is_grouped == is_grouped
