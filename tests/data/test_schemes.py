"""Which scheme tags are written in."""

import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from token_classification.data.schemes import Scheme, is_prefixed, recognise_scheme, split_tag
from token_classification.errors import DataError

ENTITY_SCHEMES = [Scheme.IOB1, Scheme.IOB2, Scheme.IOBES, Scheme.BILOU]

Spans = list[tuple[int, int, str]]
"""Blank words before an entity, its words, its type."""


def write_tags(spans: Spans, scheme: Scheme) -> list[str]:
    """Write the tags of a sentence; an independent statement of what each scheme means."""
    tags: list[str] = []
    neighbour = ""
    for gap, length, entity_type in spans:
        tags += ["O"] * gap
        if gap:
            neighbour = ""
        if scheme in (Scheme.IOBES, Scheme.BILOU):
            last, single = ("E", "S") if scheme == Scheme.IOBES else ("L", "U")
            prefixes = [single] if length == 1 else ["B", *"I" * (length - 2), last]
        else:
            starts_with_b = scheme == Scheme.IOB2 or neighbour == entity_type
            prefixes = ["B" if starts_with_b else "I", *"I" * (length - 1)]
        tags += [f"{prefix}-{entity_type}" for prefix in prefixes]
        neighbour = entity_type
    return [*tags, "O"]


spans = st.lists(
    st.tuples(st.integers(0, 2), st.integers(1, 3), st.sampled_from(["PER", "LOC", "AB-B-", "B-X"])), max_size=5
)


@given(st.lists(spans, max_size=4), st.sampled_from(ENTITY_SCHEMES))
@settings(max_examples=200, deadline=None)
def test_random_entities_are_recognised_in_the_scheme_they_are_written_in(
    sentences: list[Spans], scheme: Scheme
) -> None:
    corpus = [write_tags(sentence, scheme) for sentence in sentences]
    found = recognise_scheme(corpus)
    if any(sentences):
        assert found in ENTITY_SCHEMES
        assert found == scheme or [write_tags(sentence, found) for sentence in sentences] == corpus
    else:
        assert found == Scheme.PLAIN


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("I-PER I-PER O I-LOC", Scheme.IOB1),
        ("I-PER B-PER I-PER O I-LOC", Scheme.IOB1),
        ("I-LOC I-PER", Scheme.IOB1),
        ("B-PER I-PER O B-LOC", Scheme.IOB2),
        ("B-PER B-PER I-PER", Scheme.IOB2),
        ("B-LOC O", Scheme.IOB2),
        ("B-PER E-PER O S-LOC", Scheme.IOBES),
        ("S-LOC", Scheme.IOBES),
        ("B-PER I-PER E-PER", Scheme.IOBES),
        ("B-PER L-PER O U-LOC", Scheme.BILOU),
        ("U-LOC", Scheme.BILOU),
        ("DET NOUN VERB", Scheme.PLAIN),
        ("PER O LOC", Scheme.PLAIN),
        ("O O O", Scheme.PLAIN),
    ],
)
def test_small_examples(sentence: str, expected: Scheme) -> None:
    assert recognise_scheme([sentence.split()]) == expected


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("B I I O B O", Scheme.IOB2),
        ("B B O", Scheme.IOB2),
        ("O I I O", Scheme.IOB1),
        ("I B I O I", Scheme.IOB1),
        ("B E O S", Scheme.IOBES),
        ("I I E O", Scheme.IOBES),
        ("B I L O U", Scheme.BILOU),
        ("O O O", Scheme.PLAIN),
        ("B I B", Scheme.PLAIN),
        ("S U O", Scheme.PLAIN),
        ("B I O N V", Scheme.PLAIN),
        ("V N B O", Scheme.PLAIN),
    ],
)
def test_bare_tags_are_a_scheme_with_one_type(sentence: str, expected: Scheme) -> None:
    assert recognise_scheme([sentence.split()]) == expected
    assert recognise_scheme([], sentence.split()) in (expected, Scheme.IOB2 if expected == Scheme.IOB1 else expected)
    assert recognise_scheme([sentence.split()], task="pos") == Scheme.PLAIN


def test_few_other_tags_beside_bare_ones_are_refused() -> None:
    with pytest.raises(DataError, match=r"'X' \(2 times\)\nbeside 'B' \(1 times\).*--task_name pos"):
        recognise_scheme([["B", "I", "I", "O", "X", "X"]])


def test_bare_tags_beside_tags_with_types_are_refused() -> None:
    with pytest.raises(DataError, match=r"'B' \(1 times\)"):
        recognise_scheme([["B", "I-PER", "O"]])


def test_iob1_stays_iob1_where_no_entity_begins_with_b(caplog: pytest.LogCaptureFixture) -> None:
    assert recognise_scheme([["I-PER", "O"], ["O", "I-LOC", "I-LOC"]]) == Scheme.IOB1
    assert caplog.messages == []


def test_pos_tags_that_look_prefixed_are_plain() -> None:
    assert recognise_scheme([["B-NOUN", "VERB", "S-X"]], task="pos") == Scheme.PLAIN
    assert recognise_scheme([], names=["B-NOUN", "VERB"], task="pos") == Scheme.PLAIN


@pytest.mark.parametrize("tag", ["X-PER", "b-PER", "B_PER", "B-", "B", "-PER", "BI-PER", ""])
def test_other_tags_have_no_prefix_and_type(tag: str) -> None:
    assert not is_prefixed(tag)


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("O", ("O", "")),
        ("B-PER", ("B", "PER")),
        ("B-AB-B-", ("B", "AB-B-")),
        ("I-I-X", ("I", "I-X")),
        ("S-a b", ("S", "a b")),
    ],
)
def test_split_tag_cuts_at_the_first_dash_only(tag: str, expected: tuple[str, str]) -> None:
    assert split_tag(tag) == expected


def test_iob1_and_iob2_mixed_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    sentences = [["B-PER", "O"], ["B-PER", "O"], ["B-LOC"], ["I-PER", "O"], ["O", "I-PER"]]
    assert recognise_scheme(sentences) == Scheme.IOB2
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    for example in ("mix IOB1 and IOB2", "O I-PER (2)", "O B-PER (2)", "O B-LOC (1)"):
        assert example in record.getMessage()


def test_iobes_and_bilou_mixed_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    assert recognise_scheme([["S-PER", "S-LOC", "U-PER"]]) == Scheme.IOBES
    assert recognise_scheme([["S-PER", "U-LOC", "U-PER"]]) == Scheme.BILOU
    assert len(caplog.records) == 2
    assert "U-LOC" in caplog.messages[1]


def test_tags_without_prefix_beside_prefixed_ones_are_refused() -> None:
    with pytest.raises(DataError) as caught:
        recognise_scheme([["B-PER", "I-PER", "O"], ["LOC", "LOC", "-"]])
    message = str(caught.value)
    assert "'LOC' (2 times)" in message
    assert "'-' (1 times)" in message
    assert "'B-PER' (1 times)" in message
    assert "--task_name pos" in message


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["O", "B-PER", "I-PER"], Scheme.IOB2),
        (["O", "B-PER", "E-PER", "I-PER", "S-PER"], Scheme.IOBES),
        (["O", "B-PER", "I-PER", "L-PER", "U-PER"], Scheme.BILOU),
        (["NOUN", "VERB"], Scheme.PLAIN),
    ],
)
def test_names_alone_tell_the_scheme(names: list[str], expected: Scheme) -> None:
    assert recognise_scheme([], names) == expected
    assert recognise_scheme([["O", "O"]], names) == expected


def test_the_gold_counts_before_the_names(caplog: pytest.LogCaptureFixture) -> None:
    names = ["O", "B-PER", "I-PER"]
    assert recognise_scheme([["O", "I-PER"]], names) == Scheme.IOB1
    assert recognise_scheme([["B-PER", "L-PER"]], ["O", "S-PER"]) == Scheme.BILOU
    assert caplog.messages == []


def test_names_beside_the_gold_must_have_prefixes_too() -> None:
    with pytest.raises(DataError, match=r"'PER' \(0 times\)"):
        recognise_scheme([["B-PER", "O"]], ["O", "B-PER", "PER"])


@pytest.mark.parametrize("tags", ["NN-B VB-I", "X-B Y O Z", "I-B B-B O", "X-S O Y-L"])
def test_other_tags_are_not_taken_for_turned_ones(tags):
    recognise_scheme([tags.split()])
    recognise_scheme([["X-B", "X-I", "O"]], task="pos")
