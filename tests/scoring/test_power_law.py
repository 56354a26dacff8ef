"""The inverse power law: found again where there is one, and never falling."""

import numpy as np
import pytest
from scipy.optimize import curve_fit

from token_classification.scoring.power_law import fit_power_laws

SIZES = np.array([200.0, 400.0, 800.0, 1600.0, 3200.0])


def law(size, ceiling, loss, exponent):
    return ceiling - loss * size**-exponent


@pytest.mark.parametrize(("ceiling", "loss", "exponent"), [(0.6, 2.0, 0.5), (0.9, 1.5, 0.2), (0.5, 40.0, 1.0)])
def test_a_law_is_found_again(ceiling, loss, exponent):
    fitted = fit_power_laws(SIZES, law(SIZES, ceiling, loss, exponent)[None])
    for size in (*SIZES, 4200.0):
        assert fitted.predict(size).item() == pytest.approx(law(size, ceiling, loss, exponent), abs=0.002)


def test_rows_are_fitted_as_scipys_least_squares_fits_them():
    random = np.random.default_rng(0)
    scores = law(SIZES, 0.6, 2.0, 0.5) + random.normal(0, 0.005, size=(30, 5))
    fitted = fit_power_laws(SIZES, scores)
    for row, values in enumerate(scores):
        bounds = ([0, 0, 0.05], [1, np.inf, 3])
        found, _ = curve_fit(law, SIZES, values, p0=[0.6, 2.0, 0.5], bounds=bounds, maxfev=20_000)
        theirs = ((law(SIZES, *found) - values) ** 2).sum()
        ours = sum((fitted.predict(size)[row] - value) ** 2 for size, value in zip(SIZES, values, strict=True))
        # The exponents are tried in steps of 2.6 %.
        assert ours <= theirs + 1e-6


def test_no_law_falls_or_rises_above_one():
    random = np.random.default_rng(1)
    scores = np.concatenate([random.random((200, 5)), [[0.9, 0.92, 0.95, 0.99, 1.0]], [[0.5, 0.4, 0.3, 0.2, 0.1]]])
    fitted = fit_power_laws(SIZES, scores)
    course = np.stack([fitted.predict(size) for size in (200, 800, 3200, 10_000, 1e9)])
    assert (np.diff(course, axis=0) >= -1e-12).all()
    assert (course <= 1 + 1e-9).all()
    # What falls by chance is flat at its mean.
    assert course[:, -1] == pytest.approx(0.3)
