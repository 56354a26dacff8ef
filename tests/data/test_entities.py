"""Entities of tags, as the scorer sees them."""

import warnings

from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities

from token_classification.data.entities import Entity, find_entities

ANY_TAGS = st.lists(
    st.sampled_from(["O", *(f"{prefix}-{name}" for prefix in "BIES" for name in ("PER", "AB-B-", "_"))]), max_size=9
)


@given(ANY_TAGS)
def test_entities_are_those_that_the_scorer_sees(tags):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        seen = [Entity(entity_type, start, last + 1) for entity_type, start, last in get_entities(tags)]
    assert find_entities(tags) == seen


@given(st.lists(st.sampled_from("OBIESLU")))
def test_bare_entities_are_those_that_the_scorer_sees(tags):
    respelt = [{"L": "E", "U": "S"}.get(tag, tag) for tag in tags]
    seen = [Entity(entity_type, start, last + 1) for entity_type, start, last in get_entities(respelt)]
    assert find_entities(tags) == seen


def test_an_entity_is_a_type_and_a_range_of_words():
    (entity,) = find_entities(["O", "B-PER", "I-PER"])
    assert (entity.type, entity.start, entity.end) == ("PER", 1, 3)
