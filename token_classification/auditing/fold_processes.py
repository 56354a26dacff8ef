"""Folds that are trained at the same time, each in a process of its own.

A process is given its fold through a pipe and sends back what its model thinks, or what stopped it. It writes nothing
into the results folder, and ends with the process that started it, however that ends.
"""

import logging
import pickle
import signal
import tempfile
import traceback
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING

from token_classification.child_processes import depend_on_parent
from token_classification.errors import StoppedError, UserError
from token_classification.exit_codes import explain_error
from token_classification.quick_imports import quick_imports

if TYPE_CHECKING:
    from token_classification.auditing.fold_training import FoldSettings
    from token_classification.auditing.read_file import LabelledFile
    from token_classification.inference.engine import Beliefs

logger = logging.getLogger(__name__)

PACKAGE = "token_classification"


@dataclass(frozen=True)
class FoldJob:
    """What a process has to do."""

    file: "LabelledFile"
    settings: "FoldSettings"
    rows: Sequence[int]
    threads: int
    folder: Path
    """Where it writes its model; this process removes it"""


@dataclass(frozen=True)
class LogLine:
    """A warning of a process."""

    level: int
    text: str


@dataclass(frozen=True)
class Failure:
    """What stopped a process."""

    message: str
    """What to tell the user, or the first line of a bug"""
    traceback: str | None = None
    """That of a bug"""
    is_stop: bool = False
    """Whether it was told to end (SIGTERM)"""


def train_at_once(
    file: "LabelledFile", settings: "FoldSettings", folds: Mapping[int, Sequence[int]], workers: int, threads: int
) -> Generator[tuple[int, "Beliefs"], None, None]:
    """Train models for some folds, several at the same time, and yield what they think, whichever is first.

    Args:
        file: The file, with tags.
        settings: How to train.
        folds: Number of each fold -> its sentences.
        workers: How many processes there are at a time.
        threads: How many threads each of them has.

    Raises:
        UserError: whatever is wrong with the encoder or the data, or a process was killed; the others are ended.
        StoppedError: a process was told to end.
    """
    waiting = list(folds.items())
    running: dict[Connection, tuple[int, BaseProcess]] = {}
    with tempfile.TemporaryDirectory() as folder:
        try:
            while waiting or running:
                while waiting and len(running) < workers:
                    number, rows = waiting.pop(0)
                    connection, process = start_process(number)
                    running[connection] = number, process
                    place = Path(folder) / str(number)
                    place.mkdir()
                    _give(connection, FoldJob(file, settings, rows, threads, place))
                ready = wait(list(running))
                for connection in [one for one in running if one in ready]:
                    number, process = running[connection]
                    found = _receive(connection, number, process)
                    if isinstance(found, LogLine):
                        logger.log(found.level, "Fold %s: %s", number, found.text)
                        continue
                    del running[connection]
                    process.join()
                    connection.close()
                    yield number, found
        finally:
            for connection, (_, process) in running.items():
                process.kill()
                process.join()
                connection.close()


def start_process(number: int) -> tuple[Connection, BaseProcess]:
    """Start a process that waits for its fold; return the pipe to it."""
    context = get_context("spawn")  # a copy of this process would hold its threads' locks
    ours, theirs = context.Pipe()
    process = context.Process(target=serve_fold, args=(theirs,), name=f"fold {number}")
    process.start()
    theirs.close()  # or the pipe would outlive the process
    return ours, process


def _give(connection: Connection, job: FoldJob) -> None:
    try:
        connection.send(job)
    except ConnectionError:
        return  # it is dead, which reading says again


def _receive(connection: Connection, number: int, process: BaseProcess) -> "Beliefs | LogLine":
    """Return what a process sent.

    Raises:
        UserError, StoppedError: it sent what stopped it, or nothing.
    """
    try:
        found = connection.recv()
    except (EOFError, ConnectionError):
        process.join()
        code = process.exitcode or 0
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        reason = ", as the system does when memory runs out" if code == -signal.SIGKILL else ""
        raise UserError(
            f"fold {number}: its process {how}{reason}; the folds that are finished are kept; type the same command "
            "again, if memory is short with a smaller --num_workers"
        ) from None
    if not isinstance(found, Failure):
        return found
    if found.is_stop:
        raise StoppedError(found.message)
    if found.traceback is None:
        raise UserError(found.message)
    error = RuntimeError(f"fold {number}: {found.message}")
    error.add_note(found.traceback)
    raise error


class _PipeHandler(logging.Handler):
    """Sends warnings to the process that shows them."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(logging.WARNING)
        self.connection = connection

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record."""
        self.connection.send(LogLine(record.levelno, record.getMessage()))


def serve_fold(connection: Connection) -> None:
    """Train the model of the fold that comes through a pipe, and send back what it thinks of its sentences."""
    depend_on_parent()
    logging.getLogger(PACKAGE).addHandler(_PipeHandler(connection))
    try:
        content = connection.recv_bytes()  # before the imports, for which the other end does not wait
        with quick_imports():
            import torch

            from token_classification.auditing.fold_training import train_fold
        job: FoldJob = pickle.loads(content)
        torch.set_num_threads(job.threads)
        tempfile.tempdir = str(job.folder)
        # The courses of several trainings in one terminal could not be read.
        connection.send(train_fold(job.file, job.settings, job.rows, shows_course=False))
    except StoppedError as error:
        connection.send(Failure(str(error), is_stop=True))
    except Exception as error:
        message = explain_error(error)
        if message is None:
            connection.send(Failure(f"{type(error).__name__}: {error}", traceback.format_exc()))
        else:
            connection.send(Failure(message))
