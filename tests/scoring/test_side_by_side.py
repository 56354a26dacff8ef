"""Threads that work at the same time: results in order, errors at once, no more at a time than was asked for."""

import threading

import pytest

from token_classification.scoring.side_by_side import run_side_by_side

SECONDS = 20


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("count", [0, 1, 2, 7, 40])
def test_results_come_in_order(threads, count):
    assert [*run_side_by_side(str, range(count), threads)] == [*map(str, range(count))]


def test_the_slowest_holds_its_place():
    is_over = threading.Event()

    def run(item: int) -> int:
        if item == 0:
            assert is_over.wait(SECONDS)
        elif item == 2:
            is_over.set()
        return item

    assert [*run_side_by_side(run, range(9), 2)] == [*range(9)]


def test_as_many_run_at_a_time_as_there_are_threads():
    meeting, lock, running = threading.Barrier(3), threading.Lock(), []
    most = []

    def run(item: int) -> None:
        with lock:
            running.append(item)
            most.append(len(running))
        meeting.wait(SECONDS)  # BrokenBarrierError, unless three come
        with lock:
            running.remove(item)

    list(run_side_by_side(run, range(9), 3))
    assert max(most) == 3


def test_an_error_ends_it():
    seen = []

    def run(item: int) -> int:
        seen.append(item)
        if item == 3:
            raise ValueError("broken")
        return item

    answers = run_side_by_side(run, range(100), 2)
    assert [next(answers) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="broken"):
        next(answers)
    assert len(seen) < 100


def test_one_at_a_time_runs_in_the_thread_of_the_caller():
    assert [*run_side_by_side(lambda _: threading.get_ident(), [1, 2], 1)] == [threading.get_ident()] * 2
    assert [*run_side_by_side(lambda _: threading.get_ident(), [1], 4)] == [threading.get_ident()]
