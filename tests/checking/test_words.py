"""Words that are none, and what they are cleaned to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from token_classification.checking.words import clean_word, explain_word, name_fault, undo_mojibake


@pytest.mark.parametrize(
    ("word", "kind", "cleaned"),
    [
        ("", "empty_word", None),
        (" ", "empty_word", None),
        ("\u3000", "empty_word", None),
        ("\x96", "odd_word", "–"),
        ("a\x00b", "odd_word", "ab"),
        ("\x07", "odd_word", None),
        ("Zoë".encode().decode("latin-1"), "odd_word", "Zoë"),
        ("“quoted".encode().decode("cp1252"), "odd_word", "“quoted"),
        ("Straße".encode().decode("latin-1"), "odd_word", "Straße"),
        ("caf\ufffd", "odd_word", None),
        ("a\u200bb", "odd_word", "ab"),
        ("\ufeffThe", "odd_word", "The"),
        ("\xad", "odd_word", None),
        ("\u00a0The", "odd_word", "The"),
        ("New\u00a0York", "odd_word", None),
        ("-DOCSTART-", "document_start", "-DOCSTART-"),
        ("7 5", "blank_in_word", "7 5"),
    ],
)
def test_odd_words(word, kind, cleaned):
    assert explain_word(word)[0] == kind
    assert clean_word(word) == cleaned


SOUND_WORDS = "word Zoë ÄÖÜ é Ã São Ångström 東京 👩\u200d💻 ☃\ufe0f می\u200cخواهم naïve – #"


@pytest.mark.parametrize("word", SOUND_WORDS.split(" "))
def test_sound_words(word):
    assert explain_word(word) is None
    assert clean_word(word) == word


@given(st.text(st.characters(codec="utf-8"), max_size=6))
def test_a_cleaned_word_is_sound_and_stays_as_it_is(word):
    cleaned = clean_word(word)
    if cleaned is not None:
        assert name_fault(cleaned) is None
        assert clean_word(cleaned) == cleaned


@given(st.text("äöüßéèçñ«»€“”–abc", min_size=1, max_size=6))
def test_text_read_in_the_wrong_encoding_comes_back(word):
    wrong = word.encode().decode("latin-1")
    if wrong != word:
        assert undo_mojibake(wrong) == word
