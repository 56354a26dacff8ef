"""Columns by their names."""

from pathlib import Path

import pytest

from token_classification.data.formats.record_columns import (
    find_column,
    list_columns,
    pick_tag_column,
    pick_word_column,
)
from token_classification.errors import DataError

PATH = Path("a.jsonl")
ACCEPTED = ("tokens", "words")


def test_the_first_accepted_name_in_any_case():
    assert find_column(["Words", "TOKENS"], ACCEPTED) == "TOKENS"
    assert find_column(["word"], ACCEPTED) is None
    assert pick_word_column(["text", "tokens"], "text", PATH, ACCEPTED) == "text"


@pytest.mark.parametrize(
    ("asked", "advice"), [(None, "--text_column_name token"), ("tokes", "--text_column_name token")]
)
def test_a_missing_column_names_those_that_are_there(asked, advice):
    with pytest.raises(DataError, match=r"a\.jsonl:1: .*'token', 'tags'") as caught:
        pick_word_column(["token", "tags"], asked, PATH, ACCEPTED)
    assert advice in str(caught.value)


def test_a_tag_column_may_be_absent_unless_it_was_misspelt():
    assert pick_tag_column(["tokens"], None, PATH, ["tags"]) is None
    assert pick_tag_column(["tokens"], "ner", PATH, ["tags"]) is None
    with pytest.raises(DataError, match="--label_column_name ner_tags"):
        pick_tag_column(["tokens", "ner_tags"], "ner_tag", PATH, ["tags"])


def test_of_many_columns_some_are_listed():
    assert list_columns(["a", "b"]) == "'a', 'b'"
    assert list_columns([str(number) for number in range(1025)]).endswith("'19' and 1,005 more")
