"""Length-grouped order: every window once, little padding, and the same order again for the same seed and epoch."""

import numpy as np

from token_classification.training.sampler import LengthGroupedSampler

LENGTHS = np.random.default_rng(0).integers(5, 100, size=1_000)


def count_positions(order: list[int], batch_size: int) -> int:
    """Padded positions of all batches."""
    batches = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    return sum(len(batch) * LENGTHS[batch].max() for batch in batches)


def test_every_window_comes_once():
    assert sorted(LengthGroupedSampler(LENGTHS, 8, seed=1)) == list(range(1_000))


def test_batches_hold_little_padding():
    grouped = count_positions(list(LengthGroupedSampler(LENGTHS, 8, seed=1)), 8)
    assert grouped < 1.15 * LENGTHS.sum()
    assert count_positions(list(range(1_000)), 8) > 1.5 * LENGTHS.sum()


def test_the_order_depends_on_seed_and_epoch_alone():
    first, again, other_seed = (LengthGroupedSampler(LENGTHS, 8, seed=seed) for seed in (1, 1, 2))
    orders = [list(first), list(first)]
    assert orders[0] == orders[1] == list(again)
    assert list(other_seed) != orders[0]
    first.set_epoch(1)
    assert list(first) != orders[0]
    first.set_epoch(0)
    assert list(first) == orders[0]
