"""A model folder as one encrypted file: `trained-model.tlt`.

Layout: the header is magic (8 bytes), version (1), salt (16) and nonce prefix (8). Chunks follow: a flag byte (1 =
last), the number of sealed bytes (4, big-endian), and those bytes. A chunk is sealed with AES-256-GCM. Its nonce is
the prefix and its number, and header, flag and length are authenticated with it, so that no chunk can be changed,
moved, left out or taken from another archive. Chunk 0 is empty: it tells whether the key fits. The others hold a tar
of the files.

The version decides what a guess of the key costs, so that no header can ask for more memory than `SCRYPT_COSTS` has.
Whoever has the key may have made the archive, too, so its content is trusted no more than any other (`tar_files.py`).
While a model is in use, it is decrypted in a folder of its own (`private_folder.py`).
"""

import contextlib
import os
import stat
import struct
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from token_classification.data.text_lines import open_bytes
from token_classification.data.whole_files import open_whole
from token_classification.errors import UserError, list_problems
from token_classification.sealing import SCRYPT_COST, derive_secret
from token_classification.tao.archive.key import GIVE_KEY, check_new_key
from token_classification.tao.archive.private_folder import explain_no_room, make_private_folder
from token_classification.tao.archive.tar_files import ForeignTarError, iterate_files, stays_inside

MAGIC = b"NER-TLT\n"
SCRYPT_COSTS = {1: 2**15, 2: SCRYPT_COST}
"""Version -> scrypt's N: 32 and 256 MiB of memory for each guess of the key"""
VERSION = 2
SALT_BYTES = 16
NONCE_PREFIX_BYTES = 8
HEADER_BYTES = len(MAGIC) + 1 + SALT_BYTES + NONCE_PREFIX_BYTES
FRAME = struct.Struct(">BI")
CHUNK_BYTES = 1 << 20
TAG_BYTES = 16


def write_archive(folder: Path, path: Path, key: str) -> None:
    """Write all files of a folder and its subfolders as one encrypted archive, which appears whole or not at all.

    Links to files, as in the Hub's cache, are written as the files they lead to.

    Raises:
        UserError: the folder holds no files, or something other than files; the key is refused; or writing fails.
    """
    check_new_key(key)
    files = _list_files(folder)
    header = MAGIC + bytes([VERSION]) + os.urandom(SALT_BYTES + NONCE_PREFIX_BYTES)
    cipher = _derive_cipher(key, header)
    with open_whole(path) as file:
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            os.fchmod(file.fileno(), 0o600)
        file.write(header)
        with _SealedWriter(file, cipher, header) as sealed, _open_tar(sealed) as tar:
            for name, source in files:
                _add_file(tar, name, source)


@contextlib.contextmanager
def open_archive(path: Path, key: str | None) -> Iterator[Path]:
    """Unpack an archive into a private temporary folder, which is removed afterwards in any case.

    The archive is read twice, so that nothing is unpacked before every byte of it has been authenticated.

    Raises:
        UserError: the file is no archive, the key is missing or wrong, the archive was cut or changed, or it holds
            anything but files inside the folder.
    """
    with open_bytes(path) as file:
        header = _read_header(file, path)
        if not key:
            raise UserError(
                f"{path}: is encrypted (no key was given); accepted: the key it was written with; {GIVE_KEY}"
            )
        cipher = _derive_cipher(key, header)
        try:
            reader = _OpenedReader(file, cipher, header, path)
            for _name, _content in iterate_files(reader):
                pass
            reader.read_to_end()
            with make_private_folder() as folder:
                file.seek(HEADER_BYTES)
                _unpack(_OpenedReader(file, cipher, header, path), folder)
                yield folder
        except ForeignTarError as error:
            raise UserError(
                f"{path}: opens with this key, but holds {error}; accepted: an archive that `token_classification "
                "train -k KEY` wrote. Nothing was unpacked; do not use this archive, and ask where it comes from"
            ) from None


def _list_files(folder: Path) -> list[tuple[str, Path]]:
    """Return the files below a folder with their names in the archive, sorted."""
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; accepted: a model folder, as save_pretrained writes it")
    entries = [entry for entry in sorted(folder.rglob("*")) if entry.is_symlink() or not entry.is_dir()]
    problems = [
        f"{entry}: can't be archived (it is neither a file nor a link to one); accepted: files; move it elsewhere"
        for entry in entries
        if not entry.is_file()
    ] + [
        f"{entry}: can't be archived (a backslash in its name, or more than 32 folders); accepted: a name that all "
        "systems take; rename it"
        for entry in entries
        if not stays_inside(entry.relative_to(folder).as_posix())
    ]
    if problems:
        raise UserError(list_problems(problems))
    if not entries:
        raise UserError(f"{folder}: nothing to archive (the folder is empty); accepted: a model folder")
    return [(entry.relative_to(folder).as_posix(), entry) for entry in entries]


def _open_tar(sealed: "_SealedWriter") -> tarfile.TarFile:
    return tarfile.open(fileobj=sealed, mode="w|")  # type: ignore[call-overload]  # it is only written to


def _add_file(tar: tarfile.TarFile, name: str, source: Path) -> None:
    with open_bytes(source) as file:
        # A fresh TarInfo tells whoever gets the archive nothing about users and times on this machine.
        member = tarfile.TarInfo(name)
        member.size = os.fstat(file.fileno()).st_size
        tar.addfile(member, file)


def _derive_cipher(key: str, header: bytes) -> AESGCM:
    salt, cost = header[len(MAGIC) + 1 :][:SALT_BYTES], SCRYPT_COSTS[header[len(MAGIC)]]
    return AESGCM(derive_secret(key, salt, cost))


def _number_nonce(header: bytes, number: int) -> bytes:
    return header[-NONCE_PREFIX_BYTES:] + number.to_bytes(12 - NONCE_PREFIX_BYTES, "big")


class _SealedWriter:
    """Seals the bytes of a tar in chunks; without the last one, which only a regular exit seals, nothing opens."""

    def __init__(self, file: BinaryIO, cipher: AESGCM, header: bytes) -> None:
        self._file, self._cipher, self._header = file, cipher, header
        self._waiting = bytearray()
        self._number = 0
        self._seal(b"", is_last=False)

    def write(self, content: bytes) -> int:
        """Take bytes, and write every chunk that is full."""
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
    """Reads the bytes of the tar; what has been read is authenticated, and at the end all of it is."""

    def __init__(self, file: BinaryIO, cipher: AESGCM, header: bytes, path: Path) -> None:
        self._chunks = _open_chunks(file, cipher, header, path)
        self._left = memoryview(b"")

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes; none at the end."""
        if not self._left:
            self._left = memoryview(next(self._chunks, b""))
        content, self._left = self._left[:size], self._left[size:]
        return bytes(content)

    def read_to_end(self) -> None:
        """Authenticate what is left."""
        for _ in self._chunks:
            pass


def _open_chunks(file: BinaryIO, cipher: AESGCM, header: bytes, path: Path) -> Iterator[bytes]:
    """Iterate over the contents of the chunks after the first, which only tells whether the key fits."""
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
    if header[len(MAGIC)] not in SCRYPT_COSTS:
        raise UserError(
            f"{path}: an archive of version {header[len(MAGIC)]}; accepted: version "
            f"{' or '.join(map(str, SCRYPT_COSTS))}; open it with the release of this project that wrote it"
        )
    return header


def _unpack(reader: _OpenedReader, folder: Path) -> None:
    for name, content in iterate_files(reader):
        target = folder / name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                for piece in content:
                    file.write(piece)
        except (FileExistsError, NotADirectoryError):
            raise ForeignTarError(f"{name!r}, which it holds already, as a file or a folder") from None
        except OSError as error:
            raise explain_no_room(error) from None


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
