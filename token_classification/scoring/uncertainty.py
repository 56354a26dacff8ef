"""How unsure a model is of a word, from its logits, and of a text, from its words: what labels would teach it most."""

import math

import numpy as np

from token_classification.scoring.softmax import log_softmax


def measure_entropy(logits: np.ndarray) -> np.ndarray:
    """Return the entropy of the labels of each word, as a share of the highest that is possible.

    Args:
        logits: float32, (n, labels).

    Returns:
        float32, (n,): from 0 (sure) to 1 (all labels are equally probable); 0 for a model with a single label.
    """
    if logits.shape[-1] == 1:
        return np.zeros(len(logits), dtype=np.float32)
    log_probabilities = log_softmax(logits).astype(np.float64)
    entropy = -(np.exp(log_probabilities) * log_probabilities).sum(axis=1) / math.log(logits.shape[-1])
    return entropy.astype(np.float32)


def score_text(words: np.ndarray) -> float:
    """Return how unsure a model is of a text: the mean of its words (token entropy, Settles & Craven 2008).

    What labels cost grows with the words. The sum of the words would prefer long texts.

    Args:
        words: float32, (words,): that of each word, of one at least.
    """
    return float(words.mean(dtype=np.float64))
