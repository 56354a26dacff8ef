"""Words of raw text: what is kept together, exact offsets in any Unicode, corpora that find their words again."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inference_texts import ANYTHING

from token_classification.data.formats import read_sentences
from token_classification.data.words_of_text import find_words

CASES = {
    "punctuation apart": ("(Anna), left!", "( Anna ) , left !"),
    "runs of one mark": ("what?! no... -- 😂😂", "what ? ! no ... -- 😂😂"),
    "abbreviations": ("J. K. of U.S. at 3 p.m.", "J. K. of U.S. at 3 p.m."),
    "the end of a sentence": ("in May. He", "in May . He"),
    "numbers": ("3.5 1,000,000 14:30 1:0 12/24 50% $5", "3.5 1,000,000 14:30 1:0 12/24 50 % $ 5"),
    "hyphens": ("e-mail, Nord- und Ostsee -x a--b", "e-mail , Nord- und Ostsee - x a -- b"),
    "apostrophes": ("don't O'Neil's l’enfer ’s", "don't O'Neil 's l’enfer ’s"),
    "slashes and ampersands": ("and/or AT&T &amp; M&amp;M", "and/or AT&T &amp; M&amp;M"),
    "tweets": ("RT @a_b: #tag!", "RT @a_b : #tag !"),
    "addresses": (
        "(see https://x.org/a_b/?q=1). me@x.org, www.x.org",
        "( see https://x.org/a_b/?q=1 ) . me@x.org , www.x.org",
    ),
    "commas without a blank": ("Rome,Paris", "Rome , Paris"),
    "accents by themselves": ("e\u0301te\u0301 हिन्दी", "e\u0301te\u0301 हिन्दी"),
    "scripts without blanks": ("東京タワー, Tokyo", "東 京 タ ワ ー , Tokyo"),
    "zero-width blanks": ("\ufeffAnna\u200bSmith\u200b", "Anna Smith"),
    "emoji": ("ok👍🏽❤\ufe0f", "ok 👍🏽 ❤\ufe0f"),
    "blanks of all kinds": (" a\t\tb\n\xa0c\u2003d\u2028 ", "a b c d"),
    "nothing": (" \n ", ""),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_kept_together(case):
    text, expected = CASES[case]
    assert [text[start:end] for start, end in find_words(text)] == expected.split()


@given(text=ANYTHING, rule=st.sampled_from(["punctuation", "whitespace"]))
def test_words_are_disjoint_and_hold_every_visible_character(text, rule):
    words = find_words(text, rule)
    covered = set()
    last = 0
    for start, end in words:
        assert last <= start < end
        assert not any(character.isspace() for character in text[start:end])
        covered.update(range(start, end))
        last = end
    missed = {text[place] for place in set(range(len(text))) - covered}
    assert all(character.isspace() or character in "\u200b\ufeff" for character in missed)


@given(text=ANYTHING)
def test_words_of_words_are_the_same_words(text):
    """So that a text written with blanks between its words gives those words again."""
    words = [text[start:end] for start, end in find_words(text)]
    joined = " ".join(words)
    assert [joined[start:end] for start, end in find_words(joined)] == words


HOSTILE = [
    "a..",
    "字",
    "字.",
    "カ\u0301",
    "+-",
    ".+-",
    "a.",
    "a&字",
    "a@b",
    "&a",
    "www.!",
    "a'",
    "1,",
    "\u200b",
    "_",
    "@",
]


@pytest.mark.parametrize("unit", HOSTILE)
@pytest.mark.parametrize("tail", ["", "b", "@", "@x", "!"])
def test_time_is_in_proportion_to_the_text(unit, tail):
    """Where each place looks at all that follows, these take half a minute."""
    assert measure_seconds(unit * (60_000 // len(unit)) + tail) < 3


@given(unit=st.text(st.sampled_from("aA.+-@&;'1,:字\u0301_!s"), min_size=1, max_size=5), tail=ANYTHING)
@settings(max_examples=30, deadline=None)
def test_no_repetition_takes_long(unit, tail):
    assert measure_seconds(unit * (60_000 // len(unit)) + tail) < 3


def measure_seconds(text: str) -> float:
    start = time.process_time()
    find_words(text)
    return time.process_time() - start


def test_a_name_in_an_address_has_64_characters_at_most():
    for length, words in ((64, 1), (65, 4)):
        text = "a" * length + "@x.org"
        assert len(find_words(text)) == words


@given(words=st.lists(ANYTHING.map(lambda text: "".join(text.split())).filter(bool)))
def test_blanks_part_words_and_nothing_else_does(words):
    joined = " ".join(words)
    assert [joined[start:end] for start, end in find_words(joined, "whitespace")] == words


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "most"),
    [("wnut17/test.conll", 0.005), ("wnut17/dev.conll", 0.005), ("ud_english_ewt/test.conllu", 0.06)],
)
def test_corpora_find_their_own_words_again(real_data, name, most):
    sentences = read_sentences(real_data / name, task="pos").tokens
    texts = [" ".join(words) for words in sentences]
    differing = [
        text
        for text, words in zip(texts, sentences, strict=True)
        if [text[start:end] for start, end in find_words(text)] != words
    ]
    assert len(differing) <= most * len(sentences)
