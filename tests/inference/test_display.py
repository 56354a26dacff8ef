"""Entities in a notebook: nothing of the text is markup, and everybody can read what is marked."""

import re
from html.parser import HTMLParser

import pytest

from token_classification import Predictor
from token_classification.inference.display import COLOURS, TEXT_COLOUR, MarkedText

HOSTILE = '<script>alert("Anna")</script> & \x1b[31m\u202eAnna'
START = HOSTILE.rindex("Anna")


def mark(text: str, *places: tuple[int, int, str], labels: tuple[str, ...] = ("LOC", "PER")) -> MarkedText:
    """A text with entities at some places."""
    entities = [
        {"start": start, "end": end, "label": label, "score": 0.5, "text": text[start:end]}
        for start, end, label in places
    ]
    return MarkedText(text, entities, labels)


class Reader(HTMLParser):
    """What a browser would see: tags, and text."""

    def __init__(self, markup: str):
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        """Remember a tag."""
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        """Remember text."""
        self.text += data


def test_text_and_labels_are_no_markup():
    page = Reader(mark(HOSTILE, (START, START + 4, '"><img>'), labels=('"><img>',))._repr_html_())
    assert page.tags == ["div", "mark", "bdi", "b"]
    assert page.text == '<script>alert("Anna")</script> & \\x1b[31m\\u202eAnna "><img>'


def test_outside_of_a_notebook_entities_are_in_brackets():
    marked = mark("Anna left Paris.\nBye", (0, 4, "PER"), (10, 15, "LOC"))
    assert str(marked) == repr(marked) == "[Anna: PER] left [Paris: LOC].\nBye"
    assert "\x1b" not in str(mark(HOSTILE))
    assert str(mark("")) == ""


def test_a_label_has_one_colour_in_all_texts():
    labels = tuple(f"L{number}" for number in range(12))
    found = [re.findall("#[0-9a-f]{6}", mark("a", (0, 1, label), labels=labels)._repr_html_())[0] for label in labels]
    assert found == [*COLOURS, *COLOURS[:2]]


def brightness(colour: str) -> float:
    """Relative luminance, as the Web Content Accessibility Guidelines define it."""
    shares = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return sum(weight * share for weight, share in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("colour", COLOURS)
def test_text_on_every_colour_can_be_read(colour):
    assert (brightness(colour) + 0.05) / (brightness(TEXT_COLOUR) + 0.05) >= 7  # their highest level, AAA


def test_the_predictor_marks_what_it_finds(tagger_folder):
    predictor = Predictor.from_pretrained(tagger_folder)
    text = "Anna Smith moved from Berlin to New York ."
    marked = predictor.display(text)
    assert marked.entities == predictor(text)
    assert marked.text == text
    assert predictor.display(text.split()).entities == predictor([text.split()])[0]
    assert re.sub(r"\[(.+?): (LOC|PER|ORG|MISC)\]", r"\1", str(marked)) == text
