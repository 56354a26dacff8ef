"""Chunks of records, tagged on the machines of a Ray cluster; whoever dies, no chunk is lost and none comes twice.

The first process reads, cuts into chunks and writes, as without a cluster, so files, `--resume` and what becomes of
bad records are the same. A chunk whose worker died is given to another one.
"""

import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from token_classification.errors import UserError
from token_classification.extras import describe_missing
from token_classification.inference.answers import Found, find_in_records
from token_classification.inference.predictor import Predictor
from token_classification.inference.records import Record
from token_classification.output_text import make_printable

logger = logging.getLogger(__name__)

SECONDS_TO_ANSWER = 10
LONGEST_REASON = 800
"""Characters of what Ray says of a worker that died"""


class RayTagger:
    """A process of the cluster that holds the model."""

    def __init__(self, open_predictor: Callable[[], Predictor], threads: int) -> None:
        torch.set_num_threads(threads)
        self.predictor = open_predictor()

    def tag(self, records: Sequence[Record]) -> Found:
        """Answer some records."""
        return find_in_records(self.predictor, records)


@dataclass
class RayAnswer:
    """The answers to a chunk, which may still be on their way."""

    pool: "RayPool"
    records: Sequence[Record]
    worker: int
    reference: Any

    def result(self) -> Found:
        """Wait for the answers.

        Raises:
            UserError: all workers are dead, or the model refused.
        """
        import ray

        while True:
            try:
                found: Found = ray.get(self.reference)
            except ray.exceptions.RayActorError as error:
                self.pool.bury(self.worker, str(error))
                self.worker, self.reference = self.pool.send(self.records)
            except ray.exceptions.RayTaskError as error:
                raise error.cause from error
            else:
                self.pool.finished(self.worker)
                return found


class RayPool:
    """The workers of a cluster, the least busy of which gets the next chunk."""

    def __init__(self, workers: Sequence[Any]) -> None:
        self._workers = dict(enumerate(workers))
        self._unanswered = dict.fromkeys(self._workers, 0)
        self._reason = ""
        """What Ray says of the worker that died last"""

    def submit(self, records: Sequence[Record]) -> RayAnswer:
        """Give some records to a worker."""
        worker, reference = self.send(records)
        return RayAnswer(self, records, worker, reference)

    def send(self, records: Sequence[Record]) -> tuple[int, Any]:
        """Give some records to the least busy worker, and return which it is, and a reference to its answer.

        Raises:
            UserError: there is none any more.
        """
        if not self._workers:
            raise UserError(
                f"all workers of the Ray cluster have died ({self._reason}); accepted: a cluster that runs (ray "
                "status), with this package and the model at the same place on each machine; what is done is kept: "
                "the same command with --resume goes on"
            )
        worker = min(self._workers, key=self._unanswered.__getitem__)
        self._unanswered[worker] += 1
        return worker, self._workers[worker].tag.remote(records)

    def finished(self, worker: int) -> None:
        """Note that a worker has answered."""
        self._unanswered[worker] -= 1

    def bury(self, worker: int, reason: str) -> None:
        """Note that a worker is dead; its other chunks find out one by one."""
        if self._workers.pop(worker, None) is None:
            return
        # The end says what went wrong, where all before it says in which calls.
        self._reason = make_printable(" ".join(reason.split()))[-LONGEST_REASON:]
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
        yield RayPool([kind.remote(open_predictor, 1) for _ in range(count)])
    finally:
        ray.shutdown()
