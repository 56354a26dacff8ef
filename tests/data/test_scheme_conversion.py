import pytest
from hypothesis import given
from hypothesis import strategies as st

from token_classification.data.entities import Entity, find_entities
from token_classification.data.scheme_conversion import convert_tags
from token_classification.data.schemes import Scheme
from token_classification.errors import DataError

SCHEMES = [Scheme.IOB1, Scheme.IOB2, Scheme.IOBES, Scheme.BILOU]
TYPES = ["PER", "AB-B-", "_"]
ANY_TAGS = st.lists(st.sampled_from(["O", *(f"{prefix}-{name}" for prefix in "BIES" for name in TYPES)]), max_size=9)
SPANS = st.lists(st.tuples(st.sampled_from([None, *TYPES]), st.integers(1, 4)), max_size=6)
SAME = {
    Scheme.IOB1: "I-PER I-PER O I-PER I-LOC B-LOC I-LOC I-LOC B-LOC O",
    Scheme.IOB2: "B-PER I-PER O B-PER B-LOC B-LOC I-LOC I-LOC B-LOC O",
    Scheme.IOBES: "B-PER E-PER O S-PER S-LOC B-LOC I-LOC E-LOC S-LOC O",
    Scheme.BILOU: "B-PER L-PER O U-PER U-LOC B-LOC I-LOC L-LOC U-LOC O",
}


def spell_legally(spans, scheme):
    """Legal tags for spans of (type, length), written independently of the module."""
    tags, before = [], None
    for entity_type, length in spans:
        if entity_type is None:
            tags += ["O"] * length
        else:
            inner = ["I"] * length
            if scheme != Scheme.IOB1 or before == entity_type:
                inner[0] = "B"
            if scheme in (Scheme.IOBES, Scheme.BILOU):
                last, single = "ES" if scheme == Scheme.IOBES else "LU"
                inner[-1] = last if length > 1 else single
            tags += [f"{prefix}-{entity_type}" for prefix in inner]
        before = entity_type
    return tags


@pytest.mark.parametrize("source", SCHEMES)
@pytest.mark.parametrize("target", SCHEMES)
def test_the_same_entities_in_every_scheme(source, target):
    assert convert_tags(SAME[source].split(), source, target) == SAME[target].split()


@given(SPANS, st.sampled_from(SCHEMES), st.sampled_from(SCHEMES))
def test_round_trip_of_legal_tags_is_the_identity(spans, source, target):
    tags = spell_legally(spans, source)
    there = convert_tags(tags, source, target)
    assert there == spell_legally(spans, target)
    assert convert_tags(there, target, source) == tags


@given(ANY_TAGS, st.sampled_from(SCHEMES))
def test_illegal_tags_become_legal_with_the_same_entities(tags, target):
    converted = convert_tags(tags, Scheme.IOBES, target)
    assert find_entities(converted) == find_entities(tags)
    assert [tag == "O" for tag in converted] == [tag == "O" for tag in tags]
    assert convert_tags(converted, target, target) == converted


BARE = {
    Scheme.IOB1: "I I O I B I O",
    Scheme.IOB2: "B I O B B I O",
    Scheme.IOBES: "B E O S B E O",
    Scheme.BILOU: "B L O U B L O",
}


@pytest.mark.parametrize("source", SCHEMES)
@pytest.mark.parametrize("target", SCHEMES)
def test_bare_tags_stay_bare_in_every_scheme(source, target):
    assert convert_tags(BARE[source].split(), source, target) == BARE[target].split()
    assert find_entities(BARE[source].split()) == [Entity("_", 0, 2), Entity("_", 3, 4), Entity("_", 4, 6)]


def test_a_type_called_as_the_unnamed_one_keeps_its_name():
    assert convert_tags(["I-_", "I-_", "O"], Scheme.IOB1, Scheme.IOB2) == ["B-_", "I-_", "O"]


def test_lenient_reading():
    assert convert_tags(["O", "I-PER", "I-LOC"], Scheme.IOB2, Scheme.IOB2) == ["O", "B-PER", "B-LOC"]
    assert convert_tags(["I-X", "L-X", "L-X"], Scheme.BILOU, Scheme.IOBES) == ["B-X", "E-X", "S-X"]
    assert convert_tags([], Scheme.IOB1, Scheme.IOB2) == []


@pytest.mark.parametrize(("source", "target"), [(Scheme.PLAIN, Scheme.IOB2), (Scheme.IOB1, Scheme.PLAIN)])
def test_plain_tags_mark_no_entities(source, target):
    with pytest.raises(DataError, match=f"from {source} to {target}: plain tags mark no entities"):
        convert_tags(["NOUN"], source, target)
