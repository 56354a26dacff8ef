"""Which windows share a row."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from token_classification.training.packing.rows import plan_rows, round_up


@given(st.lists(st.integers(1, 64), min_size=1, max_size=80), st.sampled_from([64, 130, 512]), st.booleans())
def test_rows_hold_every_window_once_and_none_is_too_long(lengths, longest_row, has_long_rows):
    rows = plan_rows(lengths, longest_row, has_long_rows)
    assert sorted(place for row in rows for place in row) == list(range(len(lengths)))
    assert all(0 < sum(lengths[place] for place in row) <= longest_row for row in rows)


@pytest.mark.parametrize(
    ("batch_size", "has_long_rows", "share"),
    [(8, False, 1.15), (32, False, 1.1), (500, False, 1.1), (8, True, 1.05), (32, True, 1.03), (500, True, 1.02)],
)
def test_rows_need_little_padding(batch_size, has_long_rows, share):
    random = np.random.default_rng(0)
    packed, padded, real = 0, 0, 0
    for _ in range(20):
        lengths = random.integers(5, 75, size=batch_size).tolist()
        rows = plan_rows(lengths, 512, has_long_rows)
        packed += len(rows) * round_up(max(sum(lengths[place] for place in row) for row in rows), 512)
        padded += batch_size * max(lengths)
        real += sum(lengths)
    assert packed < share * real
    assert padded > 1.6 * real


def test_long_rows_are_no_longer_than_masks_should_be():
    rows = plan_rows([60] * 100, 8192, has_long_rows=True)
    assert max(map(len, rows)) == 8
    assert plan_rows([600, 20], 8192, has_long_rows=True) == [[0], [1]]


def test_windows_of_the_longest_length_keep_rows_of_their_own():
    assert plan_rows([512] * 8, 512) == [[place] for place in range(8)]
