"""Records with lists of words and tags, and what is wrong with those without."""

from pathlib import Path

import pytest

from token_classification.data.formats.records import build_sentences, name_value, read_records
from token_classification.data.problems import BrokenFileError
from token_classification.errors import DataError

PATH = Path("a.jsonl")


def build(*records: dict) -> list[str]:
    """The problems of records, each without its place."""
    try:
        build_sentences(list(enumerate(records, 1)), PATH, "tokens", "tags", ["tokens", "tags", "doc_id"])
    except BrokenFileError as error:
        return [f"{problem.line}: {problem.text}" for problem in error.problems]
    return []


SOUND = {"tokens": ["a"], "tags": ["O"], "doc_id": 1}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"tags": ["O"], "doc_id": 1}, "no 'tokens'"),
        (SOUND | {"tokens": "a"}, "'tokens' is text ('a'), not a list of words"),
        (SOUND | {"tokens": [None]}, "word 1 of 'tokens' is null"),
        (SOUND | {"tags": [True]}, "tag 1 of 'tags' is true or false"),
        (SOUND | {"tags": [""]}, "tag 1 of 'tags' is empty"),
        (SOUND | {"tags": ["O", "O"]}, "1 words but 2 tags"),
        (SOUND | {"tokens": ["\ud800"]}, "half a character"),
        (SOUND | {"doc_id": None}, "no 'doc_id'"),
        (SOUND | {"doc_id": []}, "'doc_id' is a list"),
    ],
)
def test_what_is_wrong_with_a_record(record, expected):
    (problem,) = build(SOUND, record)
    assert problem.startswith("2: ")
    assert expected in problem


def test_numbers_are_tags_and_documents_too():
    records = [(3, {"words": ["a"], "tags": [7], "doc_id": 2.5}), (5, {"words": [], "tags": [], "doc_id": "x"})]
    sentences = read_records(records, PATH, None, None, "ner")
    assert (sentences.tokens, sentences.tags, sentences.lines) == ([["a"], []], [["7"], []], [3, 5])
    assert (sentences.doc_ids, sentences.word_column, sentences.tag_column) == (["2.5", "x"], "words", "tags")
    with pytest.raises(DataError, match="no words"):
        read_records([], PATH, None, None, "ner")


def test_values_by_their_names():
    assert [name_value(value) for value in (None, True, 3, "a", [1], {})] == [
        "null",
        "true or false ('True')",
        "a number ('3')",
        "text ('a')",
        "a list",
        "an object",
    ]
