"""Which texts a model is measured on, so that it learns from none of them: the same ones, and nearly the same."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal

from token_classification.checking.duplicates import SHORTEST
from token_classification.data.sentences import Sentences
from token_classification.data.text_keys import list_plain_words, make_text_key

RUN = 3
"""Words in a row that are compared"""
NEAR = 0.8
"""Share of the shorter text's runs that two texts have in common which are nearly the same: a retweet, a cut copy"""


class HeldOut:
    """Knows the sentences of some splits, and finds them in other texts."""

    def __init__(self, measured: Iterable[Sentences]) -> None:
        self._keys: set[bytes] = set()
        self._sizes: list[int] = []
        """Of each sentence of some length: how many runs it has"""
        self._places: dict[tuple[str, ...], list[int]] = defaultdict(list)
        """Run -> which of these sentences have it"""
        for words in (words for sentences in measured for words in sentences.tokens):
            self._keys.add(make_text_key(" ".join(words)))
            runs = _list_runs(words)
            for run in runs:
                self._places[run].append(len(self._sizes))
            self._sizes.append(len(runs))

    def find(self, words: Sequence[str]) -> Literal["same", "near"] | None:
        """Tell whether a text is one of the sentences, or holds one nearly, or is nearly a part of one.

        The same are texts that differ in case, punctuation, digits and links only. Nearly the same are two of five
        words or more of which the shorter one has most runs of three words in common with the other.
        """
        if make_text_key(" ".join(words)) in self._keys:
            return "same"
        runs = _list_runs(words)
        shared = Counter(place for run in runs for place in self._places.get(run, ()))
        is_near = any(count >= NEAR * min(len(runs), self._sizes[place]) for place, count in shared.items())
        return "near" if is_near else None


def _list_runs(words: Sequence[str]) -> set[tuple[str, ...]]:
    """Return the runs of a text; none of one that is so short that it comes again by itself, as `Thank you !` does."""
    plain = list_plain_words(" ".join(words))
    if len(plain) < SHORTEST:
        return set()
    return {tuple(plain[start : start + RUN]) for start in range(len(plain) - RUN + 1)}
