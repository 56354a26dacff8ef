"""Tasks for a model, done on the machines of a Ray cluster; whoever dies, no task is lost and no result comes twice.

A process of the cluster gets a task when it has its model and less than it can do: one whose machine is not there yet
holds nothing up. The tasks of a process that died go to others, and a new process takes its place as soon as the
cluster has one.
"""

import logging
import signal
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from token_classification.errors import UserError
from token_classification.extras import describe_missing
from token_classification.hardware import limit_threads
from token_classification.inference.predictor import Predictor
from token_classification.output_text import make_printable

logger = logging.getLogger(__name__)

Key = TypeVar("Key")
Result = TypeVar("Result")

SECONDS_TO_ANSWER = 10
SECONDS_TO_START = 60
"""After which it is said that no process has come yet"""
LONGEST_REASON = 800
"""Characters of what Ray says of a worker that died"""
MOST_TRIES = 4
"""Workers that may die of one task before it is given up: a text that takes all memory would kill every one of them"""


class RayTagger:
    """A process of the cluster that holds the model."""

    def __init__(self, open_predictor: Callable[[], Predictor], threads: int) -> None:
        limit_threads(threads)
        self.predictor = open_predictor()

    def wait(self) -> None:
        """Answer when the model is there."""

    def run(self, task: Callable[[Predictor], Any]) -> Any:  # noqa: ANN401 - whatever the task returns
        """Do a task."""
        return task(self.predictor)


@dataclass
class _Worker:
    """A process of the cluster."""

    actor: Any
    jobs: dict[Any, "_Job"] = field(default_factory=dict)
    """What it was given and has not answered yet, by Ray's reference to the answer"""


@dataclass
class _Job:
    """A task on its way."""

    key: Any
    task: Callable[[Predictor], Any]
    tries: int = 0
    is_done: bool = False
    result: Any = None


class RayPool:
    """The workers of a cluster."""

    def __init__(self, start_worker: Callable[[], Any], count: int) -> None:
        self._start_worker = start_worker
        self._starting: dict[Any, Any] = {}
        self._workers: list[_Worker] = []
        self._reason = ""
        """What Ray says of the worker that died last"""
        for _ in range(count):
            self._start()

    def run(
        self, tasks: Iterable[tuple[Key, Callable[[Predictor], Result]]], ahead: int
    ) -> Iterator[tuple[Key, Result]]:
        """Yield the results of tasks in their order.

        Args:
            tasks: Taken as they are needed.
            ahead: Most tasks that a worker has at a time.

        Raises:
            UserError: all workers are dead, a task kills them, or the model refused.
        """
        jobs: deque[_Job] = deque()
        unsent: deque[_Job] = deque()
        untaken = iter(tasks)
        while True:
            # Read no further than the workers are: what waits here fills memory.
            for key, task in islice(untaken, max(0, ahead * max(1, len(self._workers)) - len(jobs))):
                jobs.append(_Job(key, task))
                unsent.append(jobs[-1])
            if not jobs:
                return
            self._send(unsent, ahead)
            if not jobs[0].is_done:
                self._wait(unsent)
            while jobs and jobs[0].is_done:
                job = jobs.popleft()
                yield job.key, job.result

    def _send(self, unsent: deque[_Job], ahead: int) -> None:
        """Give tasks to the least busy workers."""
        while unsent and self._workers:
            worker = min(self._workers, key=lambda one: len(one.jobs))
            if len(worker.jobs) >= ahead:
                return
            job = unsent.popleft()
            worker.jobs[worker.actor.run.remote(job.task)] = job

    def _wait(self, unsent: deque[_Job]) -> None:
        """Wait until something happens: an answer, a worker that is ready, one that died.

        Raises:
            UserError: there are no workers any more.
        """
        import ray

        if not self._workers and not self._starting:
            raise UserError(
                f"all workers of the Ray cluster have died ({self._reason}); accepted: a cluster that runs (ray "
                "status), with this package and the model at the same place on each machine; what is done is kept: "
                "the same command with --resume goes on"
            )
        owners = {reference: worker for worker in self._workers for reference in worker.jobs}
        timeout = None if self._workers else SECONDS_TO_START
        happened, _ = ray.wait([*owners, *self._starting], num_returns=1, timeout=timeout)
        if not happened:
            logger.warning(
                "No process of the Ray cluster has opened the model for %d s; ray status shows what the cluster waits "
                "for.",
                SECONDS_TO_START,
            )
        for reference in happened:
            if reference in self._starting:
                self._admit(reference)
            else:
                self._collect(owners[reference], reference, unsent)

    def _start(self) -> None:
        actor = self._start_worker()
        self._starting[actor.wait.remote()] = actor

    def _admit(self, reference: Any) -> None:  # noqa: ANN401 - Ray's
        """Take in a worker that is ready; one that died before is not replaced, since the next would die, too."""
        import ray

        actor = self._starting.pop(reference)
        try:
            ray.get(reference)
        except ray.exceptions.RayActorError as error:
            self._note_death(error)
        else:
            self._workers.append(_Worker(actor))

    def _collect(self, worker: _Worker, reference: Any, unsent: deque[_Job]) -> None:  # noqa: ANN401 - Ray's
        """Take an answer; if its worker died, its tasks are to be sent again, and another one is started.

        Raises:
            UserError: this task has killed too many, or the model refused.
        """
        import ray

        job = worker.jobs[reference]
        try:
            job.result = ray.get(reference)
        except ray.exceptions.RayActorError as error:
            self._workers.remove(worker)
            self._note_death(error)
            ray.kill(worker.actor)  # one that only can't be reached may still live, and have its place
            # A worker does its tasks one after the other, so it died of the first one, if of any.
            first = next(iter(worker.jobs.values()))
            first.tries += 1
            if first.tries == MOST_TRIES:
                raise UserError(
                    f"{MOST_TRIES} workers of the Ray cluster have died of the same records ({self._reason}); "
                    "accepted: workers with enough memory for the longest texts; what is done is kept: the same "
                    "command with --resume goes on"
                ) from error
            unsent.extendleft(reversed(worker.jobs.values()))
            self._start()
        except ray.exceptions.RayTaskError as error:
            raise error.cause from error
        else:
            job.is_done = True
            del worker.jobs[reference]

    def _note_death(self, error: Exception) -> None:
        # The end says what went wrong, where all before it says in which calls.
        self._reason = make_printable(" ".join(str(error).split()))[-LONGEST_REASON:]
        logger.warning("A worker of the Ray cluster died (%s); %d are left.", self._reason, len(self._workers))


@contextmanager
def _keeping_sigterm() -> Iterator[None]:
    """Put back who handles SIGTERM: Ray puts itself there, and would end the command without a word."""
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)


def _knock(address: str) -> None:
    """Find out whether anybody is at an address, where Ray itself would go on asking for minutes.

    Raises:
        OSError: nobody is.
        ValueError: it is not HOST:PORT.
    """
    host, colon, port = address.rpartition(":")
    if colon and "://" not in address:
        socket.create_connection((host, int(port)), timeout=SECONDS_TO_ANSWER).close()


@contextmanager
def open_ray_pool(address: str, count: int, open_predictor: Callable[[], Predictor]) -> Iterator[RayPool]:
    """Start workers on a Ray cluster, and end them with the block.

    Args:
        address: `auto` for the cluster that this machine belongs to, or HOST:PORT.
        count: Workers; each takes a CPU of the cluster, or a GPU where there are enough.
        open_predictor: Opens the model, which must be at the same place on every machine.

    Raises:
        UserError: Ray is not installed, or there is no cluster.
    """
    try:
        import ray
    except ImportError as error:
        raise UserError(f"--engine ray: {describe_missing('ray')}") from error
    try:
        _knock(address)
        with _keeping_sigterm():
            ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False)
    except (OSError, RuntimeError, ValueError) as error:
        raise UserError(
            f"--ray_address {address}: there is no Ray cluster ({str(error).partition(chr(10))[0]:.200}); start one "
            "with: ray start --head (on other machines: ray start --address HOST:6379)"
        ) from None  # not what the system refuses while the files are written
    try:
        resources = ray.cluster_resources()  # type: ignore[no-untyped-call]  # it has no types
        gpus = int(resources.get("GPU", 0) >= count)
        if not gpus and resources.get("CPU", 0) < count:
            logger.warning(
                "--num_workers %d: the cluster has %d CPUs; the other workers start when there are more.",
                *(count, int(resources.get("CPU", 0))),
            )
        kind = ray.remote(RayTagger).options(num_cpus=1, num_gpus=gpus, scheduling_strategy="SPREAD")
        yield RayPool(lambda: kind.remote(open_predictor, 1), count)
    finally:
        ray.shutdown()
