"""Which windows share a row."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from token_classification.training.packing.rows import plan_rows, round_up


@given(st.lists(st.integers(1, 64), min_size=1, max_size=80), st.sampled_from([64, 130, 512]))
def test_rows_hold_every_window_once_and_none_is_too_long(lengths, longest_row):
    rows = plan_rows(lengths, longest_row)
    assert sorted(place for row in rows for place in row) == list(range(len(lengths)))
    assert all(0 < sum(lengths[place] for place in row) <= longest_row for row in rows)


@pytest.mark.parametrize(("batch_size", "share"), [(8, 1.15), (32, 1.1), (500, 1.1)])
def test_rows_need_little_padding(batch_size, share):
    random = np.random.default_rng(0)
    packed, padded, real = 0, 0, 0
    for _ in range(20):
        lengths = random.integers(5, 75, size=batch_size).tolist()
        rows = plan_rows(lengths, 512)
        packed += len(rows) * round_up(max(sum(lengths[place] for place in row) for row in rows), 512)
        padded += batch_size * max(lengths)
        real += sum(lengths)
    assert packed < share * real
    assert padded > 1.6 * real


def test_windows_of_the_longest_length_keep_rows_of_their_own():
    assert plan_rows([512] * 8, 512) == [[place] for place in range(8)]
