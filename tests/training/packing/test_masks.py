"""Windows that share a row get the logits that they get alone, in every architecture that can do that."""

import logging

import pytest
import torch
from conftest import configure_tiny_bert
from transformers import (
    Gemma2Config,
    MistralConfig,
    ModernVBertConfig,
)

from token_classification.arguments.training import NerTrainingArguments
from token_classification.modeling.deep_head import DeepHeadConfig, DeepHeadForTokenClassification
from token_classification.training.cpu.attention import CPU_TRAINING
from token_classification.training.cpu.tuning import tuned_for_cpu
from token_classification.training.packing.choose import compute_alone
from token_classification.training.packing.collator import PackingCollator, serving_masks
from token_classification.training.packing.masks import MaskForm
from token_classification.training.packing.rows import plan_rows
from training.packing.architectures import DECODER, LOCAL, PACKED, PADDED, build, choose


def assert_computes_the_same(model, packing, split):
    """Compare the logits of all windows, several to a row, with those of each alone."""
    model.eval()
    windows = [split[number] for number in range(len(split))]
    lengths = [len(window["input_ids"]) for window in windows]
    rows = plan_rows([length + packing.form.gap for length in lengths], packing.longest_row + packing.form.gap)
    assert max(map(len, rows)) > 1
    batch = packing.fill_rows(windows, rows)
    del batch["labels"]
    with torch.inference_mode(), serving_masks(model, packing):
        packed = model(**batch).logits
        for number, row in enumerate(rows):
            starts = packing.find_starts([lengths[place] for place in row])
            for start, place in zip(starts, row, strict=True):
                alone = compute_alone(model, packing.plain, [windows[place]])
                tolerance = {"rtol": 1e-3, "atol": 1e-4 * float(alone.abs().max())}
                torch.testing.assert_close(packed[number, start : start + lengths[place]], alone, **tolerance)


@pytest.mark.parametrize("name", PACKED)
def test_architectures_are_packed_and_compute_what_they_compute_alone(name, wordpiece, plain, split, tmp_path):
    config, form = PACKED[name]
    model = build(config, wordpiece)
    packing = choose(model, plain, split, tmp_path)
    assert isinstance(packing, PackingCollator)
    assert packing.form == form
    assert_computes_the_same(model, packing, split)


@pytest.mark.parametrize(
    ("config", "form"),
    [
        (LOCAL, MaskForm()),
        (ModernVBertConfig(text_config=LOCAL.to_dict(), initializer_range=0.3), MaskForm()),
        (Gemma2Config(sliding_window=4, head_dim=16, **DECODER), MaskForm(is_causal=True, is_added=True)),
        (MistralConfig(sliding_window=4, **DECODER), MaskForm(is_causal=True)),
    ],
)
def test_layers_that_look_around_them_only_keep_doing_so(config, form, wordpiece, plain, split, tmp_path):
    model = build(config, wordpiece)
    packing = choose(model, plain, split, tmp_path)
    assert packing.form == form
    assert 4 in packing.ranges.values()
    assert_computes_the_same(model, packing, split)


@pytest.mark.parametrize("name", ["bert", *PACKED])
def test_a_deep_head_is_packed_where_its_encoder_is(name, wordpiece, plain, split, tmp_path):
    config = configure_tiny_bert(wordpiece) if name == "bert" else PACKED[name][0]
    config.vocab_size = len(wordpiece)
    model = DeepHeadForTokenClassification(DeepHeadConfig(config, num_labels=7))
    packing = choose(model, plain, split, tmp_path)
    assert isinstance(packing, PackingCollator)
    assert packing.form == (MaskForm() if name == "bert" else PACKED[name][1])
    attention = model.encoder.config._attn_implementation
    training = NerTrainingArguments(output_dir=str(tmp_path), report_to="none")
    if training.device.type == "cpu" and attention == "sdpa":
        with tuned_for_cpu(model, split, plain.pad_id, training):
            assert model.encoder.config._attn_implementation == CPU_TRAINING
    assert model.encoder.config._attn_implementation == attention


@pytest.mark.parametrize("name", PADDED)
def test_a_deep_head_is_padded_aloud_where_its_encoder_is(name, wordpiece, plain, split, tmp_path, caplog):
    config, reason = PADDED[name]
    config.vocab_size = len(wordpiece)
    with caplog.at_level(logging.WARNING):
        assert choose(DeepHeadForTokenClassification(DeepHeadConfig(config)), plain, split, tmp_path) is plain
    assert reason in caplog.text
