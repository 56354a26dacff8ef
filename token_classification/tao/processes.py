"""Processes of a command: one whose command line holds no key, and several for `-g N`."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from token_classification.errors import StoppedError
from token_classification.exit_codes import run_command
from token_classification.tao.archive.key import KEY_VARIABLE

WORKER_VARIABLE = "LOCAL_RANK"
"""Set by the launcher in each process of a run with several"""


def start_over_without_key(argv: Sequence[str]) -> None:
    """Replace this process, where a key is typed behind `-k`, by one that finds the key in the environment.

    Every user of the machine can read command lines, and libraries that track experiments record them.

    Args:
        argv: The command and what stands behind it, as it was typed.
    """
    try:
        key, rest = _split_key(argv)
    except argparse.ArgumentError:
        return  # a -k without a key, which the parser of the command says more about
    if not key or key.startswith("@") or sys.orig_argv[-len(argv) :] != list(argv):
        return
    _become([*sys.orig_argv[1 : -len(argv)], *rest], key)


def drop_key(argv: Sequence[str]) -> list[str]:
    """Return a command line without the key: its processes find it in the environment."""
    return _split_key(argv)[1]


def _split_key(argv: Sequence[str]) -> tuple[str | None, list[str]]:
    """Return what stands behind `-k`, and the command line without it."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("-k", "--key")
    options, rest = parser.parse_known_args(argv)
    return options.key, rest


def launch_processes(argv: Sequence[str], processes: int, key: str | None) -> NoReturn:
    """Replace this process by a launcher of several that run the same command.

    Args:
        argv: The command line of each process, without the key.
        processes: How many to start.
        key: The encryption key.
    """
    # Nothing is imported from the folder that the user is in, unless it is this project's own.
    safe_path = [] if Path.cwd() == Path(__file__).parents[2] else ["-P"]
    worker = [sys.executable, "-u", *safe_path, "-m", "token_classification", *argv]
    _become([*safe_path, "-m", __name__, str(processes), *worker], key)


def run_processes(argv: Sequence[str]) -> int:
    """Run a command in several processes; return the exit code of the first that failed, else 0.

    Args:
        argv: The number of processes, then the command.

    Raises:
        StoppedError: this process was told to end (SIGTERM); its processes have ended.
        KeyboardInterrupt: it was interrupted (Ctrl-C).
    """
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.run import main as torchrun

    processes, *command = argv
    try:
        torchrun(["--standalone", f"--nproc_per_node={processes}", "--no-python", *command])
    except ChildFailedError as error:
        # It has said what was wrong.
        code = error.get_first_failure()[1].exitcode
        # A process that a signal ended has its number, below 0; a shell says 128 and the number.
        return code if code >= 0 else 128 - code
    except SignalException as ending:
        if ending.sigval == signal.SIGINT:
            raise KeyboardInterrupt from None
        raise StoppedError(f"stopped by {ending.sigval.name}; type the same command to go on") from None
    return 0


def _become(python_arguments: Sequence[str], key: str | None) -> NoReturn:
    """Go on as another program of this Python, with the key in its environment."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os.execve(
        sys.executable,
        [sys.executable, *python_arguments],
        dict(os.environ) if key is None else {**os.environ, KEY_VARIABLE: key},
    )


if __name__ == "__main__":
    sys.exit(run_command(run_processes, sys.argv[1:]))
