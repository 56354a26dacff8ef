"""The longest input: what model and tokenizer take, whatever they call it, and a default where that is too much."""

import logging

import pytest
import torch
from transformers import (
    AutoModel,
    AutoModelForTokenClassification,
    AutoTokenizer,
    GPT2Config,
    IBertConfig,
    ModernBertConfig,
    MptConfig,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    T5Config,
    XLNetConfig,
)

from token_classification.alignment.window_length import find_position_limit, find_window_length
from token_classification.modeling.deep_head import DeepHeadConfig, DeepHeadForTokenClassification


def build(config: PreTrainedConfig) -> PreTrainedModel:
    """A model without weights."""
    with torch.device("meta"):
        return AutoModel.from_config(config)


@pytest.fixture
def boundless(bert_folder) -> PreTrainedTokenizerBase:
    """A tokenizer that knows no longest input."""
    return AutoTokenizer.from_pretrained(bert_folder, model_max_length=int(1e30))


def test_window_length_is_what_the_model_can_take(bert_folder, roberta_folder):
    for folder in (bert_folder, roberta_folder):
        model = AutoModelForTokenClassification.from_pretrained(folder)
        tokenizer = AutoTokenizer.from_pretrained(folder)
        assert find_window_length(None, tokenizer, model) == 64
        assert find_window_length(32, tokenizer, model) == 32
        assert find_window_length(1000, tokenizer, model) == 64


def test_the_window_of_a_deep_head_is_that_of_its_encoder(bert_folder):
    encoder = ModernBertConfig(hidden_size=32, num_hidden_layers=1, num_attention_heads=2, max_position_embeddings=48)
    with torch.device("meta"):
        model = DeepHeadForTokenClassification(DeepHeadConfig(encoder))
    assert find_window_length(None, AutoTokenizer.from_pretrained(bert_folder), model) == 48


TINY = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
NO_LIMIT = {
    "xlnet: -1": XLNetConfig(d_model=32, n_layer=1, n_head=2, d_inner=64),
    "t5: relative": T5Config(d_model=32, num_layers=1, num_heads=2, d_kv=16, d_ff=64),
}


@pytest.mark.parametrize("config", NO_LIMIT.values(), ids=list(NO_LIMIT))
def test_models_without_a_limit_get_a_sane_window(config, boundless, caplog) -> None:
    model = build(config)
    assert find_position_limit(config) is None
    assert find_window_length(None, boundless, model) == 512
    assert find_window_length(2000, boundless, model) == 2000
    assert caplog.messages == []
    assert find_window_length(-1, boundless, model) == 512
    assert "names no longest input" in caplog.text


def test_a_tokenizer_without_a_limit_leaves_it_to_the_model(boundless, bert_folder) -> None:
    assert find_window_length(None, boundless, AutoModel.from_pretrained(bert_folder)) == 64


def test_a_model_of_many_positions_uses_all_of_them_only_if_asked_to(boundless, caplog) -> None:
    caplog.set_level(logging.INFO, logger="token_classification")
    model = build(ModernBertConfig(**TINY, max_position_embeddings=8192))
    assert find_window_length(None, boundless, model) == 512
    assert "8,192" in caplog.text
    assert "--max_seq_length -1" in caplog.text
    assert find_window_length(-1, boundless, model) == 8192
    assert find_window_length(1024, boundless, model) == 1024
    assert find_window_length(10_000, boundless, model) == 8192


def test_a_table_of_positions_of_another_class_counts(boundless) -> None:
    model = build(IBertConfig(**TINY, max_position_embeddings=66))
    assert find_window_length(None, boundless, model) == 64


@pytest.mark.parametrize("config", [GPT2Config(n_positions=48), MptConfig(max_seq_len=48)], ids=["gpt2", "mpt"])
def test_the_limit_has_several_names(config) -> None:
    assert find_position_limit(config) == 48
