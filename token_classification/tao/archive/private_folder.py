"""A temporary folder for what must not stay behind, not even after a kill.

Only its user can read the folder. It is removed when the work in it ends, whether well, with an error, or because the
command is told to end (SIGTERM, SIGHUP). After SIGKILL or a loss of power, the next command that needs such a folder
removes it, with a warning. To tell a folder in use from one that was left behind, its process keeps a file beside it
locked, from before the folder is made; the system frees the lock when the process is gone.
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
    """Make such a folder in the system's temporary folder (TMPDIR), and remove those that killed commands left there.

    Raises:
        UserError: it can't be made.
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
    """Clean up when a signal ends the process, which Python does only if somebody listens; only a main thread can."""
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
    """Return the error for a temporary folder that can't be made or filled."""
    return UserError(
        f"{tempfile.tempdir or 'temporary folder'}: a decrypted model can't be put there ({error.strerror or error}); "
        "accepted: a temporary folder with room; choose another one with: export TMPDIR=FOLDER"
    )


def remove_left_folders(place: Path) -> None:
    """Remove this user's folders whose process is gone, with a warning; name those that can't be removed."""
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
            logger.warning("%s: removed; a killed command had left a decrypted model there", folder)
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
    # Unlinked while it is held: whoever has opened it meanwhile finds that it no longer has a name, and tries again.
    Path(lock.lock_file).unlink(missing_ok=True)
    lock.release()


def _is_own(folder: Path) -> bool:
    """Return whether it is this user's folder (no link) that nobody else may enter: others can write to /tmp, too."""
    try:
        status = folder.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077
