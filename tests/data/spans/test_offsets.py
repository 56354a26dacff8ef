"""What offsets count is recognised from the spans of a file, said aloud, and converted exactly."""

import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from span_documents import make_hostile_documents, span_documents, strip_places

from token_classification.data.problems import Kind
from token_classification.data.spans.document import Span, SpanDocument, SpanFile
from token_classification.data.spans.offsets import Unit, count_offsets, find_borders, settle_offsets

FILE = Path("a.jsonl")


def make(text, *spans):
    return SpanDocument(text, tuple(Span(*span) for span in spans), FILE, 4, "x")


def settle(*documents):
    return settle_offsets(SpanFile(FILE, list(documents)))


def count_as(document, unit):
    """The document as a tool that counts in `unit` would write it."""
    counted = count_offsets(document.text, unit)
    spans = tuple(span._replace(start=counted[span.start], end=counted[span.end]) for span in document.spans)
    return replace(document, spans=spans)


def marked(file):
    return [document.text[span.start : span.end] for document in file.documents for span in document.spans]


TEXTS = {
    Unit.UTF16: "😀 Anna met Bob 😀 in Rome",
    Unit.LINE_ENDS: "Dear all,\r\nAnna met Bob\r\nin Rome",
    Unit.UTF16_LINE_ENDS: "Dear 😀,\r\nAnna met Bob\r\nin Rome",
    Unit.NFC: unicodedata.normalize("NFD", "Zoë: Anna met Bob in Rome"),
    Unit.NFD: "Zoë: Anna met Bob in Rome",
}


@pytest.mark.parametrize("unit", TEXTS)
def test_another_unit_is_recognised_and_said_aloud(unit):
    text = TEXTS[unit]
    spans = [(text.index(name), text.index(name) + len(name), "X") for name in ("Anna", "Bob", "Rome")]
    file = settle(count_as(make(text, *spans), unit), make("plain Anna", (6, 10, "X")))
    assert marked(file) == ["Anna", "Bob", "Rome", "Anna"]
    assert [f"offsets count {unit} (" in note for note in file.notes] == [True]
    assert not file.problems


@pytest.mark.parametrize("text", TEXTS.values())
def test_code_points_stay_code_points(text):
    spans = [(text.index(name), text.index(name) + len(name), "X") for name in ("Anna", "Bob", "Rome")]
    file = settle(make(text, *spans))
    assert marked(file) == ["Anna", "Bob", "Rome"]
    assert not file.notes


def test_a_file_of_both_units_is_not_converted():
    text = "😀 Anna met Bob"
    file = settle(make(text, (2, 6, "X")), make(text, (3, 7, "X")))
    assert not file.notes
    assert marked(file) == ["Anna", "nna "]  # which --align then calls by its name


def test_half_a_word_that_fits_neither_way_is_no_reason_to_convert():
    assert not settle(make("😀 superman", (2, 7, "X"))).notes


def test_what_the_file_says_stands_there_decides():
    text = "😀 東京 and 東京"  # each character is a word: only the text tells
    file = settle(SpanDocument(text, (Span(3, 5, "LOC", surface="東京"),), FILE, 1))
    assert marked(file) == ["東京"]
    assert file.documents[0].spans[0].surface is None
    assert file.notes


def test_blanks_and_composition_of_the_repeated_text_are_no_matter():
    file = settle(SpanDocument("a\r\n  Zoe\u0308", (Span(0, 9, "X", surface="a Zoë"),), FILE, 1))
    assert marked(file) == ["a\r\n  Zoe\u0308"]
    assert not file.problems


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (Span(2, 2, "X"), "the span X 2 to 2 is empty (of 4 characters)"),
        (Span(3, 1, "X"), "ends before it begins"),
        (Span(0, 5, "X"), "is not in the text (of 4 characters)"),
        (Span(-1, 2, "X"), "is not in the text (of 4 characters)"),
        (
            Span(0, 4, "X", surface="Bob"),
            "X 'Anna' (characters 0 to 4) is not what the file says stands there ('Bob')",
        ),
    ],
)
def test_a_span_that_marks_nothing_is_a_problem_with_its_place(span, said):
    file = settle(SpanDocument("Anna", (span,), FILE, 4, "x"))
    [problem] = file.problems
    assert problem.kind == Kind.BROKEN_SPAN
    assert str(problem).startswith("a.jsonl:4: document 'x': ")
    assert said in problem.text
    assert file.documents == []  # without the span, its tags would be wrong


@pytest.mark.parametrize("unit", Unit)
@settings(max_examples=200, deadline=None)
@given(document=span_documents())
def test_borders_undo_counting(unit, document):
    text = document.text
    counted, borders = count_offsets(text, unit), find_borders(text, unit)
    assert len(counted) == len(text) + 1
    if unit in (Unit.CODE_POINTS, Unit.UTF16):  # no place of the text is inside of what they count
        assert [borders[place] for place in counted] == list(range(len(text) + 1))
    else:
        assert all(borders[counted[place]] == place for place in borders if place is not None)
    if unit == Unit.UTF16:
        assert counted[-1] == len(text.encode("utf-16-le")) // 2


def test_hostile_documents_with_repeated_texts_are_converted_exactly():
    documents = make_hostile_documents(200, nested=True)
    with_texts = [
        replace(
            document,
            spans=tuple(span._replace(surface=document.text[span.start : span.end]) for span in document.spans),
        )
        for document in documents
    ]
    file = settle(*(count_as(document, Unit.UTF16) for document in with_texts))
    wrong = len(file.problems)
    assert file.notes
    assert wrong == 0
    assert strip_places(file.documents) == strip_places(documents)
