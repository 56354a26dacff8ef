"""A tiny random encoder of any architecture, in a folder with a tokenizer that fits it.

Sizes are filled in by the names that configs have for them; a row of `ARCHITECTURES` states only what is peculiar.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from transformers import AutoModel, PreTrainedConfig, PreTrainedTokenizerBase
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from zoo.tokenizers_of_kinds import KINDS

HIDDEN, HEADS, LAYERS, POSITIONS = 64, 4, 2, 128

SIZES = {
    "hidden_size embedding_size input_embedding_size output_embedding_size entity_emb_size out_hidden_size "
    "output_dim": HIDDEN,
    "intermediate_size hidden_dim d_inner d_ff n_inner ffn_hidden_size moe_intermediate_size "
    "shared_expert_intermediate_size": 2 * HIDDEN,
    "head_dim d_kv d_head query_pre_attn_scalar linear_key_head_dim linear_value_head_dim sliding_window "
    "local_attention window_size attention_window block_size downsample_hidden_size": HIDDEN // HEADS,
    "num_attention_heads num_key_value_heads num_kv_heads linear_num_key_heads linear_num_value_heads "
    "num_local_experts num_experts": HEADS,
    "num_hidden_layers num_experts_per_tok": LAYERS,
    "max_position_embeddings max_seq_len": POSITIONS,
}
"""The names that configs have for a size, wherever their default is a number -> the size"""

OPTIONAL = ("n_inner", "num_key_value_heads", "head_dim")
"""Of these, also where the default is None"""

MULTI_HEAD_LATENT = {
    **{"kv_lora_rank": 16, "q_lora_rank": 16, "qk_rope_head_dim": 8, "qk_nope_head_dim": 8, "v_head_dim": 16},
    "head_dim": 8,
}
HYBRID = {"layer_types": ["linear_attention", "full_attention"]}
DISENTANGLED = {"relative_attention": True, "position_biased_input": False, "pos_att_type": ["c2p", "p2c"]}


@dataclass(frozen=True)
class Architecture:
    """What is peculiar about an architecture."""

    tokenizer: str = "wordpiece"
    """One of `KINDS`"""
    config: dict[str, Any] = field(default_factory=dict)
    """Keys of its config that the common sizes don't cover, or that they fill wrongly"""


def _row(tokenizer: str = "wordpiece", **config) -> Architecture:
    return Architecture(tokenizer, config)


ARCHITECTURES = {
    "albert": _row("xlm-roberta"),
    "apertus": _row("llama3"),
    "arcee": _row("llama3"),
    "axk1": _row("llama3", n_group=2, topk_group=1, **MULTI_HEAD_LATENT),
    "axk2": _row("llama3", index_topk=128, index_head_dim=16, index_n_heads=2, gated_norm_rank=8, **MULTI_HEAD_LATENT),
    "bert": _row(),
    "big_bird": _row("xlm-roberta", block_size=4, num_random_blocks=1),
    "biogpt": _row("roberta"),
    "bloom": _row("gpt2"),
    "bros": _row(),
    "camembert": _row("xlm-roberta"),
    "canine": _row("canine", num_hash_buckets=128, local_transformer_stride=32),
    "convbert": _row(),
    "data2vec-text": _row("roberta"),
    "deberta": _row("roberta", **DISENTANGLED),
    "deberta-v2": _row(
        "xlm-roberta", position_buckets=16, norm_rel_ebd="layer_norm", share_att_key=True, **DISENTANGLED
    ),
    "deepseek_v3": _row("llama3", n_group=2, topk_group=1, first_k_dense_replace=1, **MULTI_HEAD_LATENT),
    "diffllama": _row("gemma"),
    "distilbert": _row(),
    "electra": _row(),
    "ernie": _row(),
    "esm": _row(),
    "esmc": _row(),
    "eurobert": _row("modernbert"),
    "exaone4": _row("llama3"),
    "falcon": _row("gpt2"),
    "flaubert": _row("xlm-roberta"),
    "fnet": _row("xlm-roberta"),
    "funnel": _row(architectures=["FunnelModel"], block_sizes=[1, 1], num_decoder_layers=1),
    "gemma": _row("gemma"),
    "gemma2": _row("gemma"),
    "glm": _row("qwen"),
    "glm4": _row("qwen"),
    "gpt-sw3": _row("gpt2"),
    "gpt2": _row("gpt2"),
    "gpt_bigcode": _row("gpt2"),
    "gpt_neo": _row("gpt2", num_layers=2, attention_types=[[["global", "local"], 1]]),
    "gpt_neox": _row("gpt2"),
    "gpt_oss": _row("gpt2"),
    "gte": _row("xlm-roberta"),
    "helium": _row("gemma"),
    "ibert": _row("roberta"),
    "jina_embeddings_v3": _row("xlm-roberta"),
    "layoutlm": _row(),
    "layoutlmv2": _row(),
    "layoutlmv3": _row("roberta", coordinate_size=12, shape_size=8, input_size=32),
    "lilt": _row("roberta", hidden_size=48),
    "llama": _row("llama3"),
    "longformer": _row("roberta"),
    "luke": _row("roberta", entity_vocab_size=10),
    "markuplm": _row("roberta"),
    "megatron-bert": _row(),
    "minimax": _row("gemma"),
    "ministral": _row("gemma"),
    "ministral3": _row("gemma"),
    "mistral": _row("gemma"),
    "mistral4": _row("gemma", **{**MULTI_HEAD_LATENT, "head_dim": 16}),
    "mixtral": _row("gemma"),
    "mobilebert": _row(intra_bottleneck_size=32, num_feedforward_networks=2),
    "modernbert": _row("modernbert"),
    "modernvbert": _row("modernbert"),
    "mpnet": _row("roberta"),
    "mpt": _row("gpt2", expansion_ratio=2),
    "mra": _row("roberta"),
    "mt5": _row("t5"),
    "nemotron": _row("llama3"),
    "nomic_bert": _row(),
    "nystromformer": _row("roberta"),
    "openai_privacy_filter": _row("gpt2"),
    "persimmon": _row("gemma"),
    "phi": _row("gpt2"),
    "phi3": _row("gemma"),
    "qwen2": _row("qwen"),
    "qwen2_moe": _row("qwen"),
    "qwen3": _row("qwen"),
    "qwen3_5": _row("qwen", text_config=HYBRID),
    "qwen3_asr": _row("qwen"),
    "qwen3_moe": _row("qwen"),
    "qwen3_next": _row("qwen", **HYBRID),
    "rembert": _row("xlm-roberta"),
    "roberta": _row("roberta"),
    "roberta-prelayernorm": _row("roberta"),
    "roc_bert": _row(pronunciation_vocab_size=30, shape_vocab_size=30, pronunciation_embed_dim=16, shape_embed_dim=16),
    "roformer": _row(),
    "seed_oss": _row("llama3"),
    "smollm3": _row("llama3"),
    "squeezebert": _row(),
    "stablelm": _row("gpt2"),
    "starcoder2": _row("gpt2"),
    "t5": _row("t5"),
    "t5gemma": _row("gemma"),
    "t5gemma2": _row("gemma"),
    "ultrabert": _row("modernbert"),
    "ultravbert": _row("modernbert"),
    "umt5": _row("t5"),
    "xlm": _row("xlm-roberta"),
    "xlm-roberta": _row("xlm-roberta"),
    "xlm-roberta-xl": _row("xlm-roberta"),
    "xlnet": _row("xlnet"),
    "xmod": _row("xlm-roberta"),
    "yoso": _row("roberta"),
}
"""Every architecture that has a class for token classification in transformers"""


def fill_config(config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase) -> dict[str, Any]:
    """The keys that make a config of default size a tiny one, without dropout, for a tokenizer."""
    filled: dict[str, Any] = {
        name: size for names, size in SIZES.items() for name in names.split() if is_settable(config, name)
    }
    filled |= {name: 0.0 for name, value in vars(config).items() if is_dropout(name, value)}
    filled |= {name: getattr(tokenizer, name) for name in ("pad_token_id", "bos_token_id", "eos_token_id")}
    if hasattr(config, "vocab_size"):
        # Tables are filled up to a multiple of 64; some classes add a token of their own when they are loaded.
        filled["vocab_size"] = 64 * (len(tokenizer) // 64 + 1)
    for name in type(config).sub_configs_defaults:
        part = getattr(config, name)
        filled[name] = {"model_type": part.model_type, **fill_config(part, tokenizer)}
    return filled


def is_settable(config: PreTrainedConfig, name: str) -> bool:
    """Whether a config has a size of this name; what it computes (Funnel's layers) is none."""
    if isinstance(getattr(type(config), name, None), property) or not hasattr(config, name):
        return False
    return isinstance(getattr(config, name), int) or name in OPTIONAL


def is_dropout(name: str, value: object) -> bool:
    """Whether a key of a config is the probability of a dropout."""
    return isinstance(value, float) and any(part in name for part in ("dropout", "drop", "pdrop"))


def build_config(model_type: str, tokenizer: PreTrainedTokenizerBase, **settings) -> PreTrainedConfig:
    """The config of a tiny model; `settings` are further keys of it."""
    kind = CONFIG_MAPPING[model_type]
    filled = fill_config(kind(), tokenizer)
    for name, value in {**ARCHITECTURES[model_type].config, **settings}.items():
        filled[name] = {**filled[name], **value} if isinstance(value, dict) and name in filled else value
    return kind(**filled)


def build_encoder(model_type: str, folder: Path, seed: int = 0) -> Path:
    """Write a tiny untrained encoder with its tokenizer: what a user gives as --model_name_or_path."""
    tokenizer = KINDS[ARCHITECTURES[model_type].tokenizer]()
    torch.manual_seed(seed)
    config = build_config(model_type, tokenizer)
    try:
        AutoModel.from_config(config, dtype=torch.float32).save_pretrained(folder)
    except ImportError:
        # Without the library that it needs no model can be made, but the folder that a user has can.
        config.save_pretrained(folder)
        save_file({}, folder / "model.safetensors", metadata={"format": "pt"})
    tokenizer.save_pretrained(folder)
    return folder
