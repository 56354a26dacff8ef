"""A temporary folder for what must not stay behind, not even after a kill.

The folder is readable by its user only and removed when the work in it ends: well, with an error, or because the
command is told to end (SIGTERM, SIGHUP). After SIGKILL or a loss of power nothing can remove it; the next command that
needs such a folder does, and says so. So that it can tell a folder that is in use from one that was left, each has a
file beside it that its process keeps locked, from before the folder is made; the system frees the lock of a process
that is gone.
"""

import logging
import os
import re
import secrets
import shutil
import signal
import stat
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from filelock import FileLock, Timeout

from token_classification.errors import UserError

logger = logging.getLogger(__name__)

PREFIX = "token-classification-model-"
NAME = re.compile(rf"{PREFIX}[0-9a-f]{{16}}")
LOCK_SUFFIX = ".lock"
ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def make_private_folder() -> Iterator[Path]:
    """Make such a folder in the system's temporary folder (TMPDIR); remove those that killed commands left there.

    Raises: UserError when it can't be made.
    """
    try:
        place = Path(tempfile.gettempdir())
        remove_left_folders(place)
        folder = place / f"{PREFIX}{secrets.token_hex(8)}"
        lock = _lock_beside(folder)
        lock.acquire()
        try:
            folder.mkdir(mode=0o700)
        except OSError:
            _give_up(lock)
            raise
    except OSError as error:
        raise explain_no_room(error) from None
    try:
        with _ending_like_an_error():
            yield folder
    finally:
        shutil.rmtree(folder)
        _give_up(lock)


@contextmanager
def _ending_like_an_error() -> Iterator[None]:
    """Python ends at these signals without cleaning up, unless somebody listens; only a main thread can."""
    is_main = threading.current_thread() is threading.main_thread()
    unheard = [number for number in ENDING_SIGNALS if is_main and signal.getsignal(number) == signal.SIG_DFL]
    for number in unheard:
        signal.signal(number, _leave)
    try:
        yield
    finally:
        for number in unheard:
            signal.signal(number, signal.SIG_DFL)


def _leave(number: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + number)


def explain_no_room(error: OSError) -> UserError:
    """The message for a temporary folder that can't be made or filled."""
    return UserError(
        f"{tempfile.tempdir or 'temporary folder'}: a decrypted model can't be put there ({error.strerror or error}); "
        "accepted: a temporary folder with room; choose another one with: export TMPDIR=FOLDER"
    )


def remove_left_folders(place: Path) -> None:
    """Remove this user's folders whose process is gone, and say so; one that can't be removed is named."""
    for folder in sorted(place.glob(f"{PREFIX}*")):
        if not NAME.fullmatch(folder.name) or not _is_own(folder):
            continue
        lock = _lock_beside(folder)
        try:
            lock.acquire()
        except Timeout:
            continue
        try:
            shutil.rmtree(folder)
            logger.warning("%s: removed; a command that was killed had left a decrypted model there", folder)
        except FileNotFoundError:
            pass  # its command ended meanwhile
        except OSError as error:
            reason = error.strerror or error
            logger.warning("%s: holds a decrypted model and can't be removed (%s); remove it", folder, reason)
        finally:
            _give_up(lock)


def _lock_beside(folder: Path) -> FileLock:
    return FileLock(f"{folder}{LOCK_SUFFIX}", timeout=0, mode=0o600)


def _give_up(lock: FileLock) -> None:
    # Unlinked while it is held: who opened it meanwhile finds that it has no name any more, and tries again.
    Path(lock.lock_file).unlink(missing_ok=True)
    lock.release()


def _is_own(folder: Path) -> bool:
    """Whether it is a folder (no link) of this user that nobody else may enter: others may write into /tmp, too."""
    try:
        status = folder.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077
