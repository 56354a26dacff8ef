"""The order of windows: each once, the heaviest batch first, and the same again for the same seed and epoch."""

from itertools import pairwise

import numpy as np
import pytest

from token_classification.alignment.align import build_aligner
from token_classification.data.labels import LabelSet
from token_classification.data.schemes import Scheme
from token_classification.data.sentences import Sentences
from token_classification.training.sampler import SplitWithBlank, WindowSampler

LENGTHS = np.random.default_rng(0).integers(5, 100, size=1_000)


def count_positions(order: list[int], batch_size: int) -> int:
    """Padded positions of all batches."""
    batches = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    return sum(len(batch) * LENGTHS[batch].max() for batch in batches)


@pytest.mark.parametrize("is_grouped", [True, False])
@pytest.mark.parametrize("count", [1, 5, 8, 997, 1_000])
def test_every_window_comes_once(count, is_grouped):
    assert sorted(WindowSampler(LENGTHS[:count], 8, 1, is_grouped)) == list(range(count))


def test_batches_hold_little_padding():
    grouped = count_positions(list(WindowSampler(LENGTHS, 8, 1, is_grouped=True)), 8)
    assert grouped < 1.15 * LENGTHS.sum()
    assert count_positions(list(range(1_000)), 8) > 1.5 * LENGTHS.sum()


def test_batches_of_all_lengths_come_in_any_order_after_the_longest():
    order = list(WindowSampler(LENGTHS, 8, 1, is_grouped=True))
    longest = [int(LENGTHS[order[start : start + 8]].max()) for start in range(0, len(order), 8)]
    assert longest[0] == LENGTHS.max()
    # Not by length within long stretches: as many steps up as down.
    ups = sum(one < other for one, other in pairwise(longest))
    assert 0.35 * len(longest) < ups < 0.65 * len(longest)


def test_the_last_batch_is_the_one_that_is_not_full():
    lengths = LENGTHS[:997]
    order = list(WindowSampler(lengths, 8, 1, is_grouped=True))
    assert sorted(order) == list(range(997))
    batches = [lengths[order[start : start + 8]] for start in range(0, 997, 8)]
    assert [len(batch) for batch in batches] == [8] * 124 + [5]
    assert np.mean([batch.max() - batch.min() for batch in batches]) < 10


def test_the_random_order_begins_with_the_heaviest_full_batch():
    order = list(WindowSampler(LENGTHS[:997], 8, 1, is_grouped=False))
    sums = [LENGTHS[order[start : start + 8]].sum() for start in range(0, 996, 8)]
    assert sums[0] == max(sums)
    # Nothing else is sorted: neighbours are as unlike as windows are.
    steps = np.abs(np.diff(LENGTHS[order[8:]]))
    assert abs(steps.mean() - np.abs(np.subtract.outer(LENGTHS, LENGTHS)).mean()) < 2


@pytest.mark.parametrize("is_grouped", [True, False])
def test_the_order_depends_on_seed_and_epoch_alone(is_grouped):
    first, again, other_seed = (WindowSampler(LENGTHS, 8, seed, is_grouped) for seed in (1, 1, 2))
    orders = [list(first), list(first)]
    assert orders[0] == orders[1] == list(again)
    assert list(other_seed) != orders[0]
    first.set_epoch(1)
    assert list(first) != orders[0]
    first.set_epoch(0)
    assert list(first) == orders[0]


def test_blanks_come_behind_all_windows():
    order = list(WindowSampler(LENGTHS, 8, 1, is_grouped=True))
    filled = WindowSampler(LENGTHS, 8, 1, is_grouped=True, blanks=3)
    assert list(filled) == [*order, 1_000, 1_000, 1_000]
    assert len(filled) == 1_003


def test_a_blank_window_has_no_label(wordpiece):
    aligner = build_aligner(wordpiece, LabelSet(("O", "B-PER"), Scheme.IOB2), window_length=64)
    split = aligner.align(Sentences([["Anna", "went"], ["Anna"]], [["B-PER", "O"], ["B-PER"]], [1, 4]))
    filled = SplitWithBlank(split)
    assert len(filled) == 2
    assert filled[0]["labels"].tolist() == split[0]["labels"].tolist()
    assert filled[2]["input_ids"].tolist() == split[1]["input_ids"].tolist()
    assert set(filled[2]["labels"]) == {-100}
    assert max(filled[1]["labels"]) == 1
