"""With how many threads torch computes, chosen for each call; threads of Python may make calls at the same time.

`torch.set_num_threads` is for the thread that calls it, and for those that use torch for the first time from then on.
Such a newcomer must not keep what was chosen for the short call of another one.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch


class _Calls:
    """The calls with one thread that are running."""

    def __init__(self) -> None:
        self.running = 0
        self.threads = 1
        """What is set outside of them"""
        self.lock = threading.Lock()

    def settle(self) -> None:
        """Have this thread of Python compute with what is set outside, also if it uses torch for the first time."""
        if self.running:
            torch.set_num_threads(self.threads)
        else:
            self.threads = torch.get_num_threads()


_CALLS = _Calls()


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread as long as this lasts."""
    with _CALLS.lock:
        _CALLS.settle()
        _CALLS.running += 1
        torch.set_num_threads(1)
    try:
        yield
    finally:
        with _CALLS.lock:
            _CALLS.running -= 1
            torch.set_num_threads(_CALLS.threads)


@contextmanager
def all_threads() -> Iterator[None]:
    """Compute with as many threads as are set."""
    with _CALLS.lock:
        _CALLS.settle()
    yield
