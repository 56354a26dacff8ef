"""Spans meet words: each span is accounted for, under every alignment."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from span_documents import span_documents

from token_classification.data.problems import Kind
from token_classification.data.spans.document import Span, SpanDocument
from token_classification.data.spans.words import find_document_words, place_spans

ALIGNMENTS = ("strict", "expand", "contract")


def place(text, *spans, align="strict", words=None):
    document = SpanDocument(text, tuple(Span(*span) for span in spans), Path("a.jsonl"), 7, "doc", words)
    return place_spans(document, find_document_words(document), align)


def words_of(found):
    return [(item.span.label, item.start, item.end) for item in found.placed]


def test_whole_words_are_placed_whatever_the_alignment():
    for align in ALIGNMENTS:
        found = place("Anna Schmidt lives in Rome.", (0, 12, "PER"), (22, 26, "LOC"), align=align)
        assert words_of(found) == [("PER", 0, 2), ("LOC", 4, 5)]
        assert found.problems + found.moved + found.left_out == []


def test_a_cut_word_is_named_with_what_each_alignment_makes_of_it():
    [problem] = place("See Anna Schmidt.", (5, 16, "PER")).problems
    assert problem.kind == Kind.CUT_WORD
    assert str(problem) == (
        "a.jsonl:7: document 'doc': PER 'nna Schmidt' (characters 5 to 16) cuts a word of 'Anna Schmidt'; accepted: "
        "spans of whole words; correct it, or have it done: token_classification convert a.jsonl NEW.jsonl --to jsonl "
        "--align expand (makes it 'Anna Schmidt'), or contract ('Schmidt')"
    )


def test_expand_takes_all_of_a_cut_word_and_contract_none_of_it():
    expanded, contracted = (place("See Anna Schmidt.", (5, 16, "PER"), align=way) for way in ("expand", "contract"))
    assert words_of(expanded) == [("PER", 1, 3)]
    assert words_of(contracted) == [("PER", 2, 3)]
    assert "became 'Anna Schmidt'" in expanded.moved[0].text
    assert "became 'Schmidt'" in contracted.moved[0].text


def test_contract_names_a_span_of_which_nothing_is_left():
    found = place("superman", (0, 5, "X"), align="contract")
    assert words_of(found) == []
    assert "only a part of 'superman'" in found.left_out[0].text
    assert "nothing, for no whole word" in place("superman", (0, 5, "X")).problems[0].text


def test_blanks_around_a_span_cut_nothing():
    found = place(" Anna \u200b left", (0, 7, "PER"))
    assert words_of(found) == [("PER", 0, 1)]
    assert not found.problems


def test_a_span_of_blanks_holds_no_word():
    [problem] = place("a  b", (1, 3, "X")).problems
    assert problem.kind == Kind.BROKEN_SPAN
    assert "holds no word" in problem.text
    for align in ("expand", "contract"):
        assert len(place("a  b", (1, 3, "X"), align=align).left_out) == 1


def test_the_words_of_the_file_come_before_the_rule():
    assert words_of(place("superman", (0, 5, "X"), words=((0, 5), (5, 8)))) == [("X", 0, 1)]


@pytest.mark.parametrize("align", ALIGNMENTS)
@settings(max_examples=200, deadline=None)
@given(document=span_documents())
def test_every_span_is_accounted_for_once(align, document):
    words = find_document_words(document)
    found = place_spans(document, words, align)
    assert len(found.placed) + len(found.problems) + len(found.left_out) == len(document.spans)
    changed = 0
    for span, start, end in found.placed:
        assert start < end
        text_start, text_end = words[start][0], words[end - 1][1]
        in_span = {place for place in range(span.start, span.end) if any(a <= place < b for a, b in words)}
        in_words = {place for a, b in words[start:end] for place in range(a, b)}
        changed += in_span != in_words
        if align == "expand":
            assert in_span <= in_words
        if align == "contract":
            assert span.start <= text_start < text_end <= span.end
    assert changed == len(found.moved)
