"""Words that are no words: empty ones, and those with damaged or invisible characters."""

import unicodedata
from collections.abc import Iterator

import numpy as np

from token_classification.checking.files import CheckedData
from token_classification.data.problems import Kind, Problem

ZERO_WIDTH = {
    "\u00ad": "soft hyphen",
    "\u200b": "zero width space",
    "\u200e": "left-to-right mark",
    "\u200f": "right-to-left mark",
    "\u2060": "word joiner",
    "\ufeff": "byte order mark",
}
"""Invisible characters that mean nothing inside a word. (Joiners, U+200C and U+200D, are part of some scripts.)"""

REPLACEMENT = "\ufffd"
DOCUMENT_START = "-DOCSTART-"


def find_odd_words(data: CheckedData) -> Iterator[Problem]:
    """Yield problems with the words themselves, at each place where such a word stands."""
    explained = {number: found for number, word in enumerate(data.words) if (found := explain_word(word))}
    is_odd = np.zeros(len(data.words), dtype=bool)
    is_odd[list(explained)] = True
    for file in data.files:
        for position in np.flatnonzero(is_odd[file.word_ids]):
            kind, text = explained[int(file.word_ids[position])]
            yield file.report_word(kind, int(position), text)


def explain_word(word: str) -> tuple[Kind, str] | None:
    """Return kind and text of what is wrong with a word, None for a sound one."""
    if is_plain(word):
        return _explain_plain(word)
    if not word.strip():
        text = f"only blanks ({word!a}); accepted: a word; remove the row or fill in the word"
        return Kind.EMPTY_WORD, text
    fault = name_fault(word)
    if fault:
        cleaned = clean_word(word)
        advice = "retype the word" if cleaned in (None, word) else f"write {cleaned!r} (--repair does)"
        return Kind.ODD_WORD, f"{fault} in {word!a}; accepted: visible characters; {advice}"
    if any(map(str.isspace, word)):
        text = f"a blank inside {word!r}; accepted, but read as one word; split it if it is more than one"
        return Kind.BLANK_IN_WORD, text
    return None


def is_plain(word: str) -> bool:
    """Tell whether a word is of visible ASCII characters only; nearly all are, and none of them is odd."""
    return word.isascii() and word.isprintable() and " " not in word


def _explain_plain(word: str) -> tuple[Kind, str] | None:
    if not word:
        return Kind.EMPTY_WORD, "an empty word; accepted: a word; remove the row or fill in the word"
    if word == DOCUMENT_START:
        text = f"{word} is read as a word; accepted: documents begin with a line {word} in CoNLL, or have doc_id"
        return Kind.DOCUMENT_START, f"{text}; remove it"
    return None


def name_fault(word: str) -> str | None:
    """Name the first damaged or invisible character of a word; None where there is none."""
    for character in word:
        if unicodedata.category(character) == "Cc":
            return f"control character U+{ord(character):04X}"
        if character == REPLACEMENT:
            return "U+FFFD, which stands for a character that was lost"
        if character in ZERO_WIDTH:
            return f"{ZERO_WIDTH[character]} (U+{ord(character):04X})"
        if character.isspace() and character != " ":
            return f"{unicodedata.name(character, 'blank').lower()} (U+{ord(character):04X})"
    if undo_mojibake(word) is not None:
        return "mojibake (UTF-8 that was read as Latin-1)"
    return None


def undo_mojibake(word: str) -> str | None:
    """Return `Zoë` for `ZoÃ«`, whose UTF-8 was taken for Latin-1 or Windows-1252; None for any other word.

    A whole word that is UTF-8 when it is written back is no accident, so no statistics of characters are needed: of
    the words of public corpora, so damaged, all come back, and no sound one is taken for damaged.
    """
    if not any("\u00c2" <= character <= "\u00f4" for character in word):
        return None  # each such pair begins with what is the first byte of a character in UTF-8
    for encoding in ("cp1252", "latin-1"):
        try:
            return word.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
    return None


def clean_word(word: str) -> str | None:
    """Return a word without what nobody can see, and with its characters read aright; None where too little is left.

    A control character of U+0080 to U+009F is what Windows-1252 has at that place (U+0096 is a dash); other control
    characters and zero-width ones go, and so do blanks at the ends. A lost character stays lost.
    """
    word = undo_mojibake(word) or word
    characters = []
    for character in word:
        if "\u0080" <= character <= "\u009f":
            characters.append(character.encode("latin-1").decode("cp1252", errors="ignore"))
        elif character not in ZERO_WIDTH and (character.isspace() or unicodedata.category(character) != "Cc"):
            characters.append(character)
    cleaned = "".join(characters).strip()
    if not cleaned or name_fault(cleaned):
        return None
    return cleaned
