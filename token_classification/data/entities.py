"""The entities that the tags of a sentence mark."""

from collections.abc import Sequence
from typing import NamedTuple

from token_classification.data.schemes import OUTSIDE, is_continuation, name_type


class Entity(NamedTuple):
    """Words `start` to `end` (the first word behind it) of a sentence."""

    type: str
    start: int
    end: int


def find_entities(tags: Sequence[str]) -> list[Entity]:
    """Return the entities of a sentence in any entity scheme, read leniently as conlleval does.

    I, E and L go on with an entity of their type unless E, L, S or U closed it; every other prefixed tag begins one.
    """
    entities: list[Entity] = []
    for place, tag in enumerate(tags):
        if tag == OUTSIDE:
            continue
        if place and is_continuation(tags[place - 1], tag):
            entities[-1] = entities[-1]._replace(end=place + 1)
        else:
            entities.append(Entity(name_type(tag), place, place + 1))
    return entities
