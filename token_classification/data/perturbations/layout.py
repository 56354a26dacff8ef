"""Other punctuation and other blanks: more or fewer words, and as many entities of the same types."""

import random
import unicodedata
from collections.abc import Sequence

from token_classification.data.entities import Entity
from token_classification.data.perturbations.pieces import Piece, cut_into_pieces, join_pieces

MARKS = (",", ".", "!", "?", ";", ":", "-", "...", '"')
ADDED_SHARE = 0.1
"""Behind so many of the words outside of entities, and of the entities, a mark is added"""
FEWEST_CHARACTERS = 4
"""Shorter words are not split"""


def drop_punctuation(
    words: Sequence[str], entities: Sequence[Entity], chance: random.Random
) -> tuple[list[str], list[Entity]]:
    """Leave out the words outside of entities that are nothing but punctuation; a sentence of nothing else stays."""
    pieces = cut_into_pieces(words, entities)
    kept = [piece for piece in pieces if piece.type is not None or not _is_punctuation(piece.words[0])]
    return join_pieces(kept or pieces)


def add_punctuation(
    words: Sequence[str], entities: Sequence[Entity], chance: random.Random
) -> tuple[list[str], list[Entity]]:
    """Put marks behind some words and entities, never inside of an entity."""
    pieces = []
    for piece in cut_into_pieces(words, entities):
        pieces.append(piece)
        if chance.random() < ADDED_SHARE:
            pieces.append(Piece((chance.choice(MARKS),)))
    return join_pieces(pieces)


def join_words(
    words: Sequence[str], entities: Sequence[Entity], chance: random.Random, rate: float
) -> tuple[list[str], list[Entity]]:
    """Leave out some of the blanks between words of one entity, and between words outside of entities.

    Args:
        words: The sentence.
        entities: Its entities. A blank at the border of one stays: nobody could say what the joined word is.
        chance: Decides which blanks.
        rate: The share of the others that are left out.
    """
    pieces: list[Piece] = []
    for piece in cut_into_pieces(words, entities):
        joined = [piece.words[0]]
        for word in piece.words[1:]:
            if chance.random() < rate:
                joined[-1] += word
            else:
                joined.append(word)
        if piece.type is None and pieces and pieces[-1].type is None and chance.random() < rate:
            joined[0] = pieces.pop().words[0] + joined[0]
        pieces.append(Piece(tuple(joined), piece.type))
    return join_pieces(pieces)


def split_words(
    words: Sequence[str], entities: Sequence[Entity], chance: random.Random, rate: float
) -> tuple[list[str], list[Entity]]:
    """Put a blank into some words, between two letters or digits; both parts have the tag of the word.

    Args:
        words: The sentence.
        entities: Its entities.
        chance: Decides which words, and where.
        rate: The share of words that are split.
    """
    return join_pieces(
        Piece(tuple(part for word in piece.words for part in _split_word(word, chance, rate)), piece.type)
        for piece in cut_into_pieces(words, entities)
    )


def _is_punctuation(word: str) -> bool:
    return all(unicodedata.category(character).startswith("P") for character in word)


def _split_word(word: str, chance: random.Random, rate: float) -> list[str]:
    if chance.random() >= rate or len(word) < FEWEST_CHARACTERS:
        return [word]
    # No accent may stand alone: it is neither a letter nor a digit.
    places = [place for place in range(1, len(word)) if word[place - 1].isalnum() and word[place].isalnum()]
    if not places:
        return [word]
    place = chance.choice(places)
    return [word[:place], word[place:]]
