"""What stands in the place of a name: a mark, a numbered mark, a pseudonym, or a keyed hash."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from token_classification.data.names.kinds import PARTICLES
from token_classification.errors import UserError
from token_classification.nearest_names import did_you_mean
from token_classification.redaction.modes import Mode, Scope
from token_classification.redaction.redacted_text import NamedSpan, normalise_name

if TYPE_CHECKING:
    from token_classification.data.names.inventor import Inventor

NAMES_SALT = b"names of redact\0"
"""The same for all runs: the same key gives a name the same hash in every file"""
HASH_DIGITS = 16
"""Hexadecimal digits of a hash that are written: 64 of its 256 bits. Among a million names, the chance that any two
share one is 1 in 37 million"""
ATTEMPTS = 100
"""After as many pseudonyms that can't be taken, the next ones get a number"""


@dataclass(frozen=True)
class Naming:
    """How names are replaced."""

    mode: Mode
    secret: bytes = b""
    """What pseudonyms and hashes are made with: whoever has it can try names until one gives that hash"""
    scope: Scope = "document"
    """Where the same name has the same pseudonym"""
    inventor: "Inventor | None" = None
    """What pseudonyms come from"""

    def substitute(self, text: str, spans: Sequence[NamedSpan], document: int) -> list[str]:
        """Return a substitute for each span of a text.

        Args:
            text: The text.
            spans: What is replaced in it.
            document: The number of the text in its file, which makes pseudonyms of different texts different.
        """
        names = [(span.label, normalise_name(text[span.start : span.end])) for span in spans]
        if self.mode == "mask":
            return [f"[{label}]" for label, _ in names]
        if self.mode == "number":
            return number_names(text, names)
        if self.mode == "hash":
            return [f"[{label}_{self._digest(label, name).hex()[:HASH_DIGITS]}]" for label, name in names]
        return self._invent(text, spans, names, document)

    def _digest(self, *parts: object) -> bytes:
        """Return the HMAC-SHA-256 of some parts; no other parts have the same."""
        message = b"".join(
            len(part).to_bytes(8, "big") + part
            for part in (str(part).encode("utf-8", "surrogatepass") for part in parts)
        )
        return hmac.new(self.secret, message, hashlib.sha256).digest()

    def _invent(
        self, text: str, spans: Sequence[NamedSpan], names: Sequence[tuple[str, str]], document: int
    ) -> list[str]:
        """Invent a pseudonym for each name, none of which has a word of the name in it.

        Within a document, no two names share one, none has a word of any name that is replaced, and none stands in the
        text. Over a run, a pseudonym depends on the name alone, so that two names may share one.
        """
        if self.inventor is None:
            raise ValueError("pseudonyms need an inventor")
        invented: dict[tuple[str, str], str] = {}
        folded = normalise_name(text)
        taken: set[str] = set()
        words = {word for _, name in names for word in name.split()} - PARTICLES
        for span, key in zip(spans, names, strict=True):
            if key in invented:
                continue
            surface = text[span.start : span.end]
            for attempt in count():
                parts = (*key, attempt) if self.scope == "run" else (document, *key, attempt)
                found = self.inventor.invent(span.label, surface, int.from_bytes(self._digest(*parts)[:8], "big"))
                found += str(attempt) if attempt >= ATTEMPTS else ""
                name = normalise_name(found)
                avoided = words if self.scope == "document" else set(key[1].split()) - PARTICLES
                tells = attempt < ATTEMPTS and not avoided.isdisjoint(name.split())
                is_free = self.scope == "run" or (name not in taken and name not in folded)
                if name != key[1] and is_free and not tells:
                    break
            invented[key] = found
            taken.add(name)
        return [invented[key] for key in names]


def build_naming(mode: Mode, key: str | None, scope: Scope, locale: str) -> Naming:
    """Get ready to replace names.

    Args:
        mode: How.
        key: What pseudonyms and hashes depend on; the other modes need none.
        scope: Where the same name has the same pseudonym.
        locale: Language and country of pseudonyms, as Faker names them.

    Raises:
        UserError: Faker has no names for the locale.
    """
    if mode in ("mask", "number") or key is None:
        return Naming(mode)
    from token_classification.sealing import derive_secret

    secret = derive_secret(key, NAMES_SALT)
    if mode == "hash":
        return Naming(mode, secret, "run")
    return Naming(mode, secret, scope, open_inventor(locale))


def open_inventor(locale: str) -> "Inventor":
    """Open the names of a language and country.

    Raises:
        UserError: Faker has none for it.
    """
    from faker.config import AVAILABLE_LOCALES

    from token_classification.data.names.inventor import Inventor

    if locale not in AVAILABLE_LOCALES:
        accepted = did_you_mean(locale, sorted(AVAILABLE_LOCALES), "accepted are names such as en_US, de_DE, fr_FR")
        raise UserError(f"--locale {locale}: no names for it; {accepted}")
    return Inventor(locale)


def number_names(text: str, names: Sequence[tuple[str, str]]) -> list[str]:
    """Number the names of each label by their first place; a mark that the text already has is passed over."""
    marks: dict[tuple[str, str], str] = {}
    last: dict[str, int] = {}
    for label, name in names:
        if (label, name) in marks:
            continue
        number = last.get(label, 0) + 1
        while f"[{label}_{number}]" in text:
            number += 1
        last[label] = number
        marks[label, name] = f"[{label}_{number}]"
    return [marks[name] for name in names]
