"""How files are written: whole or not at all, whatever happens meanwhile.

A file is written under another name in the folder of its target, brought to the disk, and then takes the target's
place in one step. Files that belong together are all written first, in a folder of their own; renaming that folder
decides that they are the new ones, and only then do they move. A kill in between leaves that folder, which
`refuse_interrupted_set` finds and the next write of the set finishes.
"""

import errno
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from token_classification.errors import DataError, UserError
from token_classification.output_text import quote_path
from token_classification.system_errors import find_error_number

UNFINISHED = ".unfinished-"
UNFINISHED_NAME = re.compile(rf"{re.escape(UNFINISHED)}[0-9a-f]{{16}}(\.\w+)*")
"""Names of what a killed command was writing: nobody misses it"""
DECIDED = ".decided-files"
"""Folder of files that are complete and about to move into the folder above it"""


def name_unfinished(target: Path) -> Path:
    """Return a new name beside a file or folder, for what is to take its place; ends as the target does."""
    return target.with_name(f"{UNFINISHED}{secrets.token_hex(8)}{target.suffix}")


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file (text as UTF-8).

    Raises:
        UserError: it can't be written.
    """
    with open_whole(path) as file:
        file.write(content.encode("utf-8") if isinstance(content, str) else content)


@contextmanager
def open_whole(path: Path) -> Iterator[BinaryIO]:
    """Open a file to write into, which takes its place when the block ends well and is gone when it does not.

    What is no regular file (a pipe, `/dev/stdout`) can't be replaced, and is written to as it is.

    Raises:
        UserError: it can't be written.
    """
    if path.exists() and not path.is_file():
        with explain_unwritable(path), path.open("wb") as file:
            yield file
        return
    # A link stays one: the file that it leads to is replaced.
    target = Path(os.path.realpath(path))
    unfinished = name_unfinished(target)
    try:
        with unfinished.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, target)
        sync_folder(target.parent)
    except OSError as error:
        if error.filename not in (None, str(unfinished), str(target.parent)):
            raise  # not of the writing: something else that the block did
        raise describe_unwritable(path, error) from error
    finally:
        unfinished.unlink(missing_ok=True)


def replace_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Have a library write a file: it is given another path with the same suffix.

    Raises:
        UserError: it can't be written.
    """
    unfinished = name_unfinished(path)
    with explain_unwritable(path):
        try:
            write(unfinished)
            sync_file(unfinished)
            os.replace(unfinished, path)
            sync_folder(path.parent)
        finally:
            unfinished.unlink(missing_ok=True)


def write_file_set(folder: Path, contents: Mapping[str, str | bytes]) -> list[Path]:
    """Write files that belong together (name -> content) into a folder, made if needed, and return their paths.

    A full disk leaves the folder as it was. A kill leaves the old files, or the new ones in the folder `DECIDED`.

    Raises:
        UserError: the folder can't be written to.
    """
    made = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    unfinished = name_unfinished(folder / DECIDED)
    try:
        with explain_unwritable(folder):
            folder.mkdir(parents=True, exist_ok=True)
            for name in contents:
                if (folder / name).is_dir():
                    raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(folder / name))
            unfinished.mkdir()
            for name, content in contents.items():
                write_whole(unfinished / name, content)
            decide_file_set(unfinished, folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        for parent in made:
            if parent.is_dir() and not any(parent.iterdir()):
                parent.rmdir()
        raise
    return [folder / name for name in contents]


def decide_file_set(files: Path, folder: Path, stale: Iterable[str] = ()) -> None:
    """Move complete files, which are all that is in `files`, into the folder around it: all of them or none.

    Args:
        files: A folder somewhere below `folder`.
        folder: Where the files are to be.
        stale: Names of files there that the new ones make wrong; they are removed.

    Raises:
        OSError: the system refuses.
    """
    for path in files.iterdir():
        if path.is_file():
            sync_file(path)
    finish_file_set(folder)
    os.replace(files, folder / DECIDED)
    for name in stale:
        (folder / name).unlink(missing_ok=True)
    finish_file_set(folder)


def finish_file_set(folder: Path) -> None:
    """Move the files of a decided set to their places; there is none, unless a command was killed just then."""
    decided = folder / DECIDED
    if not decided.is_dir():
        return
    for path in sorted(decided.iterdir()):
        os.replace(path, folder / path.name)
    decided.rmdir()
    sync_folder(folder)


def refuse_interrupted_set(folder: Path) -> None:
    """Refuse a folder in which some files are new and others old, because a command was killed.

    Raises:
        DataError: it is one.
    """
    decided = folder / DECIDED
    if decided.is_dir():
        names = ", ".join(sorted(path.name for path in decided.iterdir())) or "nothing"
        raise DataError(
            f"{folder}: a command that wrote files here was killed halfway ({decided} still holds {names}); accepted: "
            "files of one run; type the command that wrote them again, which finishes it"
        )


def remove_unfinished(folder: Path) -> None:
    """Remove what killed commands were writing in a folder; only for who knows that none is writing there now."""
    for path in folder.iterdir():
        if not UNFINISHED_NAME.fullmatch(path.name):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


@contextmanager
def explain_unwritable(path: Path) -> Iterator[None]:
    """Turn what the system refuses while a file or folder is written, by whatever library, into a message.

    Raises:
        UserError: the system refused something.
    """
    try:
        yield
    except UserError:
        raise  # it says already what is wrong
    except Exception as error:
        if not isinstance(error, OSError) and find_error_number(error) is None:
            raise
        raise describe_unwritable(path, error) from error


@contextmanager
def writing_file_set(folder: Path, stale: Iterable[str] = ()) -> Iterator[Path]:
    """Give a folder to write files into, which are in their place when all are written, or never.

    Args:
        folder: Where the files belong.
        stale: Names of files there that the new ones make wrong; they are removed.

    Raises:
        UserError: the system refuses something.
    """
    unfinished = name_unfinished(folder / DECIDED)
    try:
        with explain_unwritable(folder):
            unfinished.mkdir(parents=True)
            yield unfinished
            decide_file_set(unfinished, folder, stale)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def describe_unwritable(path: Path, error: Exception) -> UserError:
    """Return the message for a file or folder that can't be written."""
    folder = quote_path(path if path.is_dir() else path.parent)
    number = find_error_number(error)
    reason = os.strerror(number) if number else error
    return UserError(
        f"{path}: can't be written ({reason}); accepted: a place with free space that this user may write "
        f"to; check it with: df -h {folder}; ls -ld {folder}"
    )


def sync_file(path: Path) -> None:
    """Bring a file's content to the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Bring a folder's names to the disk, where the system lets folders be opened."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
