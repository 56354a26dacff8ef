"""Which tag may follow which: what the rule allows is exactly what is written for some entities."""

from itertools import pairwise, product

import pytest

from token_classification.data.entities import find_entities
from token_classification.data.scheme_conversion import convert_tags
from token_classification.data.schemes import Scheme
from token_classification.data.transitions import find_role, goes_on, may_end, may_follow

PREFIXES = {Scheme.IOB1: "BI", Scheme.IOB2: "BI", Scheme.IOBES: "BIES", Scheme.BILOU: "BILU"}


@pytest.mark.parametrize("scheme", PREFIXES)
def test_legal_sequences_are_those_that_spell_their_entities(scheme):
    tags = ["O", *(f"{prefix}-{name}" for prefix in PREFIXES[scheme] for name in "XY")]
    for sequence in product(tags, repeat=3):
        is_legal = all(may_follow(before, tag, scheme) for before, tag in pairwise(["O", *sequence]))
        is_legal = is_legal and may_end(sequence[-1], scheme)
        assert is_legal == (convert_tags(sequence, scheme, scheme) == list(sequence)), sequence
        assert find_entities(convert_tags(sequence, scheme, scheme)) == find_entities(sequence)


def test_roles_are_those_of_iobes():
    assert [find_role(tag) for tag in ("O", "L-X", "U-X", "B")] == [("O", ""), ("E", "X"), ("S", "X"), ("B", "")]


def test_an_entity_goes_on_with_its_own_type_until_it_is_closed():
    pairs = [("B-X", "I-X"), ("I-X", "E-X"), ("B-X", "I-Y"), ("E-X", "I-X"), ("O", "I-X"), ("B", "I")]
    found = [goes_on(before, tag, Scheme.IOBES) for before, tag in pairs]
    assert found == [True, True, False, False, False, True]


def test_plain_tags_follow_each_other_in_any_order_and_stand_alone():
    assert may_follow("O", "I-X", Scheme.PLAIN)
    assert may_end("B-X", Scheme.PLAIN)
    assert not goes_on("B-X", "I-X", Scheme.PLAIN)
