"""Work that threads do at the same time, with its results in order."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def run_side_by_side(run: Callable[[Item], Result], items: Sequence[Item], threads: int) -> Iterator[Result]:
    """Yield what `run` makes of each item, in their order; the first exception ends it.

    Args:
        run: Releases Python's lock where it computes.
        items: What to run it on.
        threads: How many items are run at the same time. One is run in the thread of the caller.
    """
    threads = min(threads, len(items))
    if threads < 2:
        yield from map(run, items)
        return
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for item in items:
            waiting.append(pool.submit(run, item))
            # One more than run: whoever ends first has something to do while results are taken.
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
