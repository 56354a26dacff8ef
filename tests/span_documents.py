"""Documents with labelled spans, in which everything stands that breaks offsets."""

import random
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import strategies as st

from token_classification.data.spans.document import Span, SpanDocument

PIECES = (
    *("😀", "👩‍👩‍👧", "👍🏽", "❤\ufe0f", "𝔘nicode", "🇩🇪"),
    *("e\u0301", "é", "n\u0303\u0323", "ञ", "हिन्दी", "각", "\u1100\u1161\u11a8"),
    *("שלום", "مرحبا", "\u200f", "\u202eabc\u202c"),
    *("\r\n", "\n", "\t", " ", "  ", "\xa0", "\u2003", "\u200b", "\ufeff", "\u2028", "\x85"),
    *(
        "Anna",
        "Smith's",
        "U.S.",
        "3.5",
        "(x)",
        "...",
        "don't",
        "New-York",
        "東京",
        "&amp;",
        '"',
        "\\",
        "#tag",
        "<b>",
        "[1]",
    ),
)
LABELS = ("PER", "LOC", "Mo dèl", "人", "a-b_c", "O", "B-PER")
FILE = Path("made.jsonl")


def make_hostile_documents(count=1000, seed=0, *, nested=False, one_line=False):
    """Make documents of random pieces; spans begin and end anywhere, many of them adjacent or one character long.

    Args:
        count: How many.
        seed: Which.
        nested: Whether spans may share characters; else each begins where the one before ends, or later.
        one_line: Whether texts have no line ends, for formats that can't hold any.
    """
    dice = random.Random(seed)
    pieces = [piece for piece in PIECES if not one_line or piece not in ("\r\n", "\n", "\u2028", "\x85")]
    documents = []
    for number in range(count):
        text = "".join(dice.choice(pieces) for _ in range(dice.randint(1, 30)))
        borders = sorted(dice.sample(range(len(text) + 1), min(dice.randint(0, 8), len(text) + 1)))
        pairs = [pair for pair in pairwise(borders) if dice.random() < 0.7]
        if nested and len(borders) > 2:
            pairs += [(borders[0], borders[-1]), (borders[0], borders[1]), (borders[1], borders[-1])]
        spans = tuple(Span(start, end, dice.choice(LABELS)) for start, end in pairs)
        documents.append(SpanDocument(text, spans, FILE, number + 1, doc_id=f"d{number}"))
    return documents


def strip_places(documents):
    """What a way through a file must keep: ids, texts and spans, without the places in files."""
    return [(document.doc_id, document.text, [span[:3] for span in document.spans]) for document in documents]


def require_packages(*formats):
    """Skip a test of formats that need a package which is not installed."""
    if not {"spacy", "spacy_json"}.isdisjoint(formats):
        pytest.importorskip("spacy", reason='spaCy is not installed; type: pip install ".[spacy]"')


@st.composite
def span_documents(draw, nested=True):
    """One document for a property test."""
    return make_hostile_documents(1, draw(st.integers(0, 2**32)), nested=nested)[0]
