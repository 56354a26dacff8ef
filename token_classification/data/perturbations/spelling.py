"""Other letters in the same words: lower case, capitals, typing errors. Words keep their number, so tags stay."""

import random
from collections.abc import Sequence
from itertools import pairwise

from token_classification.data.entities import Entity

ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
"""Letters of a keyboard; each row begins half a key further right"""
FEWEST_LETTERS = 3
"""Shorter words have no typing errors: they would become other words"""


def _list_neighbours() -> dict[str, str]:
    """Return letter -> those on the keys around it."""
    places = {
        letter: (row, 2 * column + row) for row, letters in enumerate(ROWS) for column, letter in enumerate(letters)
    }
    return {
        letter: "".join(
            other
            for other, (other_row, other_place) in places.items()
            if other != letter and abs(other_row - row) <= 1 and abs(other_place - place) <= 2 - abs(other_row - row)
        )
        for letter, (row, place) in places.items()
    }


NEIGHBOURS = _list_neighbours()


def lower(
    words: Sequence[str], entities: Sequence[Entity], chance: random.Random
) -> tuple[list[str], Sequence[Entity]]:
    """Write everything in small letters, as in chats."""
    return [word.lower() for word in words], entities


def upper(
    words: Sequence[str], entities: Sequence[Entity], chance: random.Random
) -> tuple[list[str], Sequence[Entity]]:
    """Write everything in capitals, as in forms."""
    return [word.upper() for word in words], entities


def title(
    words: Sequence[str], entities: Sequence[Entity], chance: random.Random
) -> tuple[list[str], Sequence[Entity]]:
    """Begin each word with a capital, as in headlines."""
    return [word[:1].upper() + word[1:] for word in words], entities


def mistype(
    words: Sequence[str], entities: Sequence[Entity], chance: random.Random, rate: float
) -> tuple[list[str], Sequence[Entity]]:
    """Make one typing error in some words: a neighbouring key, two letters exchanged, or one left out.

    Args:
        words: The sentence.
        entities: Its entities, which stay.
        chance: Decides which words, and which error.
        rate: The share of words that get one.
    """
    return [_mistype_word(word, chance) if chance.random() < rate else word for word in words], entities


def _mistype_word(word: str, chance: random.Random) -> str:
    """Return a word with a typing error; as it is where it has too few letters."""
    letters = [place for place, character in enumerate(word) if character.isalpha()]
    if len(letters) < FEWEST_LETTERS:
        return word
    near = [place for place in letters if word[place].lower() in NEIGHBOURS]
    pairs = [
        (first, second)
        for first, second in pairwise(letters)
        if second == first + 1 and word[first].lower() != word[second].lower()
    ]
    kinds = ["drop", *(["neighbour"] if near else []), *(["exchange"] if pairs else [])]
    kind = chance.choice(kinds)
    if kind == "neighbour":
        place = chance.choice(near)
        return _replace(word, place, _copy_case(chance.choice(NEIGHBOURS[word[place].lower()]), word[place]))
    if kind == "exchange":
        first, second = chance.choice(pairs)
        # A capital stays where it is: Anna becomes Nana, not nAna.
        exchanged = _replace(word, first, _copy_case(word[second], word[first]))
        return _replace(exchanged, second, _copy_case(word[first], word[second]))
    place = chance.choice(letters)
    return word[:place] + word[place + 1 :]


def _replace(word: str, place: int, letter: str) -> str:
    return word[:place] + letter + word[place + 1 :]


def _copy_case(letter: str, model: str) -> str:
    """Return a letter as a capital or not, as another one; as it is where that would be several characters."""
    changed = letter.upper() if model.isupper() else letter.lower()
    return changed if len(changed) == 1 else letter
