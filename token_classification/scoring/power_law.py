"""A score as a function of the training data: an inverse power law (Figueroa et al. 2012), fitted by least squares."""

from dataclasses import dataclass

import numpy as np

EXPONENTS = np.geomspace(0.05, 3.0, 160)
"""Tried one by one; for each of them the rest is a straight line"""
HIGHEST_SCORE = 1.0


@dataclass(frozen=True)
class PowerLaw:
    """score(n) = ceiling - loss * n^-exponent, never falling; several laws at once, an item of each array for each."""

    ceiling: np.ndarray
    loss: np.ndarray
    exponent: np.ndarray

    def predict(self, size: float) -> np.ndarray:
        """Return the score of each law for a size of the training data."""
        return self.ceiling - self.loss * size**-self.exponent


def fit_power_laws(sizes: np.ndarray, scores: np.ndarray) -> PowerLaw:
    """Fit a law to each row of scores.

    Args:
        sizes: float64, (points,): sizes of the training data, three or more.
        scores: float64, (laws, points).
    """
    # Sizes as shares of the largest keep the numbers near 1.
    shares = sizes / sizes.max()
    falls = shares[None, :] ** -EXPONENTS[:, None]
    middle = falls.mean(axis=1, keepdims=True)
    centred = falls - middle
    means = scores.mean(axis=1, keepdims=True)
    loss = -((scores - means) @ centred.T) / (centred**2).sum(axis=1)
    ceiling = means + loss * middle.T
    # A ceiling above the highest score there is: the best law through that score.
    below = HIGHEST_SCORE - scores
    bounded = (below @ falls.T) / (falls**2).sum(axis=1)
    loss = np.where(ceiling > HIGHEST_SCORE, bounded, loss)
    ceiling = np.minimum(ceiling, HIGHEST_SCORE)
    # A score that falls with more data does so by chance: the best law that does not fall is flat.
    ceiling = np.where(loss < 0, means, ceiling)
    loss = np.maximum(loss, 0.0)
    errors = ((ceiling[:, :, None] - loss[:, :, None] * falls[None] - scores[:, None, :]) ** 2).sum(axis=2)
    rows, best = np.arange(len(scores)), errors.argmin(axis=1)
    exponent = EXPONENTS[best]
    return PowerLaw(ceiling[rows, best], loss[rows, best] * sizes.max() ** exponent, exponent)
