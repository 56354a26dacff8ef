"""Names of other regions in the place of persons, places and organizations, as Faker invents them."""

import random
from collections.abc import Sequence
from functools import lru_cache

from token_classification.data.entities import Entity
from token_classification.data.names.inventor import Inventor
from token_classification.data.names.kinds import LOCATION, ORGANIZATION, PERSON, find_kind
from token_classification.data.perturbations.pieces import Piece, cut_into_pieces, join_pieces
from token_classification.data.words_of_text import find_words

REGIONS = {"es_CL": "Chile", "id_ID": "Indonesia", "en_IN": "India", "pl_PL": "Poland", "zu_ZA": "South Africa"}
"""Faker's name of a region for which it has persons and places of its own in Latin letters -> what it is"""
REPLACED_KINDS = (PERSON, LOCATION, ORGANIZATION)


def is_replaced(entity_type: str) -> bool:
    """Tell whether names of a type are replaced.

    >>> is_replaced("PER"), is_replaced("corporation"), is_replaced("creative-work")
    (True, True, False)
    """
    return find_kind(entity_type) in REPLACED_KINDS


def replace_names(
    words: Sequence[str], entities: Sequence[Entity], chance: random.Random, locale: str
) -> tuple[list[str], list[Entity]]:
    """Put an invented name in the place of each person, place and organization; others stay.

    Args:
        words: The sentence.
        entities: Its entities. Within the sentence the same name becomes the same other one.
        chance: Decides which names.
        locale: One of `REGIONS`.
    """
    invented: dict[Piece, Piece] = {}
    pieces = []
    for piece in cut_into_pieces(words, entities):
        if piece.type is not None and is_replaced(piece.type):
            if piece not in invented:
                name = _open_inventor(locale).invent(piece.type, " ".join(piece.words), chance.getrandbits(64))
                found = tuple(name[start:end] for start, end in find_words(name))
                invented[piece] = Piece(found or piece.words, piece.type)
            pieces.append(invented[piece])
        else:
            pieces.append(piece)
    return join_pieces(pieces)


_open_inventor = lru_cache(Inventor)
"""Loading the names of a region takes a tenth of a second"""
