"""A model folder as one encrypted file: `trained-model.tlt`.

Layout: magic (8 bytes), version (1), salt (16), nonce prefix (8): the header. Then chunks: a flag byte (1 = last),
the number of sealed bytes (4, big-endian), and those bytes. A chunk is sealed with AES-256-GCM; its nonce is the
prefix and its number, and header, flag and length are authenticated with it, so no chunk can be changed, moved, left
out or taken from another archive. Chunk 0 is empty: it tells whether the key fits. The others hold a tar of the files.
"""

import contextlib
import os
import struct
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from token_classification.data.text_lines import open_bytes
from token_classification.errors import UserError, list_problems

KEY_VARIABLE = "TOKEN_CLASSIFICATION_KEY"
GIVE_KEY = f"give it with -k KEY or -k @FILE, or set {KEY_VARIABLE}"

MAGIC = b"NER-TLT\n"
VERSION = 1
SALT_BYTES = 16
NONCE_PREFIX_BYTES = 8
HEADER_BYTES = len(MAGIC) + 1 + SALT_BYTES + NONCE_PREFIX_BYTES
FRAME = struct.Struct(">BI")
CHUNK_BYTES = 1 << 20
TAG_BYTES = 16


def read_key(argument: str | None) -> str | None:
    """Give the key of `-k KEY` or `-k @FILE` (its first line), else of TOKEN_CLASSIFICATION_KEY, else None.

    Raises: UserError when the key is empty or its file can't be read. No message repeats what was given: a key that
    happens to begin with `@` must not show up either.
    """
    if argument is None:
        return os.environ.get(KEY_VARIABLE) or None
    key = _read_key_file(argument[1:]) if argument.startswith("@") else argument
    if not key:
        raise UserError(f"-k: the key is empty; accepted: one character or more; {GIVE_KEY}")
    return key


def _read_key_file(path: str) -> str:
    try:
        with open(path, encoding="utf-8-sig", newline="\n") as file:
            return file.readline().rstrip("\r\n")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise UserError(
            f"-k @FILE: the key file can't be read ({reason}); accepted: a text file with the key in its first line; "
            f"check the path, and set {KEY_VARIABLE} for a key that itself begins with @"
        ) from None


def write_archive(folder: Path, path: Path, key: str) -> None:
    """Write all files of a folder (and its subfolders) as one encrypted archive, which appears whole or not at all.

    Links to files, as the Hub's cache has them, are written as the files they lead to.

    Raises: UserError when the folder holds no files or something else than files, the key is empty, or writing fails.
    """
    files = _list_files(folder)
    salt, nonce_prefix = os.urandom(SALT_BYTES), os.urandom(NONCE_PREFIX_BYTES)
    header = MAGIC + bytes([VERSION]) + salt + nonce_prefix
    cipher = _derive_cipher(key, salt)
    unfinished = None
    try:
        # mkstemp: nobody else may read it, and it lies in the target's folder, so that it can take the target's place.
        handle, unfinished = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(header)
            with _SealedWriter(file, cipher, header) as sealed, tarfile.open(fileobj=sealed, mode="w|") as tar:
                for name, source in files:
                    _add_file(tar, name, source)
        os.replace(unfinished, path)
    except OSError as error:
        raise UserError(
            f"{path}: can't be written ({error.strerror or error}); accepted: a folder with room that this user may "
            f"write to; check it with: df -h {path.parent}; ls -ld {path.parent}"
        ) from None
    finally:
        if unfinished:
            Path(unfinished).unlink(missing_ok=True)


@contextlib.contextmanager
def open_archive(path: Path, key: str | None) -> Iterator[Path]:
    """Unpack an archive into a private temporary folder, give that folder, and remove it afterwards in any case.

    The archive is read twice: nothing is unpacked before every byte of it has been authenticated.

    Raises: UserError when the file is no archive, the key is missing or wrong, or the archive was cut or changed.
    """
    with open_bytes(path) as file:
        header = _read_header(file, path)
        if not key:
            raise UserError(
                f"{path}: is encrypted (no key was given); accepted: the key it was written with; {GIVE_KEY}"
            )
        cipher = _derive_cipher(key, header[len(MAGIC) + 1 :][:SALT_BYTES])
        _check_members(_OpenedReader(file, cipher, header, path), path)
        with tempfile.TemporaryDirectory(prefix="token-classification-") as folder:
            file.seek(HEADER_BYTES)
            _unpack(_OpenedReader(file, cipher, header, path), path, Path(folder))
            yield Path(folder)


def _list_files(folder: Path) -> list[tuple[str, Path]]:
    """The files below a folder with their names in the archive, sorted."""
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; accepted: a model folder, as save_pretrained writes it")
    entries = [entry for entry in sorted(folder.rglob("*")) if entry.is_symlink() or not entry.is_dir()]
    problems = [
        f"{entry}: can't be archived (it is neither a file nor a link to one); accepted: files; move it elsewhere"
        for entry in entries
        if not entry.is_file()
    ]
    if problems:
        raise UserError(list_problems(problems))
    if not entries:
        raise UserError(f"{folder}: nothing to archive (the folder is empty); accepted: a model folder")
    return [(entry.relative_to(folder).as_posix(), entry) for entry in entries]


def _add_file(tar: tarfile.TarFile, name: str, source: Path) -> None:
    with source.open("rb") as file:
        # A fresh TarInfo: whoever gets the archive learns nothing about users and times on this machine.
        member = tarfile.TarInfo(name)
        member.size = os.fstat(file.fileno()).st_size
        tar.addfile(member, file)


def _derive_cipher(key: str, salt: bytes) -> AESGCM:
    if not key:
        raise UserError(f"the key is empty; accepted: one character or more; {GIVE_KEY}")
    secret = key.encode("utf-8", "surrogateescape")
    return AESGCM(Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(secret))


def _number_nonce(header: bytes, number: int) -> bytes:
    return header[-NONCE_PREFIX_BYTES:] + number.to_bytes(12 - NONCE_PREFIX_BYTES, "big")


class _SealedWriter:
    """Takes the bytes of a tar and writes them as sealed chunks; the last chunk is sealed on a regular exit only."""

    def __init__(self, file: BinaryIO, cipher: AESGCM, header: bytes) -> None:
        self._file, self._cipher, self._header = file, cipher, header
        self._waiting = bytearray()
        self._number = 0
        self._seal(b"", is_last=False)

    def write(self, content: bytes) -> int:
        """Take bytes; every full chunk is written."""
        self._waiting += content
        while len(self._waiting) > CHUNK_BYTES:
            self._seal(bytes(self._waiting[:CHUNK_BYTES]), is_last=False)
            del self._waiting[:CHUNK_BYTES]
        return len(content)

    def __enter__(self) -> "_SealedWriter":
        return self

    def __exit__(self, exception_type: object, *_: object) -> None:
        if exception_type is None:
            self._seal(bytes(self._waiting), is_last=True)

    def _seal(self, content: bytes, is_last: bool) -> None:
        frame = FRAME.pack(is_last, len(content) + TAG_BYTES)
        nonce = _number_nonce(self._header, self._number)
        self._file.write(frame + self._cipher.encrypt(nonce, content, self._header + frame))
        self._number += 1


class _OpenedReader:
    """Gives the bytes of the tar; what comes out was authenticated up to there, and at its end in whole."""

    def __init__(self, file: BinaryIO, cipher: AESGCM, header: bytes, path: Path) -> None:
        self._chunks = _open_chunks(file, cipher, header, path)
        self._left = memoryview(b"")

    def read(self, size: int) -> bytes:
        """Give up to `size` bytes, none at the end."""
        if not self._left:
            self._left = memoryview(next(self._chunks, b""))
        content, self._left = self._left[:size], self._left[size:]
        return bytes(content)

    def read_to_end(self) -> None:
        """Authenticate what is left."""
        for _ in self._chunks:
            pass


def _open_chunks(file: BinaryIO, cipher: AESGCM, header: bytes, path: Path) -> Iterator[bytes]:
    """Give the content of the chunks after the first, which only tells whether the key fits."""
    is_last, number = False, 0
    while not is_last:
        frame = _read_exactly(file, FRAME.size, path)
        is_last, length = FRAME.unpack(frame)
        if is_last > 1 or not TAG_BYTES <= length <= CHUNK_BYTES + TAG_BYTES:
            raise _explain_change(path)
        sealed = _read_exactly(file, length, path)
        try:
            content = cipher.decrypt(_number_nonce(header, number), sealed, header + frame)
        except InvalidTag:
            raise _explain_wrong_key(path) if number == 0 else _explain_change(path) from None
        if content:
            yield content
        number += 1
    if file.read(1):
        raise UserError(
            f"{path}: something follows the end of the archive (it was changed after it was written); "
            "accepted: an archive as it was written; copy it again from where it came"
        )


def _read_exactly(file: BinaryIO, size: int, path: Path) -> bytes:
    content = file.read(size)
    if len(content) < size:
        raise _explain_cut(path, file.tell())
    return content


def _read_header(file: BinaryIO, path: Path) -> bytes:
    header = file.read(HEADER_BYTES)
    if not header or header[: len(MAGIC)] != MAGIC[: len(header)]:
        found = f"it begins with {header[: len(MAGIC)]!r}" if header else "it is empty"
        raise UserError(
            f"{path}: not an encrypted model archive of this project ({found}); accepted: a .tlt file that "
            "`token_classification train -k KEY` wrote (NVIDIA's own .tlt and .nemo files are built differently), "
            "or a model folder; check the path"
        )
    if len(header) < HEADER_BYTES:
        raise _explain_cut(path, len(header))
    if header[len(MAGIC)] != VERSION:
        raise UserError(
            f"{path}: an archive of version {header[len(MAGIC)]}; accepted: version {VERSION}; "
            "open it with the release of this project that wrote it"
        )
    return header


def _check_members(reader: _OpenedReader, path: Path) -> None:
    """Authenticate the whole archive and check that nothing in it is, or leads, outside of the folder."""
    problems = []
    try:
        with tarfile.open(fileobj=reader, mode="r|") as tar:
            for member in tar:
                if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or member.issparse():
                    problems.append(f"{path}: holds {member.name!r}, which is no plain file")
                elif not _stays_inside(member.name):
                    problems.append(f"{path}: holds {member.name!r}, which leads out of the model folder")
        reader.read_to_end()
    except tarfile.TarError as error:
        raise UserError(
            f"{path}: opens with this key, but holds no model folder ({error}); accepted: an archive that "
            "`token_classification train -k KEY` wrote; write it again"
        ) from None
    if problems:
        raise UserError(
            f"{list_problems(problems)}\nAccepted: files inside of the model folder. Nothing was unpacked; "
            "don't use this archive, and ask where it comes from"
        )


def _stays_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and not set(name) & {"\\", "\0"}


def _unpack(reader: _OpenedReader, path: Path, folder: Path) -> None:
    try:
        with tarfile.open(fileobj=reader, mode="r|") as tar:
            for member in tar:
                tar.extract(member, folder, filter="data")
    except (tarfile.TarError, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(
            f"{path}: can't be unpacked into {folder} ({reason}); accepted: a temporary folder with room; "
            "choose another one with: export TMPDIR=FOLDER"
        ) from None


def _explain_wrong_key(path: Path) -> UserError:
    return UserError(
        f"{path}: the key does not fit (another one was given, or the archive's first bytes were changed); "
        f"accepted: the key it was written with; {GIVE_KEY}"
    )


def _explain_cut(path: Path, size: int) -> UserError:
    return UserError(
        f"{path}: ends too early (after {size:,} bytes: an unfinished copy?); accepted: the whole archive; "
        "copy it again from where it came"
    )


def _explain_change(path: Path) -> UserError:
    return UserError(
        f"{path}: was changed after it was written (it is not what the key sealed); accepted: an archive as it was "
        "written; copy it again from where it came"
    )
