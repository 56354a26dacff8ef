"""A sentence cut so that none of its entities can be lost: each is a piece, and so is each word outside of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from token_classification.data.entities import Entity


@dataclass(frozen=True)
class Piece:
    """The words of an entity, or a single word outside of all entities."""

    words: tuple[str, ...]
    type: str | None = None
    """None: it is no entity"""


def cut_into_pieces(words: Sequence[str], entities: Sequence[Entity]) -> list[Piece]:
    """Cut a sentence into pieces.

    Args:
        words: The sentence.
        entities: They do not overlap, and are sorted by position.
    """
    pieces: list[Piece] = []
    place = 0
    for entity in entities:
        pieces += [Piece((word,)) for word in words[place : entity.start]]
        pieces.append(Piece(tuple(words[entity.start : entity.end]), entity.type))
        place = entity.end
    return pieces + [Piece((word,)) for word in words[place:]]


def join_pieces(pieces: Iterable[Piece]) -> tuple[list[str], list[Entity]]:
    """Return the words and the entities of pieces in their order.

    >>> join_pieces([Piece(("Anna", "Smith"), "PER"), Piece(("left",))])
    (['Anna', 'Smith', 'left'], [Entity(type='PER', start=0, end=2)])
    """
    words: list[str] = []
    entities: list[Entity] = []
    for piece in pieces:
        if piece.type is not None:
            entities.append(Entity(piece.type, len(words), len(words) + len(piece.words)))
        words += piece.words
    return words, entities
