"""Sentences one by one become a file's sentences."""

from pathlib import Path

import pytest

from token_classification.data.formats.sentence_rows import RowSentence, collect_sentences
from token_classification.data.problems import BrokenFileError, Kind, Problem
from token_classification.errors import DataError

PATH = Path("a.txt")
END = RowSentence([], [], 0, [], [], ends_document=True)


def sentence(word: str, tag: str, line: int) -> RowSentence:
    return RowSentence([word], [tag], line, [], [line + 1])


def test_documents_without_sentences_are_none():
    rows = [END, sentence("a", "O", 1), END, END, sentence("b", "O", 5), sentence("c", "O", 7)]
    found = collect_sentences(rows, PATH)
    assert (found.tokens, found.lines, found.doc_ids) == ([["a"], ["b"], ["c"]], [1, 5, 7], ["0", "1", "1"])
    assert found.skipped_lines == [2, 6, 8]
    assert collect_sentences(rows[1:2], PATH).doc_ids is None


@pytest.mark.parametrize(
    ("has_tags", "empty_tags", "expected"),
    [(True, (), [["_"], ["_"]]), (True, "_", None), (False, (), None), (True, "-", [["_"], ["_"]])],
)
def test_a_column_that_says_nothing_is_no_column_of_tags(has_tags, empty_tags, expected):
    rows = [sentence("a", "_", 1), sentence("b", "_", 3)]
    assert collect_sentences(rows, PATH, has_tags=has_tags, empty_tags=empty_tags).tags == expected


def test_problems_come_with_what_could_be_read():
    problem = Problem(Kind.RAGGED_ROW, PATH, 2, "")
    with pytest.raises(BrokenFileError) as caught:
        collect_sentences([sentence("a", "O", 1), RowSentence([], [], 0, [problem], [2])], PATH)
    assert caught.value.sentences.tokens == [["a"]]
    with pytest.raises(DataError, match="no words"):
        collect_sentences([END], PATH)
