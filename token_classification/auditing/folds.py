"""Which sentences are tagged by a model that has not seen them: folds of whole documents, or of near-duplicates."""

import random
from collections import defaultdict
from collections.abc import Sequence

from token_classification.checking.duplicates import SHORTEST
from token_classification.data.sentences import Sentences
from token_classification.data.text_keys import make_text_key
from token_classification.errors import UserError


def group_sentences(sentences: Sentences) -> list[list[int]]:
    """Return the sentences of each group that must not be divided among folds.

    A group is a document where the file has documents. Else it is made of the sentences that say the same: a model
    that learned one knows the other.
    """
    groups: dict[object, list[int]] = defaultdict(list)
    for row, words in enumerate(sentences.tokens):
        if sentences.doc_ids is not None:
            groups[sentences.doc_ids[row]].append(row)
        elif len(words) >= SHORTEST:
            groups[make_text_key(" ".join(words))].append(row)
        else:
            groups[row].append(row)
    return list(groups.values())


def divide_into_folds(sentences: Sentences, folds: int, seed: int, source: str) -> list[list[int]]:
    """Divide sentences into folds of about as many words each.

    Args:
        sentences: All sentences of a file.
        folds: How many folds.
        seed: Orders groups of equal length.
        source: What messages call the file.

    Returns:
        The sentences of each fold, in file order.

    Raises:
        UserError: there are fewer groups than folds.
    """
    groups = group_sentences(sentences)
    if len(groups) < folds:
        what = "document(s)" if sentences.doc_ids is not None else "sentence(s) that differ"
        advice = f"type --folds {len(groups)}" if len(groups) > 1 else "give a file with more of them"
        raise UserError(
            f"{source}: --folds {folds}, but the file has {len(groups):,} {what}; accepted: one or more in each fold; "
            f"{advice}"
        )
    lengths = [count_words(sentences.tokens, group) for group in groups]
    order = random.Random(seed).sample(range(len(groups)), len(groups))
    order.sort(key=lambda number: -lengths[number])
    rows: list[list[int]] = [[] for _ in range(folds)]
    words = [0] * folds
    for number in order:
        # Where groups hold no words, that of the fewest sentences.
        smallest = min(range(folds), key=lambda fold: (words[fold], len(rows[fold])))
        rows[smallest] += groups[number]
        words[smallest] += lengths[number]
    return [sorted(fold) for fold in rows]


def count_words(tokens: Sequence[Sequence[str]], rows: Sequence[int]) -> int:
    """Return how many words some sentences have."""
    return sum(len(tokens[row]) for row in rows)
