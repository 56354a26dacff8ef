"""Spans that share words: nested and crossing ones, spread over levels, or all but one of them left out by name."""

from collections.abc import Iterable, Sequence
from typing import Literal

from token_classification.data.problems import Kind, Problem
from token_classification.data.spans.document import SpanDocument
from token_classification.data.spans.words import PlacedSpan

Overlaps = Literal["refuse", "outer", "inner"]
"""Spans that share words are problems; of such spans the longer ones, or the shorter ones, are kept"""


def spread_over_levels(placed: Iterable[PlacedSpan]) -> list[list[PlacedSpan]]:
    """Spread spans over levels, the outermost on the first, so that none shares a word with another of its level.

    A span is on the first level that has room for it behind all spans that begin before it or hold it. There are
    as few levels as can be: as many as the most spans that share one word. Spans of the same words keep their order.
    """
    levels: list[list[PlacedSpan]] = []
    for item in sorted(placed, key=lambda item: (item.start, -item.end)):
        free = next((level for level in levels if level[-1].end <= item.start), None)
        if free is None:
            levels.append([item])
        else:
            free.append(item)
    return levels


def fit_levels(
    document: SpanDocument, placed: Iterable[PlacedSpan], levels: int
) -> tuple[list[list[PlacedSpan]], list[Problem]]:
    """Return the spans of each level, and what those are that lie deeper."""
    spread = spread_over_levels(placed)
    choice = document.suggest_choice("levels", {str(len(spread)): "has room for all"})
    deeper = [
        document.report(
            Kind.OVERLAPPING_SPANS,
            f"{document.quote(item.span)} is on level {number}; accepted: {levels} levels; leave it out, or "
            f"have a column for it: {choice}",
        )
        for number, level in enumerate(spread[levels:], levels + 1)
        for item in level
    ]
    return [*spread[:levels], *([] for _ in range(levels - len(spread)))], deeper


def separate_overlaps(
    document: SpanDocument, placed: Sequence[PlacedSpan], overlaps: Overlaps = "refuse"
) -> tuple[list[PlacedSpan], list[Problem]]:
    """Return spans of which none shares a word with another one, in the order of the text, and what the others are.

    With `refuse` the shorter ones are those that are named, too; whoever asked for it has to end with them.
    """
    shortest_first = 1 if overlaps == "inner" else -1
    kept: list[PlacedSpan] = []
    others: list[Problem] = []
    owners: dict[int, PlacedSpan] = {}
    for item in sorted(placed, key=lambda item: (shortest_first * (item.end - item.start), item.start)):
        owner = next((owners[word] for word in range(item.start, item.end) if word in owners), None)
        if owner is None:
            kept.append(item)
            owners.update(dict.fromkeys(range(item.start, item.end), item))
        else:
            others.append(_report_overlap(document, item, owner, overlaps))
    return sorted(kept, key=lambda item: item.start), others


def _report_overlap(document: SpanDocument, item: PlacedSpan, owner: PlacedSpan, overlaps: Overlaps) -> Problem:
    inside = owner.start <= item.start and item.end <= owner.end
    holds = item.start <= owner.start and owner.end <= item.end
    how = "marks the words of" if inside and holds else "is inside of" if inside else "holds" if holds else "overlaps"
    text = f"{document.quote(item.span)} {how} {document.quote(owner.span)}"
    if overlaps == "refuse":
        outcomes = {"outer": "keeps the longer span", "inner": "the shorter one"}
        choice = document.suggest_choice("overlaps", outcomes)
        text += f"; accepted: one label a word; correct it, or have it done: {choice}; or, on levels of their own, "
        text += document.suggest_choice("levels", {"2": "keeps both"})
    return document.report(Kind.OVERLAPPING_SPANS, text)
