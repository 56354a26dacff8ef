"""Character spans meet words: which words a span marks, and what becomes of one that cuts a word."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from token_classification.data.problems import Kind, Problem, show
from token_classification.data.spans.document import Span, SpanDocument
from token_classification.data.words_of_text import Offsets, WordRule, find_words

Align = Literal["strict", "expand", "contract"]
"""A span that cuts a word is a problem, gets all of the word, or loses what it has of it"""


class PlacedSpan(NamedTuple):
    """A span and the words that it marks: `start` to `end` (the first word behind it)."""

    span: Span
    start: int
    end: int


@dataclass
class PlacedSpans:
    """What became of the spans of one document: each is in exactly one of `placed`, `problems` and `left_out`."""

    placed: list[PlacedSpan] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    moved: list[Problem] = field(default_factory=list)
    """Those of `placed` that cut a word, and what was made of them"""
    left_out: list[Problem] = field(default_factory=list)
    """Those of which no word is left"""


def find_document_words(document: SpanDocument, rule: WordRule = "punctuation") -> Sequence[Offsets]:
    """Return the words of a document: those that its file names, else those that the rule finds."""
    return find_words(document.text, rule) if document.words is None else document.words


def place_spans(document: SpanDocument, words: Sequence[Offsets], align: Align = "strict") -> PlacedSpans:
    """Find the words that each span marks.

    Blanks, and what else is in no word, cut nothing at the edges of a span.

    Args:
        document: A document whose spans count code points.
        words: Its words, in the order of the text; none overlaps another.
        align: What becomes of a span that cuts a word.
    """
    found = PlacedSpans()
    starts = [start for start, _ in words]
    ends = [end for _, end in words]
    for span in document.spans:
        touched = bisect_right(ends, span.start), bisect_left(starts, span.end)
        whole = bisect_left(starts, span.start), bisect_right(ends, span.end)
        chosen = whole if align == "contract" else touched
        if touched != whole and align == "strict":
            found.problems.append(_report_cut(document, span, words, touched, whole))
        elif chosen[0] >= chosen[1]:
            found.left_out.append(_report_nothing(document, span, words, touched))
        else:
            found.placed.append(PlacedSpan(span, *chosen))
            if touched != whole:
                became = _quote_words(document, words, *chosen)
                found.moved.append(document.report(Kind.CUT_WORD, f"{document.quote(span)} became {became}"))
    if align == "strict":
        found.problems += found.left_out
        found.left_out = []
    return found


def _report_cut(
    document: SpanDocument, span: Span, words: Sequence[Offsets], touched: tuple[int, int], whole: tuple[int, int]
) -> Problem:
    expanded = _quote_words(document, words, *touched)
    contracted = (
        _quote_words(document, words, *whole) if whole[0] < whole[1] else "nothing, for no whole word is in it"
    )
    choice = document.suggest_choice("align", {"expand": f"makes it {expanded}", "contract": contracted})
    text = (
        f"{document.quote(span)} cuts a word of {expanded}; accepted: spans of whole words; correct it, or have it "
        f"done: {choice}"
    )
    return document.report(Kind.CUT_WORD, text)


def _report_nothing(document: SpanDocument, span: Span, words: Sequence[Offsets], touched: tuple[int, int]) -> Problem:
    if touched[0] < touched[1]:
        text = f"{document.quote(span)} holds no whole word, only a part of {_quote_words(document, words, *touched)}"
        return document.report(Kind.CUT_WORD, text)
    text = f"{document.quote(span)} holds no word; accepted: spans of one word or more; correct or remove it"
    return document.report(Kind.BROKEN_SPAN, text)


def _quote_words(document: SpanDocument, words: Sequence[Offsets], start: int, end: int) -> str:
    return show(document.text[words[start][0] : words[end - 1][1]])
