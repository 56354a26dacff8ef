"""Logits to probabilities, without torch and to the last bit as torch computes them on a CPU with AVX-512.

A model then scores the same whether torch is installed or not. NumPy's own exponential and logarithm round otherwise.
torch takes SLEEF's (https://sleef.org, `expf` and `logf` with errors below one unit in the last place): a power of two
is split off, and a polynomial does the rest. A fused multiply-add is one in float64 that is rounded.
"""

import numpy as np

LOG2_E = np.float32(1.442695040888963407)
LN2_HIGH, LN2_LOW = np.float64(np.float32(0.693145751953125)), np.float64(np.float32(1.428606765330187045e-06))
"""ln 2 in two parts: products of the first one are exact"""
LN2 = np.log(2.0)
POWER_TERMS = np.array(
    [1.98527617612853646e-4, 1.39304355252534151e-3, 8.33336077630519867e-3, 4.16664853692054749e-2, 1 / 6, 0.5],
    dtype=np.float32,
).astype(np.float64)
LOGARITHM_TERMS = np.array([0.3027294874, 0.3996108174, 0.6666694880], dtype=np.float32).astype(np.float64)
"""Coefficients of the polynomials, the highest first"""
LEAST_ARGUMENT = np.float32(-104)
"""From here on the exponential is 0 in float32"""
LANES = 16
"""How many numbers torch adds at the same time"""


# A model may give NaN, which stays NaN; whoever reads the scores refuses it.
ignores_nan = np.errstate(invalid="ignore")


@ignores_nan
def softmax(logits: np.ndarray) -> np.ndarray:
    """Return the probabilities of labels, float32 (n, labels), of logits float32 (n, labels)."""
    powers = _raise(logits - logits.max(axis=1, keepdims=True))
    return powers * (np.float32(1) / _add_up(powers))


@ignores_nan
def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Return the logarithms of the probabilities of labels, float32 (n, labels), of logits float32 (n, labels)."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - _take_logarithms(_add_up(_raise(shifted)))


def _raise(values: np.ndarray) -> np.ndarray:
    """Return e to the power of numbers that are not positive."""
    least = np.maximum(values, LEAST_ARGUMENT)
    halvings = np.rint(least * LOG2_E)
    wide = halvings.astype(np.float64)
    rest = _round(least - wide * LN2_HIGH)
    rest = _round(rest - wide * LN2_LOW)
    result = _round(rest * rest) * _run_polynomial(POWER_TERMS, rest) + rest
    result = np.float32(1) + result.astype(np.float32)
    return np.where(values < LEAST_ARGUMENT, np.float32(0), np.ldexp(result, halvings.astype(np.int32)))


def _take_logarithms(values: np.ndarray) -> np.ndarray:
    """Return the logarithms of numbers that are 1 or more."""
    exponents = np.frexp(values * np.float32(4 / 3))[1] - 1
    mantissas = np.ldexp(values, -exponents)
    less, more = mantissas - np.float32(1), mantissas + np.float32(1)
    # The logarithm of a mantissa m is twice the inverse hyperbolic tangent of (m - 1) / (m + 1).
    ratios = less * (np.float32(1) / more)
    squares = ratios * ratios
    tail = squares * ratios * _run_polynomial(LOGARITHM_TERMS, squares.astype(np.float64)).astype(np.float32)
    wide = mantissas.astype(np.float64)
    return (exponents * LN2 + 2 * (wide - 1) / (wide + 1) + tail).astype(np.float32)


def _run_polynomial(terms: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return a polynomial at float64 values, rounded to float32 after each step."""
    result = np.full_like(values, terms[0])
    for term in terms[1:]:
        result = _round(result * values + term)
    return result


def _round(values: np.ndarray) -> np.ndarray:
    """Round to float32 what stays float64, for the next product."""
    return values.astype(np.float32).astype(np.float64)


def _add_up(rows: np.ndarray) -> np.ndarray:
    """Return the sums of rows, float32 (n, 1), added in the order of torch."""
    width = rows.shape[1]
    if width < LANES:
        return np.cumsum(rows, axis=1, dtype=np.float32)[:, -1:]
    lanes = rows[:, :LANES].copy()
    for start in range(LANES, width, LANES):
        part = rows[:, start : start + LANES]
        lanes[:, : part.shape[1]] += part
    while lanes.shape[1] > 1:
        half = lanes.shape[1] // 2
        lanes = lanes[:, :half] + lanes[:, half:]
    return lanes
