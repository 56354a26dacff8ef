"""Words to sub-tokens: the fast path equals the tokenizer's own, and no word is without a sub-token."""

import json

import numpy as np
import pytest
from conftest import train_byte_level
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import CanineTokenizer, LukeTokenizer, PreTrainedTokenizerFast, RobertaTokenizer

from token_classification.alignment.words import (
    cumulate,
    expand_ranges,
    find_placeholder,
    find_special_tokens,
    split_into_sub_tokens,
)
from token_classification.errors import UserError
from token_classification.modeling.tokenizer import add_prefix_space

HOSTILE_WORDS = [
    "\x80",
    "\xad",
    "\u200b",
    "\ufeff",
    "\ufe0f",
    "\u0301",
    "\ue000",
    "\ufffd",
    "",
    " ",
    "\xa0",
    "\t",
    "a\u0301",
]

words = st.one_of(st.sampled_from(HOSTILE_WORDS), st.text(st.characters(exclude_categories=("Cs",)), max_size=8))
sentences = st.lists(st.lists(words, max_size=12), max_size=5)
for_each_tokenizer = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@given(sentences=sentences)
@for_each_tokenizer
def test_fast_path_equals_a_call_on_whole_sentences(any_tokenizer, sentences):
    add_prefix_space(any_tokenizer)
    sub_tokens = split_into_sub_tokens(any_tokenizer, sentences)
    placeholder = find_placeholder(any_tokenizer)
    for number, sentence in enumerate(sentences):
        first, end = sub_tokens.sentence_starts[number : number + 2]
        assert end - first == len(sentence)
        if not sentence:
            continue
        encoding = any_tokenizer(sentence, is_split_into_words=True, add_special_tokens=False)
        slow = [[] for _ in sentence]
        for token_id, word in zip(encoding["input_ids"], encoding.word_ids(), strict=True):
            slow[word].append(token_id)
        starts = sub_tokens.word_starts
        fast = [sub_tokens.ids[starts[word] : starts[word + 1]].tolist() for word in range(first, end)]
        assert fast == [ids or [placeholder] for ids in slow]


@pytest.mark.parametrize("word", HOSTILE_WORDS)
def test_every_hostile_word_has_a_sub_token(any_tokenizer, word):
    sub_tokens = split_into_sub_tokens(any_tokenizer, [["a", word, "b"]])
    assert (np.diff(sub_tokens.word_starts) >= 1).all()
    assert len(sub_tokens.word_starts) == 4


def test_words_without_sub_tokens_are_counted_at_each_place(wordpiece):
    sub_tokens = split_into_sub_tokens(wordpiece, [["\x80", "Anna", "\x80"], ["\xad"]])
    assert sub_tokens.words_without_sub_tokens == 3
    assert sub_tokens.ids[0] == wordpiece.unk_token_id


WITHOUT_SPECIAL = {"unk_token": None, "mask_token": None, "pad_token": None}
DECODERS = {
    "end of text": (WITHOUT_SPECIAL | {"eos_token": "</s>", "bos_token": "<s>"}, "</s>"),
    "beginning of text": (WITHOUT_SPECIAL | {"bos_token": "<s>"}, "<s>"),
    "any other": (WITHOUT_SPECIAL | {"additional_special_tokens": ["<mask>"]}, "<mask>"),
}


def build_decoders_tokenizer(**special) -> PreTrainedTokenizerFast:
    """A byte-level tokenizer with special tokens as a decoder has them."""
    return PreTrainedTokenizerFast(tokenizer_object=train_byte_level(), **special)


@pytest.mark.parametrize(("special", "placeholder"), DECODERS.values(), ids=list(DECODERS))
def test_the_placeholder_is_a_token_that_exists(special, placeholder):
    tokenizer = build_decoders_tokenizer(**special)
    size = len(tokenizer)
    token_id = find_placeholder(tokenizer)
    assert tokenizer.convert_ids_to_tokens(token_id) == placeholder
    sub_tokens = split_into_sub_tokens(tokenizer, [["Anna", "", "went"]])
    assert sub_tokens.ids[sub_tokens.word_starts[1]] == token_id < size == len(tokenizer)


def test_a_tokenizer_without_special_tokens_is_enough_for_words_that_it_knows():
    tokenizer = build_decoders_tokenizer()
    assert split_into_sub_tokens(tokenizer, [["Anna", "went"]]).words_without_sub_tokens == 0
    with pytest.raises(UserError, match=r"the word ''.*\"unk_token\": \"<s>\""):
        split_into_sub_tokens(tokenizer, [["Anna", "", "went"]])


def test_a_tokenizer_in_python_gives_what_it_gives_for_whole_sentences():
    tokenizer = CanineTokenizer()
    sentence = ["Anna", "went", "to", "東京"]
    sub_tokens = split_into_sub_tokens(tokenizer, [sentence, ["He"]])
    whole = tokenizer(sentence, is_split_into_words=True, add_special_tokens=False)["input_ids"]
    assert sub_tokens.ids[:-2].tolist() == whole
    assert np.diff(sub_tokens.word_starts).tolist() == [4, 4, 2, 2, 2]
    special = find_special_tokens(tokenizer)
    assert [*special.before, *whole, *special.after] == tokenizer(sentence, is_split_into_words=True)["input_ids"]


def test_a_tokenizer_whose_call_wants_more_than_words_is_asked_for_words_only():
    layout = json.loads(train_byte_level().to_str())["model"]
    merges = [tuple(pair) for pair in layout["merges"]]
    luke = LukeTokenizer(vocab=layout["vocab"], merges=merges)
    roberta = RobertaTokenizer(vocab=layout["vocab"], merges=merges)
    for tokenizer in (luke, roberta):
        add_prefix_space(tokenizer)
    sentences = [["Anna", "went", "to", "London"], ["don't"]]
    got, expected = (split_into_sub_tokens(tokenizer, sentences) for tokenizer in (luke, roberta))
    assert got.ids.tolist() == expected.ids.tolist()
    assert got.word_starts.tolist() == expected.word_starts.tolist()
    assert find_special_tokens(luke) == find_special_tokens(roberta)


def test_no_sentences(wordpiece):
    sub_tokens = split_into_sub_tokens(wordpiece, [])
    assert sub_tokens.sentence_starts.tolist() == [0]
    assert sub_tokens.word_starts.tolist() == [0]


def test_special_tokens_are_those_of_an_encoded_sentence(any_tokenizer):
    special = find_special_tokens(any_tokenizer)
    with_special = any_tokenizer(["Anna", "went"], is_split_into_words=True)["input_ids"]
    without = any_tokenizer(["Anna", "went"], is_split_into_words=True, add_special_tokens=False)["input_ids"]
    assert [*special.before, *without, *special.after] == with_special
    assert special.types is None


def test_ranges():
    assert cumulate(np.array([2, 3])).tolist() == [0, 2, 5]
    assert expand_ranges(np.array([5, 0, 7]), np.array([2, 3, 0])).tolist() == [5, 6, 0, 1, 2]
    assert expand_ranges(np.array([], dtype=int), np.array([], dtype=int)).tolist() == []
