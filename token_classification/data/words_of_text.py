"""The words of raw text, split like the corpora that models are trained on, with exact offsets."""

import re
from functools import lru_cache
from typing import Literal

import regex

Offsets = tuple[int, int]
"""`text[start:end]`"""

WordRule = Literal["punctuation", "whitespace"]

CHUNK = re.compile(r"\S+")
LONGEST_CACHED_CHUNK = 40

SINGLE = r"\p{Han}\p{Hiragana}\p{Katakana}"
"""Scripts without blanks: each character is a word, as in corpora of these languages"""
LETTER = rf"[[^\s\p{{P}}\p{{S}}{SINGLE}\u200b\ufeff]_]"
"""What words consist of: everything but blanks, zero-width blanks, punctuation and symbols; also lone accents"""
CLITIC = rf"['’](?:[sS]|[mM]|[dD]|ll|LL|re|RE|ve|VE)(?!{LETTER})"

# Takes time in proportion to the text, whatever it is: no alternative looks far ahead and then fails, again and again.
# This is why the name in a mail address has at most 64 characters, as RFC 5321 says, and why repetitions there and in
# abbreviations are possessive (`}+`).
WORD = regex.compile(
    rf"""
      (?:https?:|www\.)\S*[^\s.,;:!?'"’”»)\]}}>]                # a web address, without what closes the sentence
    | [\w.+-]{{1,64}}+@[\w-]+(?:\.[\w-]+)+                      # anna@example.org
    | [@\#]{LETTER}+                                            # @anna  #berlin
    | &(?:\#\d+|\w+);                                           # &amp;
    | (?:(?![{SINGLE}])\p{{L}}\.){{2,}}+(?!{LETTER})            # U.S.  p.m.
    | \p{{Lu}}\.(?!{LETTER})                                    # J.
    | {CLITIC}                                                  # the 's of Anna's
    | {LETTER}+
      (?:(?:[-–./]|&(?:amp;|(?!\w+;))|(?<=\d)[,:](?=\d)|['’](?![sS](?!{LETTER}))){LETTER}+)*  # New-York  14:30  don't
      (?:-(?!-|{LETTER}))?                                      # Nord- und Ostsee
    | [{SINGLE}]
    | ([\p{{P}}\p{{S}}])(?:\1|[\p{{M}}\u200d🏻-🏿])*             # any other mark; the same one again goes with it: ...
    """,
    regex.VERBOSE | regex.VERSION1,
)


def find_words(text: str, rule: WordRule = "punctuation") -> list[Offsets]:
    """Find the words of a text; offsets count characters (code points) of the text as it is.

    Args:
        text: Any text.
        rule: `punctuation`: blanks separate words; punctuation and symbols are words of their own. Kept together is
            what CoNLL-like corpora keep together: `U.S.`, `p.m.`, `J.`; `3.5`, `1,000`, `14:30`; `New-York-based`,
            `Nord-`; `don't`, `O'Neil` (but `Anna` `'s`); `and/or`, `AT&T`; `@user`, `#tag`, addresses of the web and
            of mail; runs of one mark (`...`). Each Han, Hiragana or Katakana character is a word.
            `whitespace`: only blanks separate words.
    """
    split = _split_whole if rule == "whitespace" else split_chunk
    words = []
    for chunk in CHUNK.finditer(text):
        start = chunk.start()
        words += [(start + first, start + end) for first, end in split(chunk[0])]
    return words


def split_chunk(chunk: str) -> tuple[Offsets, ...]:
    """Split a text without blanks into words by the rule `punctuation`; the result depends on nothing around it.

    >>> [("(U.S.-based)'s"[first:end]) for first, end in split_chunk("(U.S.-based)'s")]
    ['(', 'U.S.', '-', 'based', ')', "'s"]
    """
    return _split_cached(chunk) if len(chunk) <= LONGEST_CACHED_CHUNK else _split(chunk)


def _split(chunk: str) -> tuple[Offsets, ...]:
    return tuple(word.span() for word in WORD.finditer(chunk))


_split_cached = lru_cache(maxsize=2**16)(_split)


def _split_whole(chunk: str) -> tuple[Offsets, ...]:
    return ((0, len(chunk)),)
