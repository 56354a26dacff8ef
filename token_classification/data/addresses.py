"""Files that are no files of this machine: object stores, the Hub, web servers, by way of fsspec.

An `Address` is a path whose file is opened, looked for and written where it says, so readers need not know. Libraries
for a kind of address (s3fs, gcsfs ...) are fsspec's business, and are named when they are missing.
"""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PosixPath
from typing import Any

from token_classification.errors import DataError

SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
LOST_SLASH = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*):/+")
"""A path has no empty parts, so `s3://bucket` becomes `s3:/bucket` in it"""
LOCAL = ("file", "local")
WEB = ("http", "https")
READ_AHEAD = 2**20


def as_path(name: str) -> Path:
    """Return the path of a file's name, which may be an address.

    >>> as_path("s3://bucket/texts.jsonl")
    Address('s3://bucket/texts.jsonl')
    """
    scheme = SCHEME.match(name)
    if scheme is None:
        return Path(name)
    return Path(name[scheme.end() :]) if scheme[1] in LOCAL else Address(name)


class Address(PosixPath):
    """A file, or the beginning of the names of several, in a store of objects or on a server."""

    _address: str

    def __new__(cls, *parts: str) -> "Address":
        """Remember the address as it was typed: a path would lose double slashes in it."""
        made = super().__new__(cls, *parts)
        if len(parts) == 1:
            made._address = str(parts[0])
        return made

    def __str__(self) -> str:
        """Return the address."""
        return getattr(self, "_address", None) or LOST_SLASH.sub(r"\1://", super().__str__())

    def __repr__(self) -> str:
        """Return what makes it."""
        return f"Address({str(self)!r})"

    @property
    def scheme(self) -> str:
        """What stands before `://`."""
        return str(self).partition("://")[0]

    @contextmanager
    def reach(self) -> Iterator[tuple[Any, str]]:
        """Yield the file system, and what the file is called there; explain what it refuses.

        Raises:
            FileNotFoundError: there is nothing at this address.
            DataError: no such kind of address, its library is missing, or the server refuses.
        """
        import fsspec

        try:
            yield fsspec.core.url_to_fs(str(self))
        except (FileNotFoundError, DataError):
            raise
        except ImportError as error:
            raise DataError(f"{self}: {error}; accepted: an address whose library is installed") from None
        except Exception as error:  # each of these libraries has errors of its own
            raise DataError(
                f"{self}: can't be reached ({type(error).__name__}: {error!s:.300}); accepted: an address that fsspec "
                "knows (s3://, gs://, hf://, https:// ...) and that this user may use; check name, rights and network"
            ) from error

    def open(self, mode: str = "rb", *_: object, **__: object) -> Any:  # noqa: ANN401
        """Open the file for reading bytes."""
        if mode != "rb":
            raise ValueError(f"{self}: is opened for reading only; what is written is written at once")
        with self.reach() as (files, name):
            return io.BufferedReader(files.open(name, "rb"), READ_AHEAD)

    def read_bytes(self) -> bytes:
        """Return what stands there."""
        with self.open() as file:
            return file.read()

    def write_bytes(self, content: Any) -> int:  # noqa: ANN401 - what `Path` takes
        """Write all of the file at once; a store of objects shows it when it is whole."""
        with self.reach() as (files, name):
            files.pipe_file(name, content)
        return len(content)

    def unlink(self, missing_ok: bool = False) -> None:
        """Remove the file."""
        try:
            with self.reach() as (files, name):
                files.rm_file(name)
        except FileNotFoundError:
            if not missing_ok:
                raise

    def mkdir(self, *_: object, **__: object) -> None:
        """Do nothing: folders of a store are only parts of names."""

    def exists(self, **_: object) -> bool:
        """Return whether there is anything."""
        with self.reach() as (files, name):
            return bool(files.exists(name))

    def is_file(self, **_: object) -> bool:
        """Return whether there is a file."""
        with self.reach() as (files, name):
            return bool(files.isfile(name))

    def is_dir(self, **_: object) -> bool:
        """Return whether there are files below it."""
        with self.reach() as (files, name):
            return bool(self.scheme not in WEB and files.isdir(name))

    def iterdir(self) -> Iterator["Address"]:  # type: ignore[override]
        """Yield what is right below it."""
        with self.reach() as (files, name):
            # What was listed before may be known no more.
            files.invalidate_cache()
            found = files.ls(name, detail=False)
        yield from (self / one.rstrip("/").rpartition("/")[2] for one in found)

    def identify(self) -> str:
        """Return what changes when the file does, as far as its server says."""
        with self.reach() as (files, name):
            files.invalidate_cache()
            return str(files.checksum(name))
