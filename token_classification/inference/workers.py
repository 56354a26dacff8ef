"""Tasks for a model, done by several processes; their results come in the order of the tasks."""

import logging
import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.queues import SimpleQueue
from typing import TypeVar

from token_classification.child_processes import depend_on_parent
from token_classification.errors import UserError
from token_classification.hardware import count_threads, limit_threads, take_accelerator
from token_classification.inference.answers import Answer, find_in_records
from token_classification.inference.opened_model import TORCH_BACKENDS
from token_classification.inference.predictor import Predictor
from token_classification.inference.ray_pool import open_ray_pool
from token_classification.inference.records import BadRecord, Record

Chunk = list[Record | BadRecord]
Key = TypeVar("Key")
Result = TypeVar("Result")
Task = Callable[[Predictor], Result]
"""What a process does with its model; it is sent there, so it is a `partial` of a function of a module"""

TORCH_MODULE = "token_classification.inference.torch_network"
"""What opens a model that runs with torch"""
TASKS_AHEAD = 2
"""Of each process: one that it works on, and the next, so that it never waits for the first process"""


@dataclass(frozen=True)
class Workers:
    """The processes that tag, each with the model."""

    count: int
    open_predictor: Callable[[], Predictor]
    """Opens the model; it is sent to the processes, so it is a function of a module or a `partial` of one"""
    ray_address: str | None = None
    """Of the Ray cluster on which they run; None: on this machine"""


def answer_chunks(
    predictor: Predictor, chunks: Iterable[Chunk], workers: Workers | None
) -> Iterator[tuple[Chunk, list[Answer]]]:
    """Yield chunks with the answers to those of their records that can be tagged.

    Args:
        predictor: The model in this process, which tags where there are no others.
        chunks: Read as they are needed.
        workers: Several processes; each gets its share of the cores, or a GPU.

    Raises:
        UserError: a process died.
    """
    tasks = ((chunk, partial(find_in_records, records=_list_records(chunk))) for chunk in chunks)
    for chunk, results in run_tasks(predictor, tasks, workers):
        found = zip(_list_records(chunk), results, strict=True)
        yield chunk, [Answer(record, tagged, entities) for record, (tagged, entities) in found]


def _list_records(chunk: Chunk) -> list[Record]:
    return [record for record in chunk if isinstance(record, Record)]


def run_tasks(
    predictor: Predictor, tasks: Iterable[tuple[Key, Task[Result]]], workers: Workers | None
) -> Iterator[tuple[Key, Result]]:
    """Yield the results of tasks in their order, each with what it is called.

    Args:
        predictor: The model in this process, which does the tasks where there are no others.
        tasks: Taken as they are needed.
        workers: Several processes.

    Raises:
        UserError: a process died.
    """
    if workers is None or (workers.count == 1 and workers.ray_address is None):
        yield from ((key, task(predictor)) for key, task in tasks)
    elif workers.ray_address is not None:
        with open_ray_pool(workers.ray_address, workers.count, workers.open_predictor) as pool:
            yield from pool.run(tasks, TASKS_AHEAD)
    else:
        waiting: deque[tuple[Key, Future[Result]]] = deque()
        with _open_pool(workers, predictor.engine.backend in TORCH_BACKENDS) as executor:
            for key, task in tasks:
                waiting.append((key, executor.submit(_do, task)))
                if len(waiting) >= TASKS_AHEAD * workers.count:
                    yield _collect(*waiting.popleft())
            while waiting:
                yield _collect(*waiting.popleft())


def _collect(key: Key, future: Future[Result]) -> tuple[Key, Result]:
    return key, future.result()


@contextmanager
def _open_pool(workers: Workers, with_torch: bool) -> Iterator[ProcessPoolExecutor]:
    """Start the processes, and end them with the block; `with_torch` if their model needs it.

    Raises:
        UserError: one of them died.
    """
    # A fork of this process would hold locks of threads that it does not have. That of a server, which has imported
    # the libraries and done nothing with them, is free of that, and they are imported once for all.
    is_forked = "forkserver" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if is_forked else "spawn")
    if is_forked:
        context.set_forkserver_preload([__name__, *([TORCH_MODULE] if with_torch else [])])
    numbers = context.SimpleQueue()
    for number in range(workers.count):
        numbers.put(number)
    threads = max(1, count_threads() // workers.count)
    pool = ProcessPoolExecutor(
        workers.count,
        context,
        _start_worker,
        (numbers, threads, workers.open_predictor, logging.root.level, with_torch),
    )
    try:
        yield pool
    except BrokenProcessPool as error:
        raise UserError(
            f"one of {workers.count} processes died, probably because memory ran out; what is done is kept: the same "
            f"command with --resume goes on; with --num_workers {workers.count - 1} it needs less"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


_own: dict[str, Predictor] = {}
"""The model of this process, if it is a worker"""


def _start_worker(
    numbers: "SimpleQueue[int]", threads: int, open_predictor: Callable[[], Predictor], level: int, with_torch: bool
) -> None:
    """Open the model in a new process."""
    depend_on_parent()
    # What opening a model has to say, the first process has said.
    logging.basicConfig(level=max(level, logging.ERROR))
    limit_threads(threads)
    number = numbers.get()
    if with_torch:
        take_accelerator(number)
    _own["predictor"] = open_predictor()


def _do(task: Task[Result]) -> Result:
    return task(_own["predictor"])
