"""Padding on either side, and batches of like lengths that keep sentences together and a budget."""

from itertools import groupby

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from token_classification.alignment.batches import LengthSteps, WindowCollator, build_collator, group_by_length
from token_classification.alignment.words import SpecialTokens, find_special_tokens
from token_classification.data.labels import IGNORED_LABEL

SPECIAL = SpecialTokens((1,), (2,), (0, 3, 4))
WINDOWS = [
    {"input_ids": np.array([1, 7, 2]), "labels": np.array([-100, 5, -100])},
    {"input_ids": np.array([1, 7, 8, 9, 2]), "labels": np.array([-100, 5, 6, 5, -100])},
]


@pytest.mark.parametrize("pads_left", [False, True])
def test_windows_are_padded_on_the_side_of_the_tokenizer(pads_left):
    collator = WindowCollator(pad_id=9, pads_left=pads_left, special=SPECIAL)
    batch = collator(WINDOWS)

    def pad(row: list[int], fill: int) -> list[int]:
        return [fill, fill, *row] if pads_left else [*row, fill, fill]

    assert batch["input_ids"].tolist() == [pad([1, 7, 2], 9), [1, 7, 8, 9, 2]]
    assert batch["attention_mask"].tolist() == [pad([1, 1, 1], 0), [1] * 5]
    assert batch["token_type_ids"].tolist() == [pad([0, 3, 4], 3), [0, 3, 3, 3, 4]]
    assert batch["labels"].tolist() == [pad([-100, 5, -100], IGNORED_LABEL), [-100, 5, 6, 5, -100]]
    assert all(tensor.dtype == torch.int64 for tensor in batch.values())
    assert collator.find_offsets(np.array([3, 5]), 5).tolist() == ([2, 0] if pads_left else [0, 0])
    assert [row.tolist() for row in collator.split_rows(batch)] == batch["input_ids"].tolist()


def test_every_batch_can_have_one_length(wordpiece):
    special = find_special_tokens(wordpiece)
    batch = build_collator(wordpiece, special, length=8)([{"input_ids": np.array([2, 7, 3])}])
    assert batch["input_ids"].shape == (1, 8)
    assert batch["input_ids"][0, 3:].tolist() == [wordpiece.pad_token_id] * 5
    assert set(batch) == {"input_ids", "attention_mask"}


LENGTHS = st.lists(st.lists(st.integers(1, 40), min_size=1, max_size=3), max_size=30)


@given(LENGTHS, st.integers(1, 120), st.integers(1, 3))
def test_each_window_is_in_one_batch_of_one_process_within_the_budget(sentences, budget, processes):
    lengths = np.array([length for windows in sentences for length in windows], dtype=np.int64)
    ids = np.repeat(np.arange(len(sentences)) * 2, [len(windows) for windows in sentences])
    shares = [group_by_length(lengths, ids, budget, (place, processes)) for place in range(processes)]
    assert sorted(window for share in shares for batch in share for window in batch) == list(range(len(lengths)))
    for share in shares:
        in_order = [int(ids[window]) for batch in share for window in batch]
        together = [sentence for sentence, _ in groupby(in_order)]
        assert len(together) == len(set(together)), "the windows of a sentence stand next to each other"
        assert all(len(batch) == 1 or len(batch) * lengths[batch].max() <= budget for batch in share)
    longest = [max(windows) for windows in sentences]
    first = [longest[int(ids[batch[0]]) // 2] for share in shares for batch in share[:1]]
    assert max(first, default=0) == max(longest, default=0)


@given(st.lists(st.integers(1, 64), min_size=1), st.integers(1, 9))
def test_a_window_is_always_padded_to_the_same_length(lengths, step):
    steps = LengthSteps(step, longest=64)
    rounded = steps.round_up(np.array(lengths))
    assert all(length <= padded <= 64 for length, padded in zip(lengths, rounded, strict=True))
    assert all(padded % step == 0 or padded == 64 for padded in rounded)
    assert max(rounded - lengths) < step
    assert [int(steps.round_up(np.array([length]))[0]) for length in lengths] == rounded.tolist()
