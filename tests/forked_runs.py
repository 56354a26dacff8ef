"""Runs of `run_ner.py` in processes of their own, forked off a server that has imported what they need.

A process that imports it all itself takes most of its time for that.
"""

import multiprocessing
import os
import socket
import sys
from collections.abc import Callable, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path

FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload(["token_classification.story", "transformers.models.bert", "run_ner"])


class ForkedRun:
    """A call in a process of its own, whose output lines can be read while it runs.

    Nothing is read ahead: a line is there as soon as the process has written it.
    """

    def __init__(self, call: Callable[[], int], folder: Path, environment: dict[str, str] | None = None):
        """Start it.

        Args:
            call: Gives the exit code; is pickled.
            folder: Where the process works, and its streams lie.
            environment: What else is in its environment.
        """
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.out, self.problems = folder / "stdout", folder / "stderr"
        self.out.unlink(missing_ok=True)
        os.mkfifo(self.out)
        self.process: BaseProcess = FORKED.Process(target=_work, args=(call, folder, environment or {}))
        self.process.start()
        self.lines = self.out.open(encoding="utf-8")

    def finish(self) -> tuple[int, str]:
        """Wait for the end; gives the exit code and what was written to stderr."""
        self.lines.read()
        self.lines.close()
        self.process.join()
        assert self.process.exitcode is not None
        return self.process.exitcode, self.problems.read_text(encoding="utf-8")


def run_script(arguments: Sequence[str]) -> int:
    """`python run_ner.py ARGUMENTS`."""
    import run_ner

    sys.argv = ["run_ner.py", *arguments]
    return run_ner.run()


def name_ranks(processes: int) -> list[dict[str, str]]:
    """What a launcher puts into the environment of each process of a group; nothing for one process."""
    if processes == 1:
        return [{}]
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    common = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(processes)}
    common["LOCAL_WORLD_SIZE"] = common["WORLD_SIZE"]
    return [common | {"RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(processes)]


def _work(call: Callable[[], int], folder: Path, environment: dict[str, str]) -> None:
    """Write to the streams' files, and leave as a program does."""
    import torch

    torch.set_num_threads(1)
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), number)
    sys.stdout = open(1, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115 - until the process ends
    sys.stderr = open(2, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115 - likewise
    os.environ.update(environment)
    os.chdir(folder)
    sys.exit(call())
