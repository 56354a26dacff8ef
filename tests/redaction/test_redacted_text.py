"""Any text, with anything in it replaced, comes back as it was."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inference_texts import ANYTHING

from token_classification.redaction.redacted_text import NamedSpan, choose_spans, replace_spans, restore_text
from token_classification.redaction.substitutes import Naming

SECRET = bytes(32)


def make_entity(text: str, start: int, end: int, label: str = "PER") -> dict:
    return {"start": start, "end": end, "label": label, "score": 0.5, "text": text[start:end]}


def draw_entities(text: str, ends: list[int]) -> list[dict]:
    """Entities anywhere in a text: they may touch, overlap, lie in each other or be empty."""
    places = [end % (len(text) + 1) for end in ends]
    pairs = zip(places[::2], places[1::2], strict=False)
    return [make_entity(text, *sorted(pair), "LOC" if sum(pair) % 2 else "PER") for pair in pairs]


@given(ANYTHING, st.lists(st.integers(0, 10_000), max_size=12), st.sampled_from(["mask", "number", "hash"]))
def test_what_is_redacted_is_restored(text, ends, mode):
    spans = choose_spans(draw_entities(text, ends), None)
    redacted = replace_spans(text, spans, Naming(mode, SECRET).substitute(text, spans, 1))
    assert restore_text(redacted.text, redacted.originals) == text
    assert [original for _, _, original in redacted.originals] == [text[start:end] for start, end, _ in spans]
    assert all(before.end <= after.start for before, after in pairwise(spans))


def test_a_million_characters_are_restored():
    draw = random.Random(42)
    alphabet = [*"abcXYZ019 \t\n\r.,[]_", "[PER_1]", "é", "東", "😀", "\u0301", "\udc80", "\ud83d", "\x00", "\u2028"]
    count, replaced = 0, 0
    while count < 1_000_000:
        text = "".join(draw.choices(alphabet, k=draw.randrange(2000)))
        starts = sorted(draw.randrange(len(text) + 1) for _ in range(draw.randrange(40)))
        ends = [place for start in starts for place in (start, min(len(text), start + draw.randrange(30)))]
        spans = choose_spans(draw_entities(text, ends), None)
        mode = draw.choice(["mask", "number", "hash"])
        redacted = replace_spans(text, spans, Naming(mode, SECRET).substitute(text, spans, 1))
        assert restore_text(redacted.text, redacted.originals) == text
        count += len(text)
        replaced += len(spans)
    assert replaced > 10_000


@pytest.mark.parametrize(
    ("places", "spans"),
    {
        ((0, 4, "PER"), (4, 6, "LOC")): [(0, 4, "PER"), (4, 6, "LOC")],
        ((0, 4, "PER"), (2, 9, "LOC")): [(0, 9, "LOC")],
        ((0, 9, "PER"), (2, 4, "LOC"), (8, 9, "LOC")): [(0, 9, "PER")],
        ((3, 3, "PER"),): [],
    }.items(),
)
def test_spans_that_overlap_are_one(places, spans):
    entities = [make_entity("0123456789", *place) for place in places]
    assert choose_spans(entities, None) == [NamedSpan(*span) for span in spans]
    assert choose_spans(reversed(entities), None) == [NamedSpan(*span) for span in spans]


def test_only_the_chosen_labels_are_replaced():
    entities = [make_entity("Anna in Paris", 0, 4), make_entity("Anna in Paris", 8, 13, "LOC")]
    assert choose_spans(entities, {"LOC"}) == [NamedSpan(8, 13, "LOC")]
