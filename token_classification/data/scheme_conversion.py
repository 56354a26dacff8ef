"""Tags of one scheme as tags of another; the entities that they mark stay the same."""

from collections.abc import Sequence

from token_classification.data.entities import Entity, find_entities
from token_classification.data.schemes import OUTSIDE, Scheme, is_bare, join_tag
from token_classification.errors import DataError

ENTITY_PREFIXES = {
    Scheme.IOB1: ("I", "I", "I", "I"),
    Scheme.IOB2: ("B", "I", "I", "B"),
    Scheme.IOBES: ("B", "I", "E", "S"),
    Scheme.BILOU: ("B", "I", "L", "U"),
}
"""What the first, an inner, the last and a single word of an entity begin with."""


def convert_tags(tags: Sequence[str], source: Scheme, target: Scheme) -> list[str]:
    """Spell the entities of one sentence in another scheme; tags that the source does not allow become legal ones.

    Raises:
        DataError: one of the schemes is plain: such tags mark no entities.
    """
    if Scheme.PLAIN in (source, target):
        raise DataError(
            f"tags can't be converted from {source} to {target}: plain tags mark no entities; "
            "accepted: iob1, iob2, iobes, bilou; leave scheme= out to keep the tags as they are"
        )
    return spell_sentence(list_spelt_entities(tags), len(tags), target)


def list_spelt_entities(tags: Sequence[str]) -> list[Entity]:
    """Return the entities of a sentence as `spell_sentence` takes them: those of bare tags have an empty type."""
    return [entity._replace(type="") if is_bare(tags[entity.start]) else entity for entity in find_entities(tags)]


def spell_sentence(entities: Sequence[Entity], words: int, scheme: Scheme) -> list[str]:
    """Spell the entities of one sentence.

    Args:
        entities: They do not overlap, and are sorted by position; one without a type gets bare prefixes.
        words: How many words the sentence has.
        scheme: How they are spelt.

    >>> spell_sentence([Entity("PER", 0, 2), Entity("PER", 2, 3)], 4, Scheme.IOB1)
    ['I-PER', 'I-PER', 'B-PER', 'O']
    """
    tags = [OUTSIDE] * words
    before = None
    for entity in entities:
        tags[entity.start : entity.end] = spell_entity(entity.type, entity.end - entity.start, scheme)
        if scheme == Scheme.IOB1 and before and (before.type, before.end) == (entity.type, entity.start):
            tags[entity.start] = join_tag("B", entity.type)
        before = entity
    return tags


def spell_entity(entity_type: str, length: int, scheme: Scheme) -> list[str]:
    """Return the tags of one entity of `length` words that follows none of its type.

    >>> spell_entity("PER", 3, Scheme.IOBES), spell_entity("PER", 1, Scheme.IOB2)
    (['B-PER', 'I-PER', 'E-PER'], ['B-PER'])
    """
    first, inner, last, single = ENTITY_PREFIXES[scheme]
    prefixes = single if length == 1 else first + inner * (length - 2) + last
    return [join_tag(prefix, entity_type) for prefix in prefixes]
