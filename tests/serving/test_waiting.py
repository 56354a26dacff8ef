"""Which windows form the next batch: the most urgent one is in it, and all batches together cost least."""

import asyncio
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from token_classification.alignment.batches import Sharing
from token_classification.serving.waiting import (
    Call,
    Unit,
    choose_batch,
    count_places,
    cut_by_cost,
    find_due_times,
    take_urgent,
)

LENGTHS = st.lists(st.integers(1, 30), min_size=1, max_size=8)


def find_least_cost(lengths: list[int], budget: int, overhead: int, sharing: Sharing) -> float:
    """Try every way of cutting."""
    costs = []
    for marks in product([False, True], repeat=len(lengths) - 1):
        borders = [0, *(place for place, is_cut in enumerate(marks, start=1) if is_cut), len(lengths)]
        batches = [lengths[start:end] for start, end in pairwise(borders)]
        fits = all(len(batch) == 1 or len(batch) * max(batch) <= budget for batch in batches)
        may_share = sharing != Sharing.EQUAL_LENGTHS or all(len(set(batch)) == 1 for batch in batches)
        if fits and may_share:
            costs.append(sum(len(batch) * max(batch) + overhead for batch in batches))
    return min(costs)


@given(LENGTHS, st.integers(1, 90), st.integers(0, 40), st.sampled_from([Sharing.ANY_LENGTHS, Sharing.EQUAL_LENGTHS]))
def test_the_batches_cost_least_together(lengths, budget, overhead, sharing):
    lengths.sort(reverse=True)
    cuts = cut_by_cost(np.array(lengths), budget, overhead, sharing)
    assert [place for start, end in cuts for place in range(start, end)] == list(range(len(lengths)))
    batches = [lengths[start:end] for start, end in cuts]
    assert all(len(batch) == 1 or len(batch) * batch[0] <= budget for batch in batches)
    assert sharing == Sharing.ANY_LENGTHS or all(len(set(batch)) == 1 for batch in batches)
    cost = sum(len(batch) * batch[0] + overhead for batch in batches)
    assert cost == find_least_cost(lengths, budget, overhead, sharing)


def test_windows_that_may_not_share_are_alone():
    assert cut_by_cost(np.array([5, 5, 2]), 100, 10, Sharing.ONE_BY_ONE) == [(0, 1), (1, 2), (2, 3)]


def make_units(lengths: list[int], due: list[float]) -> list[Unit]:
    return [Unit(None, None, 0, 0, length, when) for length, when in zip(lengths, due, strict=True)]


def choose_next(units: list[Unit], budget: int, *settings, **more) -> tuple[list[Unit], list[Unit]]:
    """What the queue does with all that wait."""
    urgent, later = take_urgent(list(units), budget)
    batch, others = choose_batch(urgent, budget, *settings, **more)
    return batch, others + later


@given(st.lists(st.tuples(st.integers(1, 30), st.floats(0, 9)), min_size=1, max_size=20), st.integers(1, 90))
def test_the_most_urgent_window_is_in_the_next_batch(waiting, budget):
    units = make_units([length for length, _ in waiting], [due for _, due in waiting])
    batch, rest = choose_next(units, budget, 10, Sharing.ANY_LENGTHS)
    assert sorted(map(id, batch + rest)) == sorted(map(id, units))
    assert min(unit.due for unit in batch) == min(unit.due for unit in units)
    assert len(batch) == 1 or len(batch) * max(unit.length for unit in batch) <= budget


def test_what_is_not_urgent_is_not_looked_at():
    """Otherwise a full queue would wait for the longest of it."""
    units = make_units([4, 4, 4], [0.0, 2.0, 1.0])
    batch, rest = choose_next(units, 8, 100, Sharing.ANY_LENGTHS)
    assert {unit.due for unit in batch} == {0.0, 1.0}
    assert rest == [units[1]]


def test_lengths_that_are_padded_alike_share_a_batch():
    units = make_units([9, 16, 10], [0.0, 0.0, 0.0])
    assert len(choose_batch(units, 100, 2, Sharing.ANY_LENGTHS)[0]) < 3
    assert len(choose_batch(units, 100, 2, Sharing.ANY_LENGTHS, length_step=8)[0]) == 3


@given(st.lists(st.tuples(st.integers(1, 30), st.floats(0, 9)), min_size=1, max_size=40), st.integers(1, 900))
def test_batches_have_few_shapes_where_that_is_wanted(waiting, budget):
    units = make_units([length for length, _ in waiting], [due for _, due in waiting])
    urgent = min(units, key=lambda unit: unit.due)
    batch, rest = choose_next(units, budget, 8, Sharing.ANY_LENGTHS, length_step=8)
    assert len(batch) in (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
    assert urgent.due in [unit.due for unit in batch]
    assert {id(unit) for unit in batch + rest} == {id(unit) for unit in units}
    assert len(batch) + len(rest) == len(units)


def test_the_later_windows_of_a_long_text_are_due_later():
    due = find_due_times(5.0, np.array([100, 100, 50]), 0.01)
    assert due == pytest.approx([5.0, 7.0, 9.0])


def test_a_long_text_takes_several_places():
    assert list(map(count_places, (0, 1999, 2000, 10_000))) == [1, 1, 2, 6]


def test_a_call_that_failed_is_not_answered_any_more():
    async def fail_and_answer() -> None:
        call = Call(1)
        call.fail(ValueError("no"))
        call.answer(0, None)
        with pytest.raises(ValueError, match="no"):
            await call.future
        assert not call.is_wanted

    asyncio.run(fail_and_answer())
