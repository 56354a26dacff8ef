"""Sentences with their neighbours: what stands around a sentence in its document is read with it.

A window then begins and ends in other sentences. It owns the words of its own sentence only, so each word is still
learnt, tagged and scored once (FLERT, https://arxiv.org/abs/2011.06993).
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from token_classification.alignment.windows import WindowPlan, Windows
from token_classification.alignment.words import SubTokens, cumulate


class Passage(NamedTuple):
    """The words of a sentence, and those around it in its document."""

    before: Sequence[str]
    words: Sequence[str]
    after: Sequence[str]


PASSAGE_ROWS = len(Passage._fields)
OWN_ROW = Passage._fields.index("words")


def number_documents(doc_ids: Sequence[str | None]) -> np.ndarray:
    """Number documents: sentences that follow each other and have the same id are one; without an id each is its own.

    >>> number_documents(["a", "a", "b", "a", None, None]).tolist()
    [0, 0, 1, 2, 3, 4]
    """
    is_new = [after is None or before != after for before, after in pairwise(doc_ids)]
    return np.cumsum([0, *is_new], dtype=np.int64)[: len(doc_ids)]


def widen_windows(
    plan: WindowPlan, sub_tokens: SubTokens, documents: np.ndarray, size: int, budget: int
) -> WindowPlan:
    """Fill the windows of whole sentences with words of their documents, on both sides.

    Each side gets half of the room; what one does not need, the other gets. A sentence of several windows has none.

    Args:
        plan: The windows.
        sub_tokens: The words' sub-tokens.
        documents: Number of each sentence's document, int64 (sentences,), as `number_documents` gives it.
        size: Sub-tokens that are added on each side at most.
        budget: Sub-tokens that a window may hold, special tokens not counted.
    """
    starts, sentences = sub_tokens.word_starts, sub_tokens.sentence_starts
    begin, end = starts[plan.first], starts[plan.end]
    is_whole = (plan.first == sentences[plan.sentence_ids]) & (plan.end == sentences[plan.sentence_ids + 1])
    room = np.where(is_whole, np.maximum(budget - (end - begin), 0), 0)

    document = documents[plan.sentence_ids]
    document_begin = starts[sentences[np.searchsorted(documents, document, side="left")]]
    document_end = starts[sentences[np.searchsorted(documents, document, side="right")]]
    there_before = np.minimum(begin - document_begin, size)
    there_after = np.minimum(document_end - end, size)
    before = np.minimum(there_before, np.maximum(room - there_after, room // 2))
    after = np.minimum(there_after, room - before)
    return replace(
        plan,
        # Whole words only.
        first=np.where(before > 0, np.searchsorted(starts, begin - before, side="left"), plan.first),
        end=np.where(after > 0, np.searchsorted(starts, end + after, side="right") - 1, plan.end),
    )


def forget_context(windows: Windows, starts: np.ndarray) -> tuple[Windows, np.ndarray]:
    """Renumber sentences and words of passages that were laid out row by row, as if their own rows were all.

    Args:
        windows: Those of own rows only.
        starts: The words of row `r` are `starts[r]:starts[r + 1]`, int64 (rows + 1,).

    Returns:
        The windows, and such borders of the own rows: int64 (passages + 1,).
    """
    own_starts = cumulate(np.diff(starts)[OWN_ROW::PASSAGE_ROWS])
    sentences = windows.sentence_ids // PASSAGE_ROWS
    shifts = starts[windows.sentence_ids] - own_starts[sentences]
    owned = windows.owned_words - np.repeat(shifts, np.diff(windows.owned_starts))
    return replace(windows, owned_words=owned, sentence_ids=sentences), own_starts
