"""The same command in several processes (`-g N`)."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

WORKER_VARIABLE = "LOCAL_RANK"
"""Set by the launcher in each process of a run with several."""


def launch_processes(argv: Sequence[str], processes: int, key: str | None) -> NoReturn:
    """Start the same command in several processes and leave with their exit code; they have said what was wrong."""
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.run import main as torchrun

    if key is not None:
        # By the environment: the command line of a process can be read by everybody on the machine.
        os.environ["TOKEN_CLASSIFICATION_KEY"] = key
    # -P: nothing is imported from the folder that the user is in, unless it is this project's own.
    safe_path = [] if Path.cwd() == Path(__file__).parents[2] else ["-P"]
    command = [sys.executable, "-u", *safe_path, "-m", "token_classification", *argv]
    try:
        torchrun(["--standalone", f"--nproc_per_node={processes}", "--no-python", *command])
    except ChildFailedError as error:
        code = error.get_first_failure()[1].exitcode
        # A process that a signal ended has its number, below 0; a shell says 128 and the number.
        sys.exit(code if code >= 0 else 128 - code)
    sys.exit(0)
