"""Probabilities without torch: to the last bit those that torch gives."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from token_classification.scoring.softmax import log_softmax, softmax

IS_EXACT = torch.backends.cpu.get_cpu_capability() == "AVX512"
"""Elsewhere torch adds in another order"""

logits = st.tuples(st.integers(1, 12), st.integers(1, 70)).flatmap(
    lambda shape: arrays(np.float32, shape, elements=st.floats(-300, 300, width=32))
)


def assert_same(found: np.ndarray, expected: torch.Tensor) -> None:
    assert found.dtype == np.float32
    if IS_EXACT:
        np.testing.assert_array_equal(found, expected.numpy())
    else:
        np.testing.assert_allclose(found, expected.numpy(), rtol=1e-6, atol=1e-7)


@given(logits)
@settings(deadline=None, max_examples=200)
def test_both_are_those_of_torch(rows):
    assert_same(softmax(rows), torch.from_numpy(rows).softmax(dim=-1))
    assert_same(log_softmax(rows), torch.from_numpy(rows).log_softmax(dim=-1))


@pytest.mark.parametrize("labels", [1, 2, 9, 15, 16, 17, 33, 64, 75])
@pytest.mark.parametrize("scale", [0.01, 1, 10, 100])
def test_many_rows_of_every_width(labels, scale):
    rows = (scale * np.random.default_rng(labels).standard_normal((5000, labels))).astype(np.float32)
    assert_same(softmax(rows), torch.from_numpy(rows).softmax(dim=-1))
    assert_same(log_softmax(rows), torch.from_numpy(rows).log_softmax(dim=-1))


def test_nan_stays_nan_without_a_warning(recwarn):
    found = softmax(np.float32([[1, np.nan, 2], [1, 2, 3]]))
    assert np.isnan(found[0]).all()
    assert np.isfinite(found[1]).all()
    assert not recwarn.list
