"""How a command ends: its exit code, and the message of a mistake instead of a traceback."""

import sys
from collections.abc import Callable, Sequence

from token_classification.errors import RejectedError, StoppedError, UserError

EXIT_SIGTERM = 128 + 15
"""What a shell gives for a command that SIGTERM ended"""
EXIT_REJECTED = 3
"""An export whose score fell by more than it may"""


def run_command(command: Callable[[list[str]], int | None], argv: Sequence[str]) -> int:
    """Run a command and give its exit code (None: 0).

    A mistake of the user ends with its message on stderr and exit code 2, SIGTERM with 143; an exported model that
    lost more than it may with 3.
    A bare `--debug` shows the traceback as well (`--debug underflow_overflow` keeps its meaning in Trainer).
    """
    argv = list(argv)
    show_traceback = False
    for position, argument in enumerate(argv):
        if argument == "--debug" and (position + 1 == len(argv) or argv[position + 1].startswith("--")):
            del argv[position]
            show_traceback = True
            break
    try:
        return command(argv) or 0
    except UserError as error:
        if show_traceback:
            raise
        print(f"error: {error}", file=sys.stderr)
        return 2
    except RejectedError as error:
        print(f"rejected: {error}", file=sys.stderr)
        return EXIT_REJECTED
    except StoppedError as ending:
        print(ending, file=sys.stderr)
        return EXIT_SIGTERM
