"""What the offsets of a file count: characters (code points), or one of the other units that tools count in.

JavaScript counts UTF-16 units, of which an emoji has two. Some tools count the two characters of a Windows line end as
one, or count in a normalised copy of the text (NFC, NFD). Nothing in a file says so, but the spans do: they fit the
words of their text, and what they say stands there, only if they are counted as they were.
"""

import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Literal

import regex

from token_classification.data.problems import Kind, Problem, show
from token_classification.data.spans.document import Span, SpanDocument, SpanFile
from token_classification.data.words_of_text import Offsets, find_words

SLOPPY_SHARE = 0.1
"""Spans that fit neither way, for each that fits only the other unit: people mark half words, too"""
CLUSTER = regex.compile(r"\X")


class Unit(StrEnum):
    """What offsets count."""

    CODE_POINTS = "characters"
    UTF16 = "UTF-16 units, as JavaScript does"
    LINE_ENDS = "characters with \\r\\n as one"
    UTF16_LINE_ENDS = "UTF-16 units, as JavaScript does, with \\r\\n as one"
    NFC = "characters of the composed text (NFC)"
    NFD = "characters of the decomposed text (NFD)"


Cut = Callable[[str], Iterator[tuple[int, int]]]
Borders = list[int | None]
"""Counted offset -> code points; None: inside of something that is one"""


def settle_offsets(file: SpanFile) -> SpanFile:
    """Return a file whose spans count code points and mark something in their text.

    A span that does not is a problem, and its document is left out.
    The unit is recognised from all documents together; another one than code points is noted.
    """
    documents, problems = file.documents, list(file.problems)
    unit, evidence = recognise_unit(documents)
    notes = list(file.notes)
    if unit != Unit.CODE_POINTS:
        notes.append(f"{file.path}: offsets count {unit} ({evidence}); they were converted to characters")
    settled = []
    for document in documents:
        borders = None if unit == Unit.CODE_POINTS else find_borders(document.text, unit)
        spans, wrong = [], []
        for span in document.spans:
            converted = span if borders is None else _convert(span, borders)
            if converted is None or not 0 <= converted.start < converted.end <= len(document.text):
                wrong.append(_report_range(document, span))
            elif span.surface is not None and not is_same_surface(document.text[slice(*converted[:2])], span.surface):
                wrong.append(_report_surface(document, converted))
            else:
                spans.append(converted._replace(surface=None))
        problems += wrong
        if not wrong:
            settled.append(replace(document, spans=tuple(spans)))
    return replace(file, documents=settled, problems=problems, notes=notes)


def recognise_unit(documents: Sequence[SpanDocument]) -> tuple[Unit, str]:
    """Return what the offsets of documents count, and how that shows.

    It is code points unless some spans fit only another unit, and none of those that this unit places elsewhere fits
    only as code points.
    """
    doubtful = [
        (document, find_words(document.text) if document.words is None else document.words)
        for document in documents
        if document.spans and not (document.text.isascii() and "\r\n" not in document.text)
    ]
    if all(_fits(document.text, words, span, span) for document, words in doubtful for span in document.spans):
        return Unit.CODE_POINTS, ""
    best = (0, Unit.CODE_POINTS, "")
    for unit in Unit:
        if unit == Unit.CODE_POINTS:
            continue
        counts = _count_fits(doubtful, unit)
        only_other, only_code_points, neither = (counts[key] for key in ("other", "code points", "neither"))
        is_taken = only_other and not only_code_points and neither <= SLOPPY_SHARE * only_other
        if is_taken and only_other > best[0]:
            best = (
                only_other,
                unit,
                f"{only_other:,} spans fit their texts so and not as characters, none vice versa",
            )
    return best[1:]


def find_borders(text: str, unit: Unit) -> Borders:
    """Return for each offset counted in a unit the place in the text that it means.

    >>> find_borders("a😀b", Unit.UTF16)
    [0, 1, None, 2, 3]
    """
    borders: Borders = [0]
    place = 0
    for counted, length in _PIECES[unit](text):
        if counted == length:
            borders += range(place + 1, place + length + 1)
        else:
            borders += [None] * (counted - 1)
            borders.append(place + length)
        place += length
    return borders


def count_offsets(text: str, unit: Unit) -> list[int]:
    """Return for each place of a text what a unit counts up to there, as a tool that counts in it wants to be told.

    >>> count_offsets("a😀b", Unit.UTF16)
    [0, 1, 3, 4]
    """
    counted = [0]
    for count, length in _PIECES[unit](text):
        start = counted[-1]
        counted += range(start + 1, start + length + 1) if count == length else [start + count] * length
    return counted


def _cut_utf16(text: str) -> Iterator[tuple[int, int]]:
    return ((2 if character > "\uffff" else 1, 1) for character in text)


def _cut_line_ends(text: str, measure: Cut | None = None) -> Iterator[tuple[int, int]]:
    for number, line in enumerate(text.split("\r\n")):
        if number:
            yield 1, 2
        yield from measure(line) if measure else ((1, 1) for _ in line)


def _cut_normalised(text: str, form: Literal["NFC", "NFD"]) -> Iterator[tuple[int, int]]:
    for cluster in CLUSTER.findall(text):
        normal = unicodedata.normalize(form, cluster)
        yield len(normal), len(cluster)


_PIECES: dict[Unit, Cut] = {
    Unit.CODE_POINTS: lambda text: ((1, 1) for _ in text),
    Unit.UTF16: _cut_utf16,
    Unit.LINE_ENDS: _cut_line_ends,
    Unit.UTF16_LINE_ENDS: lambda text: _cut_line_ends(text, _cut_utf16),
    Unit.NFC: lambda text: _cut_normalised(text, "NFC"),
    Unit.NFD: lambda text: _cut_normalised(text, "NFD"),
}
"""Unit -> how it cuts a text: what each piece counts, and how many code points it has"""


def _convert(span: Span, borders: Borders) -> Span | None:
    """Return a span in code points, None where it begins or ends at no place of the text."""
    if not 0 <= span.start < len(borders) or not 0 <= span.end < len(borders):
        return None
    start, end = borders[span.start], borders[span.end]
    return None if start is None or end is None else span._replace(start=start, end=end)


def _count_fits(documents: Sequence[tuple[SpanDocument, Sequence[Offsets]]], unit: Unit) -> Counter[str]:
    """Count how the spans fit that a unit places elsewhere than code points do, and those that fit neither way."""
    counts: Counter[str] = Counter()
    for document, words in documents:
        borders = find_borders(document.text, unit)
        for span in document.spans:
            converted = _convert(span, borders)
            fits_code_points = _fits(document.text, words, span, span)
            if converted == span:
                counts["neither"] += not fits_code_points
                continue
            fits_other = converted is not None and _fits(document.text, words, span, converted, is_strict=True)
            names = {(True, True): "both", (True, False): "code points", (False, True): "other"}
            counts[names.get((fits_code_points, fits_other), "neither")] += 1
    return counts


def _fits(text: str, words: Sequence[Offsets], span: Span, converted: Span, *, is_strict: bool = False) -> bool:
    """Tell whether a span marks what the file says, or else whole words; blanks around them only if not strict."""
    if not 0 <= converted.start < converted.end <= len(text):
        return False
    marked = text[converted.start : converted.end]
    if span.surface is not None:
        return is_same_surface(marked, span.surface)
    start = converted.start + len(marked) - len(marked.lstrip())
    end = converted.end - len(marked) + len(marked.rstrip())
    if is_strict and (start, end) != (converted.start, converted.end):
        return False
    return start < end and not any(_cuts_word(words, border) for border in (start, end))


def _cuts_word(words: Sequence[Offsets], border: int) -> bool:
    place = bisect_right(words, border, key=lambda word: word[0]) - 1
    return place >= 0 and words[place][0] < border < words[place][1]


def is_same_surface(marked: str, surface: str) -> bool:
    """Tell whether a file's copy of the marked text is that text: tools write other blanks, and normalise."""
    return _simplify(marked) == _simplify(surface)


def _simplify(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split()))


def _report_surface(document: SpanDocument, span: Span) -> Problem:
    text = (
        f"{document.quote(span)} is not what the file says stands there ({show(span.surface or '')}); accepted: "
        "offsets of one kind in all the file, characters or UTF-16 units; correct the offsets, or export the file anew"
    )
    return document.report(Kind.BROKEN_SPAN, text)


def _report_range(document: SpanDocument, span: Span) -> Problem:
    length = len(document.text)
    what = "is not in the text"
    if span.start >= span.end:
        what = "is empty" if span.start == span.end else "ends before it begins"
    text = (
        f"the span {span.label} {span.start} to {span.end} {what} (of {length:,} characters); accepted: "
        f"0 <= start < end <= {length}; correct the offsets"
    )
    return document.report(Kind.BROKEN_SPAN, text)
