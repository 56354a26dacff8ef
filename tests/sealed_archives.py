"""Archives that this project would not write, sealed with the right key all the same."""

import io
import os
import tarfile
from pathlib import Path

from token_classification.tao.archive import archive

KEY = "correct horse battery staple"


def seal_bytes(path: Path, content: bytes) -> Path:
    """An archive around any bytes."""
    header = archive.MAGIC + bytes([archive.VERSION]) + os.urandom(24)
    cipher = archive._derive_cipher(KEY, header)
    with path.open("wb") as file:
        file.write(header)
        with archive._SealedWriter(file, cipher, header) as sealed:
            sealed.write(content)
    return path


def make_tar(*members: tarfile.TarInfo, form: int = tarfile.PAX_FORMAT) -> bytes:
    """A tar of any members; the content of a file is x after x."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=form) as tar:
        for member in members:
            tar.addfile(member, io.BytesIO(b"x" * member.size))
    return content.getvalue()


def make_member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", **records: str) -> tarfile.TarInfo:
    """A member; a file holds three bytes. `records` go into its extended header."""
    member = tarfile.TarInfo(name)
    member.type, member.linkname, member.size = kind, target, 3 if kind == tarfile.REGTYPE else 0
    member.pax_headers = records
    return member
