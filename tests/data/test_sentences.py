"""Sentences and the lines of their words."""

import pytest

from token_classification.data.sentences import Sentences, select_sentences

ROWS = Sentences(
    [["a", "b", "c"], ["d"]],
    [["O", "O", "B-X"], ["O"]],
    [2, 8],
    ["0", "1"],
    has_line_per_word=True,
    skipped_lines=[3, 5],
)


def test_lines_without_a_word_are_counted_over():
    assert [ROWS.find_line(0, word) for word in range(3)] == [2, 4, 6]
    assert ROWS.find_line(1, 0) == 8
    assert Sentences([["a", "b"]], None, [7]).find_line(0, 1) == 7


def test_selected_sentences_keep_what_belongs_to_them():
    chosen = select_sentences(ROWS, [1])
    assert (chosen.tokens, chosen.tags, chosen.lines, chosen.doc_ids) == ([["d"]], [["O"]], [8], ["1"])
    assert chosen.find_line(0, 0) == 8
    assert select_sentences(Sentences([["a"]], None, [1]), [0]).tags is None


def test_gold_is_asked_of_labelled_sentences_only():
    assert ROWS.gold is ROWS.tags
    with pytest.raises(ValueError, match="without tags"):
        _ = Sentences([["a"]], None, [1]).gold
