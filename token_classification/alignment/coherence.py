"""Do sentences that follow each other in a document belong together? Marks of documents survive a shuffling."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from token_classification.alignment.context import number_documents
from token_classification.alignment.words import cumulate
from token_classification.arguments.decoding import DecodingArguments, choose_context
from token_classification.data.load import Corpus

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

logger = logging.getLogger(__name__)

LOWEST_RATIO = 1.25
"""Shuffled sentences share 0.9 to 1.1 times as much as random ones; those of wikigold and UD EWT 3 times and more, and
300 of them on end at least 1.9 times"""
MAX_PAIRS = 10_000
"""More would tell no better, and take longer"""
ORDERS = 200
CHANCE = 0.99
"""So many of the random orders share less than what is taken for the limit of chance"""


class Coherence(NamedTuple):
    """How much neighbours in documents share, 1 being what sentences of the same corpus share at random."""

    pairs: int
    ratio: float
    limit: float
    """What chance alone reaches in one of 100 random orders"""

    @property
    def is_missing(self) -> bool:
        """Whether there is too little of it, in data that are enough to tell."""
        return self.ratio < LOWEST_RATIO and self.limit <= LOWEST_RATIO


def keep_coherent_context(
    decoding: DecodingArguments, config: "PreTrainedConfig", corpus: Corpus
) -> DecodingArguments:
    """Return the settings of a training, without context if the neighbours of a sentence do not belong to it."""
    train = corpus.splits["train"]
    if not choose_context(decoding.context, config) or train.doc_ids is None:
        return decoding
    found = measure_coherence(train.tokens, number_documents(train.doc_ids))
    if found is None:
        return decoding
    source = corpus.sources["train"]
    measured = f"{found.ratio:.2f} times as many words as random ones do (rare words count more; {found.pairs:,} pairs"
    if found.is_missing:
        logger.warning(
            "%s: sentences that follow each other in a document share %s; in documents it is %s and more): they seem "
            "shuffled. Context from sentences that do not belong together costs F1, so each sentence is learnt alone, "
            "and the model will tag each alone. For context, give the sentences in their original order.",
            *(source, measured, LOWEST_RATIO),
        )
        return replace(decoding, context="none")
    if found.ratio >= max(LOWEST_RATIO, found.limit):
        logger.info("%s: sentences that follow each other in a document share %s).", source, measured)
    return decoding


def measure_coherence(tokens: Sequence[Sequence[str]], documents: np.ndarray) -> Coherence | None:
    """Compare what neighbours share with what the same sentences share in random pairs.

    A pair shares the distinct words, whatever their case, that stand in both sentences; each counts the logarithm of
    all sentences over those that have it. No sentence is in two pairs, so in a shuffled corpus each order of the
    second sentences is as likely as the given one.

    Args:
        tokens: The sentences.
        documents: Number of each sentence's document, as `number_documents` gives it.

    Returns:
        None where random pairs share nothing, or there are none.
    """
    firsts = pair_neighbours(documents)
    if len(firsts) > MAX_PAIRS:
        firsts = firsts[np.linspace(0, len(firsts) - 1, MAX_PAIRS).astype(np.int64)]
    if len(firsts) == 0:
        return None
    left, right = _weigh_words([tokens[row] for row in (*firsts, *(firsts + 1))])
    expected = float(left.sum(axis=0) @ right.sum(axis=0)) / len(firsts)  # the mean of all orders
    if expected == 0:
        return None
    generator = np.random.default_rng(0)
    random = [left.multiply(right[generator.permutation(len(firsts))]).sum() for _ in range(ORDERS)]
    limit = float(np.quantile(random, CHANCE))
    return Coherence(len(firsts), float(left.multiply(right).sum()) / expected, limit / expected)


def pair_neighbours(documents: np.ndarray) -> np.ndarray:
    """Return the first sentence of each pair: the first and second sentence of a document, the third and fourth ...

    >>> pair_neighbours(np.array([0, 0, 0, 0, 0, 1, 2, 2])).tolist()
    [0, 2, 6]
    """
    places = np.arange(len(documents)) - np.searchsorted(documents, documents, side="left")
    return np.flatnonzero((places[:-1] % 2 == 0) & (documents[:-1] == documents[1:]))


def _weigh_words(rows: Sequence[Sequence[str]]) -> tuple[csr_array, csr_array]:
    """Return the words of the first half of the sentences as ones, those of the second half as what they count."""
    words = [[*dict.fromkeys(word.lower() for word in row)] for row in rows]
    numbers = {word: number for number, word in enumerate(dict.fromkeys(chain.from_iterable(words)))}
    columns = np.fromiter(map(numbers.__getitem__, chain.from_iterable(words)), dtype=np.int64)
    starts = cumulate(np.fromiter(map(len, words), dtype=np.int64, count=len(words)))
    table = csr_array((np.ones(len(columns)), columns, starts), shape=(len(words), len(numbers)))
    table.sort_indices()
    weights = np.log(len(words) / np.bincount(columns, minlength=len(numbers)))
    half = len(words) // 2
    left, right = table[:half], table[half:]
    right.data = weights[right.indices]
    return left, right
