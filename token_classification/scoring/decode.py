"""Viterbi decoding: the most probable of the tag sequences that the scheme allows, for any trained model."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from token_classification.data.labels import LabelSet
from token_classification.data.levels import Labels, list_columns, list_sets
from token_classification.data.schemes import OUTSIDE, Scheme
from token_classification.data.transitions import may_end, may_follow

FORBIDDEN = -1e4
"""Log score of a step that the scheme forbids: lower than any real path, and finite, so that no step becomes NaN."""


@dataclass(frozen=True)
class Viterbi:
    """The steps that a scheme allows between labels, as log scores: 0 or `FORBIDDEN`."""

    first: np.ndarray
    """float32, (labels,): whether a sentence may begin with the label"""
    steps: np.ndarray
    """float32, (labels, labels): from the label of the row to that of the column"""
    last: np.ndarray
    """float32, (labels,): whether a sentence may end with the label"""

    def decode(self, log_probabilities: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Find the best allowed label sequence of each sentence (Viterbi 1967), all sentences at once.

        Args:
            log_probabilities: float32, (sentences, words, labels), padded at the end.
            lengths: int64, (sentences,): number of words in each sentence, at least 1.

        Returns:
            int64, (sentences, words); values beyond the end of a sentence mean nothing.
        """
        sentences, words, labels = log_probabilities.shape
        best = log_probabilities[:, 0] + self.first
        came_from = []
        stay = np.arange(labels)
        for word in range(1, words):
            # (sentences, from, to): the best way to each label, and the label it came from.
            scores = best[:, :, None] + self.steps
            sources = scores.argmax(axis=1)
            runs = (word < lengths)[:, None]
            best = np.where(runs, scores.max(axis=1) + log_probabilities[:, word], best)
            came_from.append(np.where(runs, sources, stay))
        rows = np.arange(sentences)
        label = (best + self.last).argmax(axis=1)
        path = [label]
        for sources in reversed(came_from):
            label = sources[rows, label]
            path.append(label)
        return np.stack(path[::-1], axis=1)

    def is_legal(self, label_ids: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Return whether the scheme allows each label sequence.

        Args:
            label_ids: int64, (words,): those of all sentences, end to end.
            lengths: int64, (sentences,): number of words in each sentence, at least 1.

        Returns:
            bool, (sentences,).
        """
        ends = np.cumsum(lengths)
        legal: np.ndarray = (self.first[label_ids[ends - lengths]] == 0) & (self.last[label_ids[ends - 1]] == 0)
        forbidden = self.steps[label_ids[:-1], label_ids[1:]] != 0
        forbidden[ends[:-1] - 1] = False  # from one sentence to the next
        legal[np.searchsorted(ends, np.flatnonzero(forbidden), side="right")] = False
        return legal


def build_viterbi(label_set: LabelSet) -> Viterbi | None:
    """Build the decoder of a label set; None for plain tags, which may follow each other in any order."""
    if label_set.scheme == Scheme.PLAIN:
        return None
    names = label_set.names
    may_begin, may_end = _allow_step(OUTSIDE, names, label_set.scheme), _allow_end(names, label_set.scheme)
    steps = [_allow_step(name, names, label_set.scheme) for name in names]
    return Viterbi(_as_scores(may_begin), _as_scores(steps), _as_scores(may_end))


def _allow_step(before: str, names: Sequence[str], scheme: Scheme) -> list[bool]:
    """Return which labels may follow a label; what may follow `O` may also begin a sentence."""
    return [may_follow(before, name, scheme) for name in names]


def _allow_end(names: Sequence[str], scheme: Scheme) -> list[bool]:
    """Return which labels a sentence may end with."""
    return [may_end(name, scheme) for name in names]


def _as_scores(allowed: Sequence[bool] | Sequence[Sequence[bool]]) -> np.ndarray:
    return np.where(np.array(allowed), 0.0, FORBIDDEN).astype(np.float32)


@dataclass(frozen=True)
class LevelOutputs:
    """Which outputs of a model are those of a level of nested entities, and how they are decoded."""

    columns: slice = field(default_factory=lambda: slice(None))
    """All of them where there is one level"""
    decoder: Viterbi | None = None
    """None takes the most probable label of each word by itself"""


def plan_levels(labels: Labels, decoder: str | None) -> tuple[LevelOutputs, ...]:
    """Return the levels of a model's labels; `decoder` as the user names it: `viterbi`, or anything else for none."""
    return tuple(
        LevelOutputs(columns, build_viterbi(label_set) if decoder == "viterbi" else None)
        for columns, label_set in zip(list_columns(labels), list_sets(labels).values(), strict=True)
    )
