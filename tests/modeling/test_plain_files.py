"""Files of exported models, read without transformers: what they say is what they say to transformers."""

import json
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest
from conftest import TOKENIZERS, build_unigram, build_wordpiece, train_byte_level
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import (
    AutoConfig,
    BertConfig,
    DebertaV2Config,
    DistilBertConfig,
    GPT2Config,
    ModernBertConfig,
    MPNetConfig,
    MPNetTokenizer,
    PreTrainedTokenizerBase,
    RobertaConfig,
    XLMRobertaTokenizer,
    XLNetConfig,
)
from zoo.tokenizers_of_kinds import KINDS

from token_classification.alignment.batches import build_collator
from token_classification.alignment.window_length import find_position_limit
from token_classification.alignment.words import (
    WordTokenizer,
    find_placeholder,
    find_special_tokens,
    split_into_sub_tokens,
    tokenize_words,
)
from token_classification.arguments.model import ModelArguments
from token_classification.inference.model_labels import read_labels
from token_classification.modeling.deep_head import DeepHeadConfig
from token_classification.modeling.plain_files import UnsureError, read_plain_config, read_plain_tokenizer
from token_classification.modeling.tokenizer import add_prefix_space, load_tokenizer


def build_xlm_roberta() -> PreTrainedTokenizerBase:
    """XLM-RoBERTa's own class."""
    pieces = json.loads(build_unigram().backend_tokenizer.to_str())["model"]["vocab"]
    return XLMRobertaTokenizer(vocab=[tuple(piece) for piece in pieces], model_max_length=512)


def build_mpnet() -> PreTrainedTokenizerBase:
    """MPNet's own class."""
    return MPNetTokenizer(vocab=build_wordpiece(lowercase=True).get_vocab() | {"<s>": 500, "</s>": 501, "<mask>": 502})


ZOO = {
    **{f"zoo {name}": build for name, build in TOKENIZERS.items()},
    **{name: build for name, build in KINDS.items() if name != "canine"},
    "own class of XLM-RoBERTa": build_xlm_roberta,
    "own class of MPNet": build_mpnet,
}


@cache
def read_both_ways(name: str) -> tuple[PreTrainedTokenizerBase, WordTokenizer]:
    """A tokenizer saved as an export saves it, read by transformers and without it."""
    first, folder = Path(mkdtemp()), Path(mkdtemp())
    ZOO[name]().save_pretrained(first)
    load_tokenizer(ModelArguments(str(first))).save_pretrained(folder)
    slow = load_tokenizer(ModelArguments(str(folder)))
    plain = read_plain_tokenizer(folder)
    add_prefix_space(plain)
    return slow, plain


words = st.one_of(
    st.sampled_from(
        ["Anna", "don't", "ÉCOLE", "e\u0301", "東京", "\u200b", "\x80", "", " ", "[SEP]", "<s>", "<mask>", "a" * 300]
    ),
    st.text(st.characters(exclude_categories=("Cs",)), max_size=8),
)


@pytest.mark.parametrize("name", ZOO)
@given(sentence=st.lists(words, min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_words_have_the_sub_tokens_that_a_call_of_transformers_gives(name, sentence):
    slow, plain = read_both_ways(name)
    encoding = slow(sentence, is_split_into_words=True, add_special_tokens=False)
    ids, counts = tokenize_words(plain, sentence)
    assert ids.tolist() == encoding["input_ids"]
    assert counts.tolist() == np.bincount(np.array(encoding.word_ids(), dtype=int), minlength=len(sentence)).tolist()
    if find_placeholder(slow) is not None:
        both = [split_into_sub_tokens(tokenizer, [sentence]) for tokenizer in (slow, plain)]
        assert both[0].ids.tolist() == both[1].ids.tolist()
    offsets = slow(sentence, is_split_into_words=True, return_offsets_mapping=True)
    whole = plain.backend_tokenizer.encode(sentence, is_pretokenized=True)
    assert (whole.ids, whole.offsets) == (offsets["input_ids"], offsets["offset_mapping"])


@pytest.mark.parametrize("name", ZOO)
def test_everything_else_is_what_transformers_says(name):
    slow, plain = read_both_ways(name)
    for attribute in ("is_fast", "padding_side", "all_special_ids", "name_or_path"):
        assert getattr(plain, attribute) == getattr(slow, attribute), attribute
    for special in ("unk", "mask", "pad", "bos", "eos"):
        assert getattr(plain, f"{special}_token_id") == getattr(slow, f"{special}_token_id"), special
    assert plain.get_vocab() == slow.get_vocab()
    assert find_placeholder(plain) == find_placeholder(slow)
    assert find_special_tokens(plain) == find_special_tokens(slow)
    special = find_special_tokens(plain)
    assert build_collator(plain, special) == build_collator(slow, special)


@pytest.fixture
def folder(tmp_path) -> Path:
    """The files of a tokenizer with a class of its own."""
    build_wordpiece(lowercase=True).save_pretrained(tmp_path)
    return tmp_path


def change(path: Path, **keys: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | keys))


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({"do_lower_case": False}, "contradict each other"),
        ({"strip_accents": True}, "contradict each other"),
        ({"tokenizer_class": "CanineTokenizer"}, "names the class CanineTokenizer"),
        ({"tokenizer_class": None}, "names the class None"),
        ({"auto_map": {"AutoTokenizer": "code.Tokenizer"}}, "names the class"),
        ({"mask_token": "[NEW]"}, r"lacks special tokens \(\[NEW\]\)"),
        ({"unk_token": None}, "lacks special tokens"),
    ],
)
def test_what_may_mean_something_else_is_left_to_transformers(folder, keys, reason):
    read_plain_tokenizer(folder)
    change(folder / "tokenizer_config.json", **keys)
    with pytest.raises(UnsureError, match=reason):
        read_plain_tokenizer(folder)


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer_config.json"])
def test_a_missing_file_is_left_to_transformers(folder, name):
    (folder / name).unlink()
    with pytest.raises(UnsureError, match=f"there is no {name}"):
        read_plain_tokenizer(folder)


def test_a_prefix_space_is_that_of_the_settings(tmp_path):
    layout = json.loads(train_byte_level().to_str())
    KINDS["roberta"]().save_pretrained(tmp_path)
    change(tmp_path / "tokenizer_config.json", add_prefix_space=not layout["pre_tokenizer"]["add_prefix_space"])
    change(tmp_path / "tokenizer.json", pre_tokenizer=layout["pre_tokenizer"])
    with pytest.raises(UnsureError, match="add_prefix_space"):
        read_plain_tokenizer(tmp_path)


TAGGED = {"id2label": {0: "O", 1: "B-PER", 2: "I-PER", 10: "B-LOC"}, "tag_scheme": "iob2", "tag_window": 64}
CONFIGS = [
    *(BertConfig(vocab_size=77, max_position_embeddings=40), RobertaConfig(vocab_size=77), MPNetConfig()),
    *(DistilBertConfig(), ModernBertConfig(), DebertaV2Config(), GPT2Config(n_positions=99), XLNetConfig()),
    DeepHeadConfig(BertConfig(vocab_size=77, max_position_embeddings=40)),
]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.model_type)
def test_a_config_says_what_it_says_to_transformers(config, tmp_path):
    for key, value in TAGGED.items():
        setattr(config, key, value)
    config.save_pretrained(tmp_path)
    plain, slow = read_plain_config(tmp_path), AutoConfig.from_pretrained(tmp_path)
    assert read_labels(plain, "model") == read_labels(slow, "model")
    assert plain.get_text_config().vocab_size == slow.get_text_config().vocab_size
    assert find_position_limit(plain) == find_position_limit(slow)
    assert (plain.tag_window, plain.architectures) == (slow.tag_window, slow.architectures)


def test_a_vocabulary_of_another_name_is_left_to_transformers(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "xlm", "n_words": 77}))
    with pytest.raises(UnsureError, match="vocab_size"):
        read_plain_config(tmp_path)


def test_a_part_of_another_name_is_left_to_transformers(tmp_path):
    BertConfig().save_pretrained(tmp_path)
    change(tmp_path / "config.json", decoder={"vocab_size": 5})
    with pytest.raises(UnsureError, match="holds decoder"):
        read_plain_config(tmp_path)
