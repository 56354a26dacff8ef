"""Sub-tokens to windows that fit the model: each word is in at least one window and owned by exactly one.

A sentence that fits is one window. A longer one becomes overlapping windows of whole words; a word in several of
them is owned by the one where it has most context on its poorer side. Loss and score count it only there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from token_classification.alignment.words import SpecialTokens, SubTokens, cumulate, expand_ranges, measure_ranges
from token_classification.data.labels import IGNORED_LABEL
from token_classification.errors import UserError


@dataclass(frozen=True)
class Windows:
    """All windows of a split, end to end; also the map-style data set that the Trainer learns from.

    `input_ids[starts[i]:starts[i + 1]]` is window `i`, special tokens included. It owns the words
    `owned_words[owned_starts[i]:owned_starts[i + 1]]` (counted through the split); `owned_positions`, parallel to
    them, is the place of each word's first sub-token in its window. `labels` is parallel to `input_ids`.
    """

    input_ids: np.ndarray
    """int32, (positions,)"""
    starts: np.ndarray
    """int64, (windows + 1,)"""
    owned_words: np.ndarray
    """int64, (owned words,)"""
    owned_positions: np.ndarray
    """int64, (owned words,)"""
    owned_starts: np.ndarray
    """int64, (windows + 1,)"""
    sentence_ids: np.ndarray
    """int64, (windows,)"""
    labels: np.ndarray | None = None
    """int64, (positions,), or (positions, levels) for nested entities: what the loss sees"""

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, window: int) -> dict[str, np.ndarray]:
        span = slice(self.starts[window], self.starts[window + 1])
        item = {"input_ids": self.input_ids[span]}
        if self.labels is not None:
            item["labels"] = self.labels[span]
        return item

    @property
    def lengths(self) -> np.ndarray:
        """Positions of each window, int64 (windows,)."""
        return measure_ranges(self.starts)


def join_windows(pieces: Sequence[tuple[Windows, int]]) -> Windows:
    """Lay windows of several splits end to end, without labels; each counts as a sentence of its own.

    Args:
        pieces: Windows of a split, and which one of them; at least one.
    """
    rows = [windows.input_ids[windows.starts[place] : windows.starts[place + 1]] for windows, place in pieces]
    owned = [slice(windows.owned_starts[place], windows.owned_starts[place + 1]) for windows, place in pieces]
    spans = [(windows, span) for (windows, _), span in zip(pieces, owned, strict=True)]
    return Windows(
        input_ids=np.concatenate(rows),
        starts=cumulate(np.array([len(row) for row in rows])),
        owned_words=np.concatenate([windows.owned_words[span] for windows, span in spans]),
        owned_positions=np.concatenate([windows.owned_positions[span] for windows, span in spans]),
        owned_starts=cumulate(np.array([span.stop - span.start for span in owned])),
        sentence_ids=np.arange(len(rows)),
    )


def join_splits(splits: Sequence[tuple[Windows, np.ndarray]]) -> Windows:
    """Lay all windows of splits end to end, without labels; words and sentences are counted through all of them.

    Args:
        splits: Windows of each split, and where its sentences begin, int64 (sentences + 1,), counted in words.
    """
    parts = [windows for windows, _ in splits]
    words = cumulate(np.array([starts[-1] for _, starts in splits]))
    sentences = cumulate(np.array([len(starts) - 1 for _, starts in splits]))
    counted = [*zip(parts, words[:-1], sentences[:-1], strict=True)]
    return Windows(
        input_ids=np.concatenate([part.input_ids for part in parts]),
        starts=cumulate(np.concatenate([np.diff(part.starts) for part in parts])),
        owned_words=np.concatenate([part.owned_words + first for part, first, _ in counted]),
        owned_positions=np.concatenate([part.owned_positions for part in parts]),
        owned_starts=cumulate(np.concatenate([np.diff(part.owned_starts) for part in parts])),
        sentence_ids=np.concatenate([part.sentence_ids + first for part, _, first in counted]),
    )


@dataclass(frozen=True)
class WindowPlan:
    """Which words each window holds and owns, as ranges of words counted through the split; int64 (windows,) each."""

    sentence_ids: np.ndarray
    first: np.ndarray
    end: np.ndarray
    owned_first: np.ndarray
    owned_end: np.ndarray


def select_windows(plan: WindowPlan, kept: np.ndarray) -> WindowPlan:
    """Return the windows at `kept`, bool (windows,)."""
    return WindowPlan(*(getattr(plan, column.name)[kept] for column in fields(plan)))


@dataclass(frozen=True)
class WindowLabels:
    """What the loss sees, before it is laid out in windows."""

    words: np.ndarray
    """int64, (words,): label id of each word of the split, at its first sub-token"""
    further: np.ndarray | None = None
    """int64, (words,): label id at a word's further sub-tokens; None: ignored"""
    special: int = IGNORED_LABEL
    """Label id at special tokens"""


def plan_windows(sub_tokens: SubTokens, budget: int, stride: int | None = None, truncate: bool = False) -> WindowPlan:
    """Decide on the windows of a split.

    Args:
        sub_tokens: The words' sub-tokens.
        budget: Sub-tokens that a window may hold, special tokens not counted.
        stride: Sub-tokens that neighbouring windows share; a quarter of the budget if None.
        truncate: Cut sentences over the budget instead of making several windows of them.

    Raises:
        UserError: the budget is too small for the stride.
    """
    stride = budget // 4 if stride is None else stride
    if budget < 1 or stride >= budget:
        raise UserError(
            f"windows of {budget} sub-tokens (--max_seq_length less the special tokens) with --doc_stride {stride} "
            "cannot move on: give a larger --max_seq_length or a smaller --doc_stride."
        )
    borders = sub_tokens.word_starts[sub_tokens.sentence_starts]
    is_long = measure_ranges(borders) > budget
    has_words = measure_ranges(sub_tokens.sentence_starts) > 0
    short = _plan_short_sentences(sub_tokens, np.flatnonzero(~is_long & has_words))
    if not is_long.any():
        return WindowPlan(*short)
    plans = [np.column_stack(short)]
    for sentence in np.flatnonzero(is_long):
        first, end = sub_tokens.sentence_starts[sentence : sentence + 2]
        starts = sub_tokens.word_starts[first : end + 1] - sub_tokens.word_starts[first]
        rows = _truncate_sentence(starts, budget) if truncate else _window_sentence(starts, budget, stride)
        plans.append(np.column_stack([np.full(len(rows), sentence), rows + first]))
    table = np.concatenate(plans)
    table = table[np.lexsort((table[:, 1], table[:, 0]))]
    return WindowPlan(*table.T)


def _plan_short_sentences(sub_tokens: SubTokens, sentences: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return one window for each sentence that fits; columns as in `WindowPlan`."""
    first, end = sub_tokens.sentence_starts[sentences], sub_tokens.sentence_starts[sentences + 1]
    return sentences, first, end, first, end


def _window_sentence(word_starts: np.ndarray, budget: int, stride: int) -> np.ndarray:
    """Return overlapping windows over a sentence as rows (first, end, owned_first, owned_end) of its own words.

    Args:
        word_starts: Sub-token at which each word starts, and the total: int64 (words + 1,).
    """
    words = len(word_starts) - 1
    spans: list[tuple[int, int]] = []
    first = 0
    while not spans or spans[-1][1] < words:
        end = max(int(np.searchsorted(word_starts, word_starts[first] + budget, side="right")) - 1, first + 1)
        if not spans or end > spans[-1][1]:
            spans.append((first, end))
        # A long word may not fit behind the shared words: then the next window begins further on.
        next_first = int(np.searchsorted(word_starts, word_starts[end] - stride, side="left"))
        first = max(next_first, first + 1)
    owners = _find_owners(np.array(spans), word_starts)
    owned_first = np.searchsorted(owners, np.arange(len(spans)), side="left")
    owned_end = np.searchsorted(owners, np.arange(len(spans)), side="right")
    rows = np.column_stack([np.array(spans), owned_first, owned_end])
    return rows[owned_end > owned_first]


def _find_owners(spans: np.ndarray, word_starts: np.ndarray) -> np.ndarray:
    """Return the window that owns each word, int64 (words,): most sub-tokens on the poorer side, else the earlier.

    A sentence's own beginning and end are no lack of context.
    """
    words = len(word_starts) - 1
    best_context = np.full(words, -1, dtype=np.int64)
    owners = np.zeros(words, dtype=np.int64)
    total = word_starts[-1]
    for window, (first, end) in enumerate(spans):
        span = slice(first, end)
        left = np.where(first == 0, total, word_starts[first:end] - word_starts[first])
        right = np.where(end == words, total, word_starts[end] - word_starts[first + 1 : end + 1])
        context = np.minimum(left, right)
        is_better = context > best_context[span]
        owners[span][is_better] = window
        best_context[span][is_better] = context[is_better]
    return owners


def _truncate_sentence(word_starts: np.ndarray, budget: int) -> np.ndarray:
    """Return the first `budget` sub-tokens only: words that start behind them are in no window."""
    end = int(np.searchsorted(word_starts[:-1], budget, side="left"))
    return np.array([[0, end, 0, end]])


def build_windows(
    sub_tokens: SubTokens,
    plan: WindowPlan,
    budget: int,
    special: SpecialTokens,
    labels: WindowLabels | None = None,
) -> Windows:
    """Lay the planned windows out as arrays.

    Args:
        sub_tokens: The words' sub-tokens.
        plan: Which words each window holds and owns.
        budget: Sub-tokens that a window may hold; a longer word keeps its first ones.
        special: What stands before and after the sub-tokens.
        labels: What the loss sees; None without gold.
    """
    before, after = len(special.before), len(special.after)
    piece_first = sub_tokens.word_starts[plan.first]
    pieces = np.minimum(sub_tokens.word_starts[plan.end] - piece_first, budget)
    starts = cumulate(pieces + before + after)

    input_ids = np.empty(starts[-1], dtype=np.int32)
    for place, token_id in enumerate(special.before):
        input_ids[starts[:-1] + place] = token_id
    for place, token_id in enumerate(special.after):
        input_ids[starts[1:] - after + place] = token_id
    input_ids[expand_ranges(starts[:-1] + before, pieces)] = sub_tokens.ids[expand_ranges(piece_first, pieces)]

    owned_counts = plan.owned_end - plan.owned_first
    owned_words = expand_ranges(plan.owned_first, owned_counts)
    window_of = np.repeat(np.arange(len(pieces)), owned_counts)
    owned_positions = sub_tokens.word_starts[owned_words] - piece_first[window_of] + before

    windows = Windows(input_ids, starts, owned_words, owned_positions, cumulate(owned_counts), plan.sentence_ids)
    if labels is None:
        return windows
    return replace(windows, labels=_lay_out_labels(windows, labels, np.diff(sub_tokens.word_starts), special))


def _lay_out_labels(
    windows: Windows, labels: WindowLabels, word_lengths: np.ndarray, special: SpecialTokens
) -> np.ndarray:
    """Return labels of every position of the windows, int64 (positions,): only owned words have any."""
    before, after = len(special.before), len(special.after)
    laid_out = np.full(len(windows.input_ids), IGNORED_LABEL, dtype=np.int64)
    for place in range(before):
        laid_out[windows.starts[:-1] + place] = labels.special
    for place in range(after):
        laid_out[windows.starts[1:] - 1 - place] = labels.special
    window_of = np.repeat(np.arange(len(windows)), np.diff(windows.owned_starts))
    first = windows.starts[window_of] + windows.owned_positions
    if labels.further is not None:
        # Of an over-long word or a truncated sentence only what is in the window is labelled.
        inside = np.minimum(word_lengths[windows.owned_words], windows.starts[window_of + 1] - after - first)
        laid_out[expand_ranges(first, inside)] = np.repeat(labels.further[windows.owned_words], inside)
    laid_out[first] = labels.words[windows.owned_words]
    return laid_out
