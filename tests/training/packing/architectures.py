"""Tiny models of the architectures that pack, each with the form of its mask, and of some that do not."""

from dataclasses import replace

import torch
from transformers import (
    AlbertConfig,
    AutoModelForTokenClassification,
    BigBirdConfig,
    ConvBertConfig,
    DebertaConfig,
    DebertaV2Config,
    DistilBertConfig,
    ElectraConfig,
    GPT2Config,
    LayoutLMConfig,
    LlamaConfig,
    LongformerConfig,
    MiniMaxConfig,
    MobileBertConfig,
    ModernBertConfig,
    MPNetConfig,
    MptConfig,
    RemBertConfig,
    SqueezeBertConfig,
    XLNetConfig,
)

from token_classification.arguments.training import NerTrainingArguments
from token_classification.training.packing.choose import choose_collator
from token_classification.training.packing.masks import MaskForm

SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
# Weights so large that it shows in the logits who looks at whom.
LOUD = {"initializer_range": 0.3, "pad_token_id": 0}
DECODER = {**SIZES, **LOUD, "num_key_value_heads": 2, "max_position_embeddings": 256}
RELATIVE = {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "position_buckets": 8}
BOTTLENECK = {"embedding_size": 16, "intra_bottleneck_size": 32, "true_hidden_size": 32}
LOCAL = ModernBertConfig(local_attention=8, **SIZES, **LOUD, initializer_cutoff_factor=9.0)
PACKED = {
    "albert": (AlbertConfig(embedding_size=16, **SIZES, **LOUD), MaskForm()),
    "distilbert": (DistilBertConfig(dim=32, n_layers=2, n_heads=2, hidden_dim=64, **LOUD), MaskForm()),
    "electra": (ElectraConfig(embedding_size=16, **SIZES, **LOUD), MaskForm()),
    "modernbert": (ModernBertConfig(**SIZES, **LOUD, initializer_cutoff_factor=9.0), MaskForm()),
    "mpnet": (MPNetConfig(**SIZES, **LOUD), MaskForm(is_added=True)),
    "rembert": (RemBertConfig(input_embedding_size=32, **SIZES, **LOUD), MaskForm(is_added=True)),
    "squeezebert": (
        SqueezeBertConfig(embedding_size=32, **SIZES, **LOUD, **{f"{name}_groups": 1 for name in "qkv"}),
        MaskForm(is_added=True),
    ),
    "big_bird": (BigBirdConfig(max_position_embeddings=256, **SIZES, **LOUD), MaskForm(is_added=True)),
    "llama": (LlamaConfig(**DECODER), MaskForm(is_causal=True)),
    "gpt2": (GPT2Config(n_embd=32, n_layer=2, n_head=2, n_positions=256, **LOUD), MaskForm(is_causal=True)),
    "mpt": (
        MptConfig(d_model=32, n_heads=2, n_layers=2, initializer_range=0.3),
        MaskForm(is_causal=True, is_added=True),
    ),
    "deberta": (DebertaConfig(**SIZES, **LOUD, **RELATIVE), MaskForm(goes_to_encoder=True)),
    "deberta-v2": (DebertaV2Config(**SIZES, **LOUD, **RELATIVE), MaskForm(goes_to_encoder=True)),
    "layoutlm": (LayoutLMConfig(**SIZES, **LOUD), MaskForm(goes_to_encoder=True)),
    "xlnet": (XLNetConfig(d_model=32, n_layer=2, n_head=2, d_inner=64, **LOUD), MaskForm(argument="perm_mask")),
    "mobilebert": (MobileBertConfig(**{**SIZES, "hidden_size": 64}, **BOTTLENECK, **LOUD), MaskForm(gap=1)),
}
PADDED = {
    "longformer": (LongformerConfig(attention_window=8, **SIZES, **LOUD), "no mask between positions"),
    "convbert": (ConvBertConfig(embedding_size=32, **SIZES, **LOUD), "its outputs change"),
    "deberta-v2 with a convolution": (
        DebertaV2Config(conv_kernel_size=3, **SIZES, **LOUD),
        "no mask between positions",
    ),
    "linear attention": (
        MiniMaxConfig(layer_types=["linear_attention", "full_attention"], **DECODER),
        "type linear_attention",
    ),
}


def choose(model, plain, split, folder, **settings):
    if model.base_model.config.model_type == "mpnet":  # its positions begin behind 1, whatever pads
        plain = replace(plain, pad_id=1)
    training = NerTrainingArguments(output_dir=str(folder), report_to="none", **settings)
    return choose_collator(model, plain, split, training, window_length=64)


def build(config, wordpiece):
    config.get_text_config().vocab_size = len(wordpiece)
    if config.model_type == "gpt2":
        config.pad_token_id = 0
    torch.manual_seed(0)
    return AutoModelForTokenClassification.from_config(config)
