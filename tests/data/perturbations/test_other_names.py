"""Names of other regions."""

import random

import pytest

pytest.importorskip("faker", reason='needs the extra "redact"')

from faker.config import AVAILABLE_LOCALES
from faker.factory import Factory

from token_classification.data.entities import Entity
from token_classification.data.perturbations.other_names import REGIONS, replace_names

WORDS = ["Anna", "Smith", "of", "ACME", "met", "Anna", "Smith", "in", "Paris", "about", "Windows", "11", "."]
ENTITIES = [
    Entity("PER", 0, 2),
    Entity("corporation", 3, 4),
    Entity("PER", 5, 7),
    Entity("GPE", 8, 9),
    Entity("product", 10, 12),
]


@pytest.mark.parametrize("locale", REGIONS)
def test_regions_have_persons_and_places_of_their_own(locale):
    assert locale in AVAILABLE_LOCALES
    for provider in ("person", "address"):
        assert Factory._find_provider_class(f"faker.providers.{provider}", locale)[1] == locale


@pytest.mark.parametrize("locale", REGIONS)
def test_persons_places_and_organizations_are_replaced_and_nothing_else(locale):
    for seed in range(20):
        words, entities = replace_names(WORDS, ENTITIES, random.Random(seed), locale)
        found = [words[entity.start : entity.end] for entity in entities]
        assert [entity.type for entity in entities] == [entity.type for entity in ENTITIES]
        assert found[0] == found[2] != ["Anna", "Smith"]
        assert found[1] != ["ACME"]
        assert all(word.isupper() for word in found[1] if any(map(str.isalpha, word)))
        assert found[3] != ["Paris"]
        assert found[4] == ["Windows", "11"]
        inside = {place for entity in entities for place in range(entity.start, entity.end)}
        outside = [word for place, word in enumerate(words) if place not in inside]
        assert outside == ["of", "met", "in", "about", "."]


def test_names_are_drawn():
    names = {tuple(replace_names(WORDS, ENTITIES, random.Random(seed), "pl_PL")[0][:2]) for seed in range(20)}
    assert len(names) > 15
