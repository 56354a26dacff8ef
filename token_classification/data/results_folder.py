"""Whose folder is it? One command at a time writes into a results folder, and only over files of this tool."""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from token_classification.data.addresses import Address
from token_classification.data.whole_files import DECIDED, explain_unwritable, remove_unfinished, write_whole
from token_classification.errors import UserError
from token_classification.output_text import dump_json

MARKER = ".token_classification.json"
"""Names the files of its folder that this tool has written"""
LOCK = ".token_classification.lock"
PLAIN_NAME = re.compile(r"[^/\\\0:]+")
LONGEST_NAME = 200
"""Bytes; file systems take 255, of which suffixes need some"""


@contextmanager
def lock_folder(folder: Path, flag: str) -> Iterator[None]:
    """Keep other commands out of a results folder, which is made if needed; a kill frees it too.

    What killed commands were writing there is removed. A folder that was made and is empty at the end goes, too.

    Args:
        folder: The results folder.
        flag: How the user names it: `--output_dir`, `-r`.

    Raises:
        UserError: another command has it, or it can't be written to.
    """
    if isinstance(folder, Address):
        raise UserError(f"{flag} {folder}: an address; accepted: a folder of this machine; give another {flag}")
    made = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
        remove_unfinished(folder)
    except Timeout:
        raise UserError(
            f"{flag} {folder}: another command is writing into this folder; wait until it is finished, or give "
            f"another {flag}"
        ) from None
    except OSError as error:
        raise UserError(
            f"{flag} {folder}: can't be written to ({error.strerror or error}); accepted: a folder, new or with free "
            f"space, that this user may write to; give another {flag}"
        ) from error
    try:
        yield
    finally:
        # Unlinked while it is held: who opened it meanwhile finds that it has no name any more, and tries again.
        Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()
        for parent in made:
            if parent.is_dir() and not any(parent.iterdir()):
                parent.rmdir()


@contextmanager
def lock_new_folder(folder: Path, flag: str) -> Iterator[None]:
    """Lock a results folder as `lock_folder` does, which holds nothing but what a kill left of an earlier try.

    Raises:
        UserError: as `lock_folder`, or it holds something.
    """
    with lock_folder(folder, flag):
        # Files of a set that a kill interrupted are those of an earlier try, which this one finishes.
        if not (folder / DECIDED).is_dir() and any(path.name != LOCK for path in folder.iterdir()):
            raise UserError(f"{flag} {folder}: holds something already; give a new folder.")
        yield


def check_own_files(folder: Path, names: Iterable[str], advice: str) -> None:
    """Find out before the work whether its results would take the place of somebody's files.

    Args:
        folder: The results folder.
        names: Files that are about to be written there, by their paths below it.
        advice: What to type instead.

    Raises:
        UserError: one is there that this tool has not written.
    """
    own = read_marker(folder)
    foreign = [folder / name for name in names if name not in own and os.path.lexists(folder / name)]
    if foreign:
        more = f" (and {len(foreign) - 1} more)" if len(foreign) > 1 else ""
        raise UserError(f"{foreign[0]}{more}: already exists and was not written by this tool; {advice}")


def claim_files(folder: Path, names: Iterable[str]) -> None:
    """Note that this tool writes these files, before it does: they may be written over later."""
    own = read_marker(folder)
    new = own | set(names)
    if new == own:
        return
    content = {"written_by": "token_classification", "files": sorted(new)}
    with explain_unwritable(folder / min(names)):
        folder.mkdir(parents=True, exist_ok=True)
    try:
        write_whole(folder / MARKER, dump_json(content))
    except UserError as error:
        raise UserError(f"{folder / min(names)}: can't be recorded as this tool's: {error}") from error


def read_marker(folder: Path) -> set[str]:
    """Return the files of a folder that this tool has written.

    Raises:
        UserError: the marker can't be read.
    """
    path = folder / MARKER
    try:
        return {str(name) for name in json.loads(path.read_text(encoding="utf-8"))["files"]}
    except (FileNotFoundError, NotADirectoryError):
        return set()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path}: can't be read ({type(error).__name__}); accepted: the file as this tool wrote it; give another "
            "results folder, or delete it if all files in this folder may be replaced"
        ) from None


def refuse_overwriting_inputs(targets: Mapping[str, Path | None], inputs: Iterable[Path]) -> None:
    """Find out before the work whether a result would take the place of what is read, or of another result.

    Args:
        targets: How the user names a file that is to be written -> the file; None: not asked for.
        inputs: Files that are read.

    Raises:
        UserError: it names both.
    """
    taken = {_identify(path): f"{path} is read as data" for path in inputs}
    for flag, path in targets.items():
        if path is None or (path.exists() and not path.is_file()):
            continue  # a pipe or a device loses nothing
        if reason := taken.get(_identify(path)):
            raise UserError(f"{flag} {path}: {reason}; accepted: a file of its own; give another name or folder")
        taken[_identify(path)] = f"{flag} writes there already"


def confine_name(name: str, what: str) -> str:
    """Return a name that stands for a file or folder right below another folder, and can't lead anywhere else.

    Args:
        name: The name.
        what: How the user gives it: `exp_manager.name`.

    Raises:
        UserError: it is a path, `..`, a hidden name or the like.
    """
    if not PLAIN_NAME.fullmatch(name) or name.startswith((".", "-", "~")) or len(os.fsencode(name)) > LONGEST_NAME:
        raise UserError(
            f"{what}={name}: accepted is a plain name such as trained-model: no path, no leading dot, at most "
            f"{LONGEST_NAME} bytes"
        )
    return name


def _identify(path: Path) -> tuple[int | str, ...]:
    """Return the same for two names of one file, links and letter case of the file system included."""
    try:
        status = path.stat()
        return status.st_dev, status.st_ino
    except OSError:
        return (os.path.realpath(path),)
