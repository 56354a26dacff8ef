"""Windows: every word owned exactly once, with the most context there is, and what the loss sees."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from token_classification.alignment.align import build_aligner
from token_classification.alignment.windows import plan_windows
from token_classification.alignment.words import SubTokens, cumulate, split_into_sub_tokens
from token_classification.data.labels import LabelSet
from token_classification.data.schemes import Scheme
from token_classification.data.sentences import Sentences
from token_classification.errors import UserError

IOB2 = LabelSet(("O", "B-PER", "I-PER"), Scheme.IOB2)
word_lengths = st.lists(st.lists(st.integers(1, 9), max_size=60), max_size=4)


def make_sub_tokens(lengths: list[list[int]]) -> SubTokens:
    """Sub-tokens of words of the given lengths, numbered 100, 101 ..."""
    flat = np.array([length for sentence in lengths for length in sentence], dtype=np.int64)
    ids = np.arange(100, 100 + flat.sum(), dtype=np.int32)
    return SubTokens(
        ids, cumulate(flat), cumulate(np.array([len(sentence) for sentence in lengths], dtype=np.int64)), 0
    )


@given(lengths=word_lengths, budget=st.integers(1, 30), data=st.data())
@settings(max_examples=300, deadline=None)
def test_each_word_is_owned_once_and_each_window_fits(lengths, budget, data):
    stride = data.draw(st.integers(0, budget - 1))
    sub_tokens = make_sub_tokens(lengths)
    plan = plan_windows(sub_tokens, budget, stride)
    owned = [word for first, end in zip(plan.owned_first, plan.owned_end, strict=True) for word in range(first, end)]
    assert owned == list(range(sub_tokens.sentence_starts[-1]))
    assert (plan.first <= plan.owned_first).all()
    assert (plan.owned_end <= plan.end).all()
    sizes = sub_tokens.word_starts[plan.end] - sub_tokens.word_starts[plan.first]
    assert ((sizes <= budget) | (plan.end - plan.first == 1)).all()
    assert (plan.first >= sub_tokens.sentence_starts[plan.sentence_ids]).all()
    assert (plan.end <= sub_tokens.sentence_starts[plan.sentence_ids + 1]).all()


@given(
    lengths=st.lists(st.integers(1, 6), min_size=1, max_size=60), budget=st.integers(6, 20), stride=st.integers(0, 5)
)
@settings(max_examples=200, deadline=None)
def test_owner_is_the_window_with_most_context_on_the_poorer_side(lengths, budget, stride):
    plan = plan_windows(make_sub_tokens([lengths]), budget, stride)
    starts = cumulate(np.array(lengths))
    for owned_first, owned_end, own_first, own_end in zip(
        plan.owned_first, plan.owned_end, plan.first, plan.end, strict=True
    ):
        for word in range(owned_first, owned_end):
            contexts = [
                context_of(word, first, end, starts)
                for first, end in zip(plan.first, plan.end, strict=True)
                if first <= word < end
            ]
            assert context_of(word, own_first, own_end, starts) == max(contexts)


def context_of(word: int, first: int, end: int, starts: np.ndarray) -> int:
    """Sub-tokens on the poorer side of a word in a window; the sentence's own ends are no lack."""
    left = starts[-1] if first == 0 else starts[word] - starts[first]
    right = starts[-1] if end == len(starts) - 1 else starts[end] - starts[word + 1]
    return min(left, right)


def test_neighbouring_windows_share_the_stride():
    plan = plan_windows(make_sub_tokens([[1] * 100]), budget=20, stride=6)
    for (_, end), (first, _) in pairwise(zip(plan.first, plan.end, strict=True)):
        assert end - first == 6


def test_a_stride_as_large_as_the_window_is_an_error():
    with pytest.raises(UserError, match="--doc_stride 5"):
        plan_windows(make_sub_tokens([[1] * 9]), budget=5, stride=5)


def test_sub_tokens_of_a_window_are_those_of_its_words(wordpiece):
    sentences = Sentences([["he", "went", "to", "New", "York"] * 5], None, [1])
    aligner = build_aligner(wordpiece, IOB2, window_length=12)
    split = aligner.align(sentences)
    sub_tokens = split_into_sub_tokens(wordpiece, sentences.tokens)
    for window in range(len(split)):
        words = split.windows.owned_words[split.windows.owned_starts[window] : split.windows.owned_starts[window + 1]]
        positions = split.windows.owned_positions[
            split.windows.owned_starts[window] : split.windows.owned_starts[window + 1]
        ]
        ids = split[window]["input_ids"]
        assert ids[positions].tolist() == sub_tokens.ids[sub_tokens.word_starts[words]].tolist()
        assert "labels" not in split[window]
