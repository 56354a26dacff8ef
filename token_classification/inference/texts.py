"""What may be tagged: a text, a list of words, or one of them with what stands around it in its document."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from token_classification.alignment.context import Passage
from token_classification.data.words_of_text import Offsets, WordRule, find_words

TextOrWords = str | Sequence[str]
"""A text, or one that is a list of words already; then offsets count in `" ".join(words)`."""


@dataclass(frozen=True)
class TextInContext:
    """A text with words that stand before and behind it, which are read with it by models that were trained so."""

    text: TextOrWords
    before: Sequence[str] = ()
    after: Sequence[str] = ()


Taggable = TextOrWords | TextInContext


def count_characters(text: object) -> int:
    """Return the length of a text; words count with the blanks between them: even empty ones take time.

    Raises:
        TypeError: it is neither a text nor a list of words.
    """
    if isinstance(text, TextInContext):
        text = text.text
    if isinstance(text, str):
        return len(text)
    if (
        isinstance(text, Sequence)
        and not isinstance(text, bytes | bytearray)
        and all(isinstance(word, str) for word in text)
    ):
        return sum(map(len, text)) + max(0, len(text) - 1)
    raise TypeError(f"{text!r:.60}: accepted is a text (str), or a list of words (list of str)")


def place_words(text: Taggable, rule: WordRule) -> tuple[str, list[Offsets], list[str]]:
    """Return a text, the places of its words, and the words for the tokenizer."""
    if isinstance(text, TextInContext):
        text = text.text
    if isinstance(text, str):
        spans = find_words(text, rule)
    else:
        ends = list(accumulate(text, lambda end, word: end + 1 + len(word), initial=-1))
        spans = [(before + 1, end) for before, end in pairwise(ends)]
        text = " ".join(text)
    readable = _replace_half_characters(text)
    return text, spans, [readable[start:end] for start, end in spans]


def _replace_half_characters(text: str) -> str:
    """Replace lone surrogates, which no tokenizer accepts, with `?`; the length stays the same."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="replace").decode()
    return text


def list_rows(texts: Sequence[Taggable], words: Sequence[list[str]]) -> list[list[str]] | list[Passage]:
    """Return what an engine tags: the words of each text, with those around them where a text has any."""
    if not any(isinstance(text, TextInContext) for text in texts):
        return [*words]
    return [
        Passage(text.before, row, text.after) if isinstance(text, TextInContext) else Passage((), row, ())
        for text, row in zip(texts, words, strict=True)
    ]
