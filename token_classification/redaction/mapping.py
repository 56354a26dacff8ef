"""The encrypted mapping from a redacted file back to the original.

Layout: magic (8 bytes), version (1), salt (16). Frames follow: a flag byte (1 = last), the number of sealed bytes (4,
big-endian), a random nonce (12), and those bytes, sealed with AES-256-GCM. Header, flag, length and the place of the
frame in the file are authenticated with it, so that no frame can be changed, moved, left out or taken from another
mapping. The first frame says what was redacted, the last one how many records there are, and those between hold lines
of JSON, an entry per record. A frame is written with the chunk of records that it belongs to, so a killed run leaves
a whole number of them.
"""

import json
import os
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from token_classification.errors import UserError
from token_classification.sealing import derive_secret

MAGIC = b"NER-MAP\n"
VERSION = 1
SALT_BYTES, NONCE_BYTES, TAG_BYTES = 16, 12, 16
HEADER_BYTES = len(MAGIC) + 1 + SALT_BYTES
FRAME = struct.Struct(">BI")
LONGEST_FRAME = 2**30
"""Bytes; a chunk of records makes far less"""


@dataclass(frozen=True)
class Sealer:
    """Seals and opens the frames of one mapping."""

    header: bytes
    cipher: AESGCM

    @classmethod
    def new(cls, key: str) -> Self:
        """Begin a mapping."""
        return cls.of(MAGIC + bytes([VERSION]) + os.urandom(SALT_BYTES), key)

    @classmethod
    def of(cls, header: bytes, key: str) -> Self:
        """Go on with the mapping that has this header."""
        return cls(header, AESGCM(derive_secret(key, header[-SALT_BYTES:])))

    def seal(self, content: bytes, place: int, *, is_last: bool = False) -> bytes:
        """Return the frame of some bytes, which is to be written at a place of the file."""
        frame, nonce = FRAME.pack(is_last, len(content) + TAG_BYTES), os.urandom(NONCE_BYTES)
        return frame + nonce + self.cipher.encrypt(nonce, content, self._bind(frame, place))

    def open(self, frame: bytes, nonce: bytes, sealed: bytes, place: int) -> bytes:
        """Return the bytes of a frame.

        Raises:
            InvalidTag: it was not sealed with this key, for this place of this file.
        """
        return self.cipher.decrypt(nonce, sealed, self._bind(frame, place))

    def _bind(self, frame: bytes, place: int) -> bytes:
        return self.header + frame + place.to_bytes(8, "big")


def encode_entries(entries: Iterable[Mapping[str, object]]) -> bytes:
    """Encode the entries of a chunk. Dates and the like (Parquet) are written as text, as in the redacted file."""
    return b"".join(json.dumps(entry, default=str).encode() + b"\n" for entry in entries)


class OpenedMapping:
    """A mapping that is read from the beginning to the end."""

    def __init__(self, file: BinaryIO, path: Path, key: str) -> None:
        """Read what the mapping is about.

        Raises:
            UserError: it is no mapping, or the key does not fit.
        """
        self.path = path
        self._file = file
        self.sealer = Sealer.of(_read_header(file, path), key)
        _, content = self._read_frame(
            "the key does not fit (another one was given, or the first bytes were changed); accepted: the key it was "
            "written with; give it with --key @FILE"
        )
        self.about: dict[str, Any] = json.loads(content)

    def iterate_entries(self) -> Iterator[dict[str, Any]]:
        """Yield the entries, in the order of the records.

        Raises:
            UserError: the mapping was cut or changed.
        """
        count, is_last = 0, False
        changed = "was changed after it was written; accepted: the mapping as redact wrote it; take another copy"
        while not is_last:
            is_last, content = self._read_frame(changed)
            if not is_last:
                for line in content.splitlines():
                    count += 1
                    yield json.loads(line)
        if self._file.read(1) or json.loads(content)["records"] != count:
            raise UserError(f"{self.path}: {changed}")

    def _read_frame(self, reason: str) -> tuple[bool, bytes]:
        place = self._file.tell()
        frame, nonce = self._file.read(FRAME.size), self._file.read(NONCE_BYTES)
        is_last, length = FRAME.unpack(frame) if len(frame) == FRAME.size else (0, LONGEST_FRAME)
        sealed = self._file.read(length) if length < LONGEST_FRAME else b""
        if len(sealed) < length:
            raise UserError(
                f"{self.path}: ends too early (an unfinished copy?); accepted: the whole mapping; copy it again"
            )
        try:
            return bool(is_last), self.sealer.open(frame, nonce, sealed, place)
        except InvalidTag:
            raise UserError(f"{self.path}: {reason}") from None


def _read_header(file: BinaryIO, path: Path) -> bytes:
    header = file.read(HEADER_BYTES)
    if len(header) < HEADER_BYTES or not header.startswith(MAGIC):
        raise UserError(
            f"{path}: not the mapping of a redacted file; accepted: redacted.mapping, as redact --mapping wrote it; "
            "check the path"
        )
    if header[len(MAGIC)] != VERSION:
        raise UserError(
            f"{path}: a mapping of version {header[len(MAGIC)]}; accepted: version {VERSION}; restore with the "
            "release of this project that wrote it"
        )
    return header
