"""Spans that share words: levels, and what is left out by name."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from token_classification.data.spans.document import Span, SpanDocument
from token_classification.data.spans.overlaps import separate_overlaps, spread_over_levels
from token_classification.data.spans.words import PlacedSpan

TEXT = "a b c d e f g h i j"
RANGES = st.lists(
    st.tuples(st.integers(0, 9), st.integers(1, 5)).map(lambda pair: (pair[0], min(pair[0] + pair[1], 10))),
    max_size=12,
)


def make(ranges):
    placed = [
        PlacedSpan(Span(2 * start, 2 * end - 1, f"L{number}"), start, end)
        for number, (start, end) in enumerate(ranges)
    ]
    return SpanDocument(TEXT, tuple(item.span for item in placed), Path("a.jsonl"), 3), placed


def labels_of(level):
    return [item.span.label for item in level]


def shares_words(items):
    words = [word for item in items for word in range(item.start, item.end)]
    return len(words) != len(set(words))


def test_the_outermost_span_is_on_the_first_level():
    _, placed = make([(1, 2), (0, 4), (1, 3), (5, 6)])
    assert [labels_of(level) for level in spread_over_levels(placed)] == [["L1", "L3"], ["L2"], ["L0"]]


@given(RANGES)
def test_levels_hold_every_span_and_are_as_few_as_can_be(ranges):
    _, placed = make(ranges)
    levels = spread_over_levels(placed)
    assert sorted(item.span.label for level in levels for item in level) == sorted(labels_of(placed))
    assert not any(map(shares_words, levels))
    assert len(levels) == max((sum(start <= word < end for start, end in ranges) for word in range(10)), default=0)
    for above, level in pairwise(levels):
        assert all(any(outer.start <= item.start < outer.end for outer in above) for item in level)


@pytest.mark.parametrize(("overlaps", "expected"), [("outer", ["L0"]), ("inner", ["L1", "L2"])])
def test_longer_or_shorter_spans_are_kept_and_the_others_named(overlaps, expected):
    document, placed = make([(0, 4), (0, 1), (2, 3)])
    kept, others = separate_overlaps(document, placed, overlaps)
    assert labels_of(kept) == expected
    assert len(others) == 3 - len(expected)
    assert all(problem.line == 3 for problem in others)


@pytest.mark.parametrize(
    ("ranges", "said"),
    [
        ([(0, 4), (1, 2)], "L1 'b' (characters 2 to 3) is inside of L0 'a b c d'"),
        ([(0, 3), (2, 4)], "L1 'c d' (characters 4 to 7) overlaps L0 'a b c'"),
        ([(0, 2), (0, 2)], "L1 'a b' (characters 0 to 3) marks the words of L0 'a b'"),
    ],
)
def test_refused_overlaps_say_how_they_overlap_and_what_to_type(ranges, said):
    document, placed = make(ranges)
    _, [problem] = separate_overlaps(document, placed)
    assert said in problem.text
    assert "convert a.jsonl NEW.jsonl --to jsonl --overlaps outer" in problem.text


@given(RANGES, st.sampled_from(["refuse", "outer", "inner"]))
def test_no_span_is_lost_without_a_name(ranges, overlaps):
    document, placed = make(ranges)
    kept, others = separate_overlaps(document, placed, overlaps)
    assert len(kept) + len(others) == len(placed)
    assert not shares_words(kept)
    assert bool(others) == shares_words(placed)
