"""How tagged queries are printed."""

import pytest

from token_classification.inference.words_of_text import find_words
from token_classification.tao.infer import format_query

CASES = {
    "santa clara.": ("B-LOC I-LOC O", "santa[B-LOC] clara[I-LOC]."),
    "(clara),  in\t2021": ("O B-LOC O O O B-TIME", "(clara[B-LOC]), in 2021[B-TIME]"),
    "U.S. -- Anna's": ("B-LOC B-LOC B-PER O", "U.S.[B-LOC] -- Anna[B-PER]'s"),
    "": ("", ""),
}


@pytest.mark.parametrize("query", CASES)
def test_a_tag_stands_behind_its_word(query):
    tags, expected = CASES[query]
    assert format_query(query, find_words(query), tags.split(), "O") == expected
