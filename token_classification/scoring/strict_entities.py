"""Entities as seqeval's strict mode finds them: only those whose tags are legal in the scheme."""

from collections.abc import Sequence
from itertools import pairwise

from seqeval import scheme as seqeval_schemes

from token_classification.data.entities import Entity
from token_classification.data.schemes import IOBES_SPELLING, OUTSIDE, Scheme, Tags

SEQEVAL_SCHEMES = {
    Scheme.IOB1: seqeval_schemes.IOB1,
    Scheme.IOB2: seqeval_schemes.IOB2,
    Scheme.IOBES: seqeval_schemes.IOBES,
    # BILOU tags are respelt as IOBES first: seqeval's default mode does not know L- and U-.
    Scheme.BILOU: seqeval_schemes.IOBES,
}

SHORTEST_PIECE = 200
"""Fewest tags in a piece of a long sentence"""


def find_strict_entities(sentences: Tags, scheme: Scheme) -> list[list[Entity]]:
    """Find the entities of each sentence whose tags are legal in the scheme, as seqeval's strict mode does."""
    if scheme in (Scheme.IOBES, Scheme.BILOU):
        sentences = respell_as_iobes(sentences)
    sentences = keep_legal(sentences, scheme)
    starts = [list_piece_starts(tags, scheme) for tags in sentences]
    pieces = [
        tags[start:end]
        for tags, places in zip(sentences, starts, strict=True)
        for start, end in pairwise([*places, len(tags)])
    ]
    found = iter(seqeval_schemes.Entities(pieces, SEQEVAL_SCHEMES[scheme]).entities)
    return [[_shift(entity, start) for start in places for entity in next(found)] for places in starts]


def list_piece_starts(tags: Sequence[str], scheme: Scheme) -> list[int]:
    """Return where a sentence can be cut into pieces of 200 tags and more without changing any of its entities.

    seqeval copies the rest of a sentence for each entity, so the time for a whole book in one sentence would grow with
    the square of its length. A sentence can be cut before an `O`, and before a tag that opens an entity whatever comes
    before it. In IOB1 `B-` is no such tag: it needs an entity before it.
    """
    openings = (OUTSIDE,) if scheme == Scheme.IOB1 else (OUTSIDE, "B", "S")
    starts = [0]
    for place, tag in enumerate(tags):
        if place - starts[-1] >= SHORTEST_PIECE and tag[0] in openings:
            starts.append(place)
    return starts


def _shift(entity: seqeval_schemes.Entity, by: int) -> Entity:
    _, kind, start, end = entity.to_tuple()
    return Entity(kind, start + by, end + by)


def keep_legal(sentences: Tags, scheme: Scheme) -> list[list[str]]:
    """Put `O` in place of tags that the scheme does not have, as a model of another scheme writes them."""
    prefixes = "BI" if scheme in (Scheme.IOB1, Scheme.IOB2) else "BIES"
    return [[tag if tag[1:2] in ("-", "") and tag[0] in prefixes else OUTSIDE for tag in tags] for tags in sentences]


def respell_as_iobes(sentences: Tags) -> list[list[str]]:
    """Spell BILOU tags as IOBES does; those of IOBES stay as they are."""
    return [[IOBES_SPELLING.get(tag[0], tag[0]) + tag[1:] for tag in tags] for tags in sentences]
