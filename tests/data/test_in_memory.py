"""Sentences of a program: what cells may hold, whatever made them; columns as in files; problems at their row."""

import numpy as np
import pandas
import pytest
from datasets import Dataset

from token_classification.arguments.data import DataArguments
from token_classification.data.in_memory import read_rows
from token_classification.errors import DataError, UserError

ROW = {"tokens": ["Anna", "left"], "ner_tags": ["B-PER", "O"]}


def read(rows: object, **settings: str) -> tuple:
    """The words, tags and label names of rows."""
    sentences, names = read_rows(rows, "<train>", DataArguments(train_file="<train>", **settings))
    return sentences.tokens, sentences.tags, names


@pytest.mark.parametrize(
    "rows",
    [
        [ROW],
        iter([ROW]),
        ({"tokens": tuple(ROW["tokens"]), "ner_tags": np.array(ROW["ner_tags"])},),
        [{"words": [np.str_("Anna"), "left"], "tags": ROW["ner_tags"]}],
        [{"Tokens": ROW["tokens"], "labels": ROW["ner_tags"], 5: "a column without a text for a name"}],
        pandas.DataFrame([ROW]),
        pandas.DataFrame([{"tokens": np.array(ROW["tokens"], object), "ner_tags": np.array(ROW["ner_tags"])}]),
        Dataset.from_list([ROW]),
        Dataset.from_list([{"tokens": ["x"], "ner_tags": ["O"]}, ROW]).select([1]),
        Dataset.from_list([ROW]).with_format("numpy"),
    ],
)
def test_rows_of_every_kind_are_sentences(rows):
    assert read(rows) == ([ROW["tokens"]], [ROW["ner_tags"]], None)


def test_rows_may_have_no_tags_or_numbers_for_tags():
    assert read([{"tokens": ["Anna"]}]) == ([["Anna"]], None, None)
    assert read([{"tokens": ["Anna"], "ner_tags": np.array([3])}]) == ([["Anna"]], [["3"]], None)
    named = Dataset.from_list([{"tokens": ["a", "b"], "pos": ["X", "Y"]}])
    assert read(named, label_column_name="pos")[1] == [["X", "Y"]]


@pytest.mark.parametrize("rows", [[ROW], Dataset.from_list([ROW])])
def test_rows_say_that_nobody_is_chosen(rows, caplog):
    assert read(rows, annotator="ann") == read([ROW])
    assert "--annotator 'ann' is not used" in caplog.text


def test_the_lists_of_the_program_are_left_alone():
    rows = [{"tokens": ["Anna"], "ner_tags": ["O"]}]
    tokens, tags, _ = read(rows)
    assert tokens[0] is not rows[0]["tokens"]
    assert tags[0] is not rows[0]["ner_tags"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([ROW, {"tokens": "Anna left", "ner_tags": ["O"]}], r"^train\[1\]: 'tokens' is text"),
        ([ROW, {"tokens": ["a", None], "ner_tags": ["O", "O"]}], r"^train\[1\]: word 2 of 'tokens' is null"),
        (pandas.DataFrame([ROW, {"tokens": ["a"]}]), r"^train\[1\]: 'ner_tags' is a number \('nan'\), not a list"),
        (pandas.DataFrame({"tokens": ["Anna", "left"], "ner_tags": ["B-PER", "O"]}), r"^train\[0\]: 'tokens' is text"),
        ([ROW, (ROW["tokens"], ROW["ner_tags"])], r"^train\[1\]: a tuple, not a mapping; accepted: a path"),
        ([{"text": "Anna left"}], r"^train\[0\]: no column of words \(columns found: 'text'\)"),
    ],
)
def test_problems_name_the_row(rows, message):
    with pytest.raises(DataError, match=message):
        read(rows)


def test_what_holds_no_rows_is_refused():
    with pytest.raises(UserError, match=r"train is a dict; accepted: a path, .*of several splits, give one"):
        read({"train": [ROW]})
    with pytest.raises(UserError, match=r"train is a float; accepted: a path"):
        read(0.5)
