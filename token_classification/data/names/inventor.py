"""Names that Faker invents, like those that they replace: the same gender, as many words and capitals if possible."""

import random
import string
from collections.abc import Iterable

from faker import VERSION, Faker
from faker.generator import Generator

from token_classification.data.names.kinds import LOCATION, ORGANIZATION, PARTICLES, PERSON, find_kind

DRAWS = 20
"""So many names are drawn in search of one with as many words"""


class Inventor:
    """Invents names. The same surface and seed give the same name, with the same version of Faker."""

    def __init__(self, locale: str) -> None:
        """Load the names of a language and country, one of Faker's `AVAILABLE_LOCALES`."""
        self.locale = locale
        self._fake: Generator = Faker(locale).factories[0]
        person, address = (self._fake.provider(f"faker.providers.{name}") for name in ("person", "address"))
        self._male = _fold(getattr(person, "first_names_male", ()))
        self._female = _fold(getattr(person, "first_names_female", ()))
        self._first = self._male | self._female | _fold(getattr(person, "first_names", ()))
        self._countries = _fold(getattr(address, "countries", ()))

    def describe(self) -> str:
        """Say where the names come from."""
        return f"Faker {VERSION}, {self.locale}"

    def invent(self, label: str, surface: str, seed: int) -> str:
        """Return a name that may stand in the place of another one."""
        self._fake.seed_instance(seed)
        kind, words = find_kind(label), surface.split()
        if kind == PERSON and any(map(str.isalpha, surface)):
            return self._invent_person(words, random.Random(seed))
        if kind == LOCATION:
            what = "country" if surface.casefold() in self._countries else "city"
            return _copy_case(surface, self._draw(what, len(words)))
        if kind == ORGANIZATION:
            return _copy_case(surface, self._draw("company", len(words)))
        return _shuffle_characters(surface, random.Random(seed))

    def _invent_person(self, words: list[str], chance: random.Random) -> str:
        gender = self._find_gender(words[0])
        last = len(words) - 1
        invented = []
        for place, word in enumerate(words):
            if place and word in PARTICLES:
                invented.append(word)
            elif len(word.rstrip(".")) == 1:
                invented.append(_shuffle_characters(word, chance))
            elif place < last or (last == 0 and word.casefold() in self._first):
                invented.append(_copy_case(word, self._fake.format(f"first_name{gender}")))
            else:
                invented.append(_copy_case(word, self._fake.format("last_name")))
        return " ".join(invented)

    def _find_gender(self, word: str) -> str:
        is_male, is_female = word.casefold() in self._male, word.casefold() in self._female
        return "" if is_male == is_female else "_male" if is_male else "_female"

    def _draw(self, what: str, words: int) -> str:
        """Draw a name with so many words; if none comes, the last one that came."""
        name = str(self._fake.format(what))
        for _ in range(DRAWS):
            if len(name.split()) == words:
                break
            name = str(self._fake.format(what))
        return name


def _fold(names: Iterable[object]) -> frozenset[str]:
    return frozenset(name.casefold() for name in names if isinstance(name, str))


def _copy_case(surface: str, name: str) -> str:
    """Write a name in capitals or small letters if the one it replaces is.

    >>> _copy_case("ACME", "Smith Ltd"), _copy_case("anna", "Berta"), _copy_case("Anna", "Berta")
    ('SMITH LTD', 'berta', 'Berta')
    """
    letters = [character for character in surface if character.isalpha()]
    if len(letters) > 1 and surface.isupper():
        return name.upper()
    return name.lower() if surface.islower() else name


def _shuffle_characters(surface: str, chance: random.Random) -> str:
    """Return other letters for letters and other digits for digits; all else stays: `AB-123` may become `QX-907`."""
    return "".join(
        chance.choice(string.digits)
        if character.isdigit()
        else chance.choice(string.ascii_uppercase)
        if character.isupper()
        else chance.choice(string.ascii_lowercase)
        if character.isalpha()
        else character
        for character in surface
    )
