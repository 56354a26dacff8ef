"""A short call takes one thread, whoever else calls; afterwards everything is as it was."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import nn

from token_classification.scoring.few_threads import all_threads, one_thread
from token_classification.scoring.torch_runner import SMALL_CALL, count_small_call, run_with_torch

SECONDS = 20


@pytest.fixture(autouse=True)
def three_threads():
    """More than one, whatever the machine has."""
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def in_new_thread(ask):
    """What a thread that has not used torch yet gives."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(ask).result(SECONDS)


def test_one_thread_and_then_as_before():
    with one_thread():
        assert torch.get_num_threads() == 1
        with one_thread():
            assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 3
    assert in_new_thread(torch.get_num_threads) == 3


def test_an_error_leaves_everything_as_it_was():
    with pytest.raises(ValueError, match="broken"), one_thread():
        raise ValueError("broken")
    assert torch.get_num_threads() == 3


def test_what_is_set_between_calls_counts():
    with one_thread():
        pass
    torch.set_num_threads(2)
    with one_thread():
        pass
    assert torch.get_num_threads() == 2


@pytest.mark.parametrize("kind", [one_thread, all_threads])
def test_a_thread_that_begins_meanwhile_keeps_all_threads(kind):
    def call() -> tuple[int, int]:
        with kind():
            inside = torch.get_num_threads()
        with all_threads():
            return inside, torch.get_num_threads()

    with one_thread():
        assert in_new_thread(call) == (1 if kind is one_thread else 3, 3)
    assert torch.get_num_threads() == 3
    assert in_new_thread(torch.get_num_threads) == 3


def test_calls_that_end_in_any_order():
    entered, leave = threading.Event(), threading.Event()

    def call() -> int:
        with one_thread():
            entered.set()
            assert leave.wait(SECONDS)
        return torch.get_num_threads()

    with ThreadPoolExecutor(1) as pool:
        with one_thread():
            other = pool.submit(call)
            assert entered.wait(SECONDS)
        assert torch.get_num_threads() == 3
        leave.set()
        assert other.result(SECONDS) == 3
    assert in_new_thread(torch.get_num_threads) == 3


@pytest.mark.parametrize(("rows", "small_call", "threads"), [(1, 8, 1), (2, 8, 3), (1, 0, 3)])
def test_the_size_of_a_batch_decides(rows, small_call, threads):
    seen = []

    def run(inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        seen.append(torch.get_num_threads())
        return inputs["input_ids"].unsqueeze(-1).float()

    run_model = run_with_torch(run, "cpu", small_call)
    run_model({"input_ids": np.ones((rows, 8), dtype=np.int64)}, np.zeros(1, dtype=int), np.zeros(1, dtype=int))
    assert seen == [threads]


def test_large_models_have_no_small_calls():
    small, large = nn.Sequential(nn.Linear(100, 100), nn.ReLU()), nn.Linear(20_000, 20_000, device="meta")
    assert count_small_call(small) == SMALL_CALL // 20_000
    assert count_small_call(large) == 0
