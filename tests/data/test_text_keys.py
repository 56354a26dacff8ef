"""Texts that say the same have one key, others have not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from token_classification.data.text_keys import make_text_key
from token_classification.data.words_of_text import find_words

SAME = [
    ("Anna left Paris .", "anna  left paris"),
    ("U.S.'s", "U.S. 's"),
    ("at 5 pm", "at 7 pm"),
    ("Anna http://t.co/x1", "Anna https://t.co/y2"),
    ("é", "e\u0301"),
]
DIFFERENT = [
    ("Anna left Paris", "Anna left London"),
    ("at 5 pm", "at 15 pm"),
    ("कि", "का"),
    ("😀", "😢"),
    ("!", "?"),
    ("", "a"),
]


@pytest.mark.parametrize(("left", "right"), SAME)
def test_the_same_is_found_again(left, right):
    assert make_text_key(left) == make_text_key(right)


@pytest.mark.parametrize(("left", "right"), DIFFERENT)
def test_what_differs_is_not(left, right):
    assert make_text_key(left) != make_text_key(right)


@given(text=st.text(st.characters(exclude_characters="/"), max_size=40))
def test_how_a_text_is_cut_into_words_makes_no_difference(text):
    words = [text[start:end] for start, end in find_words(text)]
    assert make_text_key(" ".join(words)) == make_text_key(text)


def test_half_a_character_has_a_key():
    assert len(make_text_key("\ud800")) == 16
