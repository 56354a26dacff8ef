"""How a command ends: its exit code, and one line on stderr instead of a traceback."""

import atexit
import errno
import os
import platform
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from types import FrameType
from typing import NoReturn

from token_classification.errors import RejectedError, StoppedError, UserError
from token_classification.extras import explain_missing_extra
from token_classification.output_text import make_printable_lines
from token_classification.system_errors import find_error_number

EXIT_MISTAKE = 2
"""Something that the user can fix"""
EXIT_REJECTED = 3
"""An export whose score fell too far"""
EXIT_BUG = 70
"""A bug: EX_SOFTWARE of sysexits.h. Not 1, with which `check` reports warnings"""
EXIT_INTERRUPTED = 128 + 2
"""As shells report a command that was ended by Ctrl-C"""
EXIT_CLOSED_PIPE = 128 + 13
"""As shells report a command that wrote to a pipe that nobody reads any more (`| head`)"""
EXIT_SIGTERM = 128 + 15
"""As shells report a command that was ended by SIGTERM"""

NEXT_STEPS = {
    errno.ENOSPC: "make room on that disk, or give another folder",
    errno.EDQUOT: "make room within your quota, or give another folder",
    errno.EFBIG: "raise the limit on the size of files (ulimit -f), or give another folder",
    errno.EROFS: "give a folder that can be written to",
    errno.EACCES: "give a place that this user may use; check it with: ls -ld",
    errno.EPERM: "give a place that this user may use; check it with: ls -ld",
    errno.ENOENT: "check the path",
    errno.EISDIR: "give a file instead of a folder",
    errno.ENOTDIR: "give a folder instead of a file",
    errno.EEXIST: "give another name",
    errno.ENAMETOOLONG: "give a shorter name",
    errno.ELOOP: "check where the link leads",
    errno.EMFILE: "raise the limit on open files (ulimit -n)",
}
"""Why the system refused -> what to do about it"""
REPORTED_PACKAGES = ("token-classification", "torch", "transformers", "datasets", "accelerate")


def run_command(command: Callable[[list[str]], int | None], argv: Sequence[str]) -> int:
    """Run a command and return its exit code.

    A mistake of the user, or a refusal of the system, ends with one message on stderr and exit code 2; a bug ends with
    70, and leaves its traceback in a file. A bare `--debug` shows the traceback instead (`--debug underflow_overflow`
    keeps its meaning in Trainer).
    """
    argv, is_debugged = _take_debug_flag(argv)
    try:
        code = command(argv) or 0
        # A closed pipe is handled here; when the interpreter ends, it would be too late.
        sys.stdout.flush()
        return code
    except RejectedError as error:
        _print_message(f"rejected: {error}")
        return EXIT_REJECTED
    except StoppedError as ending:
        _print_message(str(ending))
        return EXIT_SIGTERM
    except KeyboardInterrupt:
        _print_message("interrupted")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # What is still buffered would fail again when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_CLOSED_PIPE
    except Exception as error:
        if is_debugged:
            raise
        message = explain_error(error)
        if message is None:
            _print_message(describe_bug(error))
            return EXIT_BUG
        _print_message(f"error: {message}")
        return EXIT_MISTAKE


def leave(code: int) -> int:
    """Return the exit code with which this program is to end; where it is one of a group of processes, end it here.

    While the interpreter is taken apart, a thread of gloo may still have to free a tensor of the last exchange. It
    would be ended in the middle of that, and with it the process (SIGABRT).
    """
    distributed = sys.modules.get("torch.distributed")
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return code
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


@contextmanager
def ending_at_sigterm() -> Iterator[None]:
    """Let SIGTERM end a command as an error does, so that it cleans up; only a main thread can listen."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(EXIT_SIGTERM)


def _print_message(text: str) -> None:
    """Print a line of its own to stderr; what the text quotes from data and names cannot control the terminal."""
    _end_progress_bars()
    print(make_printable_lines(text), file=sys.stderr)


def _end_progress_bars() -> None:
    """Close the progress bars that an error left open: the cursor still stands at the end of the last one."""
    tqdm = sys.modules.get("tqdm")
    if tqdm is not None:
        for bar in list(tqdm.tqdm._instances):
            bar.close()


def _take_debug_flag(argv: Sequence[str]) -> tuple[list[str], bool]:
    """Return the arguments without a bare `--debug`, and whether there was one."""
    for position, argument in enumerate(argv):
        if argument == "--debug" and (position + 1 == len(argv) or argv[position + 1].startswith("--")):
            return [*argv[:position], *argv[position + 1 :]], True
    return list(argv), False


def explain_error(error: Exception) -> str | None:
    """What to tell the user of an error that nobody has explained on its way; None for a bug."""
    if isinstance(error, UserError):
        return str(error)
    number = find_error_number(error)
    if number is not None:
        name = getattr(error, "filename", None)
        place = os.fsdecode(name) if isinstance(name, (str, bytes, os.PathLike)) else "system"
        step = NEXT_STEPS.get(number, "check this place, then type the same command again")
        return f"{place}: {getattr(error, 'strerror', None) or os.strerror(number)}; {step}"
    if isinstance(error, ModuleNotFoundError):
        return explain_missing_extra(error)
    if isinstance(error, MemoryError):
        return "out of memory; close other programs, or give smaller files or batches"
    if isinstance(error, RecursionError):
        return "nested too deeply: an input has more levels within each other than can be read; make it flatter"
    if isinstance(error, UnicodeError):
        return (
            f"text that can't be read or written as {getattr(error, 'encoding', 'UTF-8')} ({error}); accepted is "
            "UTF-8, in files and in their names"
        )
    return None


def describe_bug(error: Exception) -> str:
    """Return what to tell the user about a bug; its traceback goes to a file that can be sent along."""
    handle, path = tempfile.mkstemp(prefix="token-classification-", suffix=".traceback.txt")
    with open(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(f"Python {platform.python_version()} on {platform.platform()}\n{_list_versions()}\n\n")
        file.writelines(traceback.format_exception(error))
    first_line = str(error).strip().partition("\n")[0]
    return (
        f"internal error: {type(error).__name__}: {first_line}\n"
        f"This is a bug of this tool, not of your data: please report it with {path}"
    )


def _list_versions() -> str:
    found = []
    for name in REPORTED_PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} not installed")
    return ", ".join(found)
