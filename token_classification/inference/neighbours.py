"""What stands around each text of a stream in its document, in constant memory."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, groupby, islice
from operator import itemgetter
from typing import TypeVar

from token_classification.data.words_of_text import WordRule
from token_classification.inference.texts import TextInContext, TextOrWords, place_words

Item = TypeVar("Item")
Read = Callable[[Item], tuple[str | None, Sequence[str]]]
"""Item -> the name of its document, None for one by itself, and its words"""


def put_in_context(
    texts: Sequence[TextOrWords], doc_ids: Sequence[str | None], rule: WordRule, size: int
) -> list[TextInContext]:
    """Give texts that follow each other in a document the words around them.

    Args:
        texts: Texts, or lists of words.
        doc_ids: Of each text the name of its document; None: it is one by itself.
        rule: How words are found in raw text.
        size: Words on each side.
    """
    named = zip(texts, doc_ids, strict=True)
    found = find_neighbours(named, lambda one: (one[1], place_words(one[0], rule)[2]), size)
    return [TextInContext(text, before, after) for (text, _), before, after in found]


def find_neighbours(items: Iterable[Item], read: Read[Item], size: int) -> Iterator[tuple[Item, list[str], list[str]]]:
    """Yield each item with the words before and behind it: of items that follow each other under the same name.

    Args:
        items: A stream of any length, of which no more than `size` items are held.
        read: Says what an item is.
        size: Words on each side. As many as there may be sub-tokens are enough, because each has at least one.
    """
    for _, rows in groupby(_number_documents(items, read), key=itemgetter(0)):
        yield from _look_around(((item, words) for _, item, words in rows), size)


def _number_documents(items: Iterable[Item], read: Read[Item]) -> Iterator[tuple[int, Item, Sequence[str]]]:
    number, last = 0, None
    for item in items:
        name, words = read(item)
        number += name is None or name != last
        last = name
        yield number, item, words


def _look_around(rows: Iterable[tuple[Item, Sequence[str]]], size: int) -> Iterator[tuple[Item, list[str], list[str]]]:
    """Yield the items of a document, each as soon as enough of what stands behind it is known."""
    before: list[str] = []
    waiting: deque[tuple[Item, Sequence[str]]] = deque()

    def release() -> tuple[Item, list[str], list[str]]:
        nonlocal before
        item, words = waiting.popleft()
        released = item, before, [*islice(chain.from_iterable(row for _, row in waiting), size)]
        before = [*before, *words[-size:]][-size:]
        return released

    behind = 0  # words of all that wait but the first
    for item, words in rows:
        behind += len(words) if waiting else 0
        waiting.append((item, words))
        while len(waiting) > 1 and (behind >= size or len(waiting) > size):
            yield release()
            behind -= len(waiting[0][1])
    while waiting:
        yield release()
