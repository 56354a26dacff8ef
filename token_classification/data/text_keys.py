"""What two texts have in common that say the same: a key to find texts again that are labelled already."""

import hashlib
import re
import unicodedata

LINK = re.compile(r"https?://\S+")
NUMBER = re.compile(r"\d")
BETWEEN_WORDS = re.compile(r"[\W_]+")


def make_text_key(text: str) -> bytes:
    """Return 16 bytes that are the same for texts which differ in case, punctuation, blanks, digits and links only.

    How a text is cut into words makes no difference: `U.S.'s` and `U.S. 's` have one key.
    """
    reduced = BETWEEN_WORDS.sub(_keep_marks, _drop_details(text))
    # A text of nothing else, such as an emoji, is itself.
    kept = unicodedata.normalize("NFC", reduced) or "".join(text.split())
    return hashlib.blake2b(kept.encode(errors="surrogatepass"), digest_size=16).digest()


def list_plain_words(text: str) -> list[str]:
    """Return the words of a text as `make_text_key` sees them: without case, punctuation, digits and links.

    >>> list_plain_words("Anna's 3rd MOVE, see http://t.co/x")
    ['anna', 's', '0rd', 'move', 'see']
    """
    return BETWEEN_WORDS.sub(" ", _drop_details(text)).split()


def _drop_details(text: str) -> str:
    return NUMBER.sub("0", LINK.sub("", text.casefold()))


def _keep_marks(between: re.Match[str]) -> str:
    """Keep the marks that belong to letters, such as the vowels of Hindi."""
    return "".join(mark for mark in between.group() if unicodedata.category(mark).startswith("M"))
