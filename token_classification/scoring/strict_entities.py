"""Entities as seqeval's strict mode finds them: those whose tags are legal in the scheme."""

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
"""Tags of the pieces that a long sentence is cut into"""


def find_strict_entities(sentences: Tags, scheme: Scheme) -> list[list[Entity]]:
    """The entities of each sentence whose tags are legal in the scheme, as seqeval's strict mode finds them."""
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
    """Where a sentence can be cut without an entity of it being another one, in pieces of 200 tags and more.

    seqeval copies the rest of a sentence for each entity: the time for a whole book in one sentence grows with its
    square. What begins or ends at an `O`, or begins with a tag that opens an entity whatever stands before it, is the
    same at the border of a sentence. In IOB1 a `B-` does not: it needs an entity before it.
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
    """Tags that the scheme does not have (a model of another scheme wrote them) can't be part of a strict entity."""
    prefixes = "BI" if scheme in (Scheme.IOB1, Scheme.IOB2) else "BIES"
    return [[tag if tag[1:2] in ("-", "") and tag[0] in prefixes else OUTSIDE for tag in tags] for tags in sentences]


def respell_as_iobes(sentences: Tags) -> list[list[str]]:
    """BILOU tags as IOBES spells them; those of IOBES stay."""
    return [[IOBES_SPELLING.get(tag[0], tag[0]) + tag[1:] for tag in tags] for tags in sentences]
