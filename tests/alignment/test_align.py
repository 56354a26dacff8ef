"""What is said of a split that was aligned."""

import pytest

from token_classification.alignment.align import Ledger

NOTHING = {"words_windowed": 0, "words_without_sub_tokens": 0, "words_cut": 0, "words_truncated": 0}


@pytest.mark.parametrize(
    ("counts", "said", "is_whole"),
    [
        ({}, [], True),
        ({"words_windowed": 1234}, ["1,234 words", "several windows"], True),
        ({"words_without_sub_tokens": 1}, ["1 word unknown to the tokenizer"], True),
        ({"words_cut": 2}, ["2 words longer than a window"], False),
        ({"words_windowed": 9, "words_truncated": 7}, ["7 words cut off"], False),
    ],
)
def test_a_ledger_in_words(counts: dict[str, int], said: list[str], is_whole: bool) -> None:
    text = Ledger(words=2000, **NOTHING | counts).describe()
    assert [part for part in said if part not in text] == []
    assert ("nothing cut" in text) == is_whole
