"""Text files as lists of lines: UTF-8 only, cut at newlines only, so that no character of a word ends a line."""

import codecs
from pathlib import Path
from typing import BinaryIO

from token_classification.data.inputs import open_input
from token_classification.data.problems import BrokenFileError, Kind, Problem
from token_classification.errors import DataError, name_place
from token_classification.nearest_names import find_nearest
from token_classification.output_text import quote_path

MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Byte order mark -> what iconv calls the encoding; that of UTF-32 begins with that of UTF-16"""
PACKED = {
    b"\x1f\x8b": ("gzip", "gunzip -c {0} > {0}.txt"),
    b"PK\x03\x04": ("a ZIP archive (so are Excel's tables; save those as CSV)", "unzip {0}"),
    b"BZh91AY": ("bzip2", "bunzip2 -c {0} > {0}.txt"),
    b"\xfd7zXZ\x00": ("xz", "unxz -c {0} > {0}.txt"),
}
"""First bytes -> what the file is, and the command that unpacks it"""
GUESSED_BY = 4096
"""Bytes by which UTF-16 without a mark is known"""
MANY_NULS = 0.8


def open_bytes(path: Path) -> BinaryIO:
    """Open a file or pipe for reading bytes; within `keep_inputs` it is read once.

    Raises:
        DataError: there is no such file (with the near names of its folder), or when it can't be read.
    """
    try:
        return open_input(path)
    except FileNotFoundError:
        raise DataError(_explain_missing(path)) from None
    except ValueError as error:  # a path with a NUL in it
        raise DataError(f"{path}: not a file path ({error}); accepted: an existing file; check the path") from None
    except OSError as error:
        raise DataError(_explain_unreadable(path, error)) from None


def read_bytes(path: Path) -> bytes:
    """Return all bytes of a file.

    Raises:
        DataError: as `open_bytes` does.
    """
    try:
        with open_bytes(path) as file:
            return file.read()
    except OSError as error:
        raise DataError(_explain_unreadable(path, error)) from None


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file without its byte order mark, with every CRLF as LF.

    A file without any LF whose lines end with CR, as on old Macs, is read so.

    Raises:
        DataError: the file is missing, unreadable, not UTF-8 or holds nothing but white space.
    """
    text = decode_text(read_bytes(path), path)
    if not text.strip(" \t\r\n"):
        raise no_words(path)
    text = text.replace("\r\n", "\n").removesuffix("\r")
    return text if "\n" in text else text.replace("\r", "\n")


def decode_text(content: bytes, path: Path) -> str:
    """Return the text of a file's bytes without the byte order mark.

    Raises:
        DataError: it is not UTF-8, with the lines that are not.
    """
    _refuse_other_kinds(content, path)
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise BrokenFileError(_find_undecodable(content, path), None) from None


def _refuse_other_kinds(content: bytes, path: Path) -> None:
    """Refuse what is no UTF-8 text by its first bytes.

    Raises:
        DataError: it is none; it has the command that makes one.
    """
    quoted = quote_path(path)
    for start, (kind, command) in PACKED.items():
        if content.startswith(start):
            raise DataError(
                f"{path}:1: not text but {kind}; accepted: UTF-8 text; unpack with: {command.format(quoted)}"
            )
    encoding = next((name for mark, name in MARKS.items() if content.startswith(mark)), None)
    reason = f"begins with the {(encoding or '').upper()} byte order mark"
    if encoding is None:
        encoding, reason = _guess_utf16(content[:GUESSED_BY]), "every second byte is NUL, as in UTF-16"
    if encoding is not None:
        raise DataError(
            f"{path}:1: not UTF-8 ({reason}); accepted: UTF-8; "
            f"convert with: iconv -f {encoding} -t utf-8 {quoted} > {quoted}.utf8"
        )


def _guess_utf16(start: bytes) -> str | None:
    """Return the encoding of ASCII letters in UTF-16 without a byte order mark; None for anything else."""
    even, odd = start[::2], start[1::2]
    shares = [half.count(0) / max(len(half), 1) for half in (even, odd)]
    if max(shares) < MANY_NULS or min(shares) > 1 - MANY_NULS:
        return None
    return "utf-16be" if shares[0] > shares[1] else "utf-16le"


def read_lines(path: Path) -> list[str]:
    r"""Return the lines of a UTF-8 file, cut at `\n` only; U+0085, U+2028 and form feeds stay inside their line.

    Raises:
        DataError: as `read_text` does.
    """
    return read_text(path).split("\n")


def split_blanks(line: str) -> list[str]:
    r"""Cut a line at blanks and TABs only: other white space is part of words.

    >>> split_blanks(" a\tb\u00a0c ")
    ['a', 'b\xa0c']
    """
    return [part for part in line.replace("\t", " ").split(" ") if part]


def no_words(path: Path) -> DataError:
    """Return the error for a file that holds no word at all."""
    return DataError(
        f"{name_place(path, 1)}: no words (not one in all of it); accepted: one sentence or more; check what wrote it"
    )


def _explain_unreadable(path: Path, error: OSError) -> str:
    return (
        f"{path}: can't be read ({error.strerror}); accepted: a file that this user may read; "
        f"check it with: ls -l {quote_path(path)}"
    )


def _explain_missing(path: Path) -> str:
    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except FileNotFoundError:
        return f"{path}: no such file (there is no folder {path.parent}); accepted: an existing file; check the path"
    except OSError as error:
        return f"{path}: no such file (its folder can't be listed: {error.strerror}); check the path"
    near = find_nearest(path.name, names) or sorted(names)[:3]
    found = ", ".join(map(repr, near)) or "nothing"
    return f"{path}: no such file (its folder holds {found}); accepted: an existing file; check the name"


def _find_undecodable(content: bytes, path: Path) -> list[Problem]:
    problems, quoted = [], quote_path(path)
    for number, line in enumerate(content.split(b"\n"), 1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            column = len(line[: error.start].decode("utf-8")) + 1
            text = (
                f"not UTF-8 (byte 0x{line[error.start]:02X} at column {column}); accepted: UTF-8; "
                f"convert with: iconv -f latin1 -t utf-8 {quoted} > {quoted}.utf8"
            )
            problems.append(Problem(Kind.UNREADABLE, path, number, text))
    return problems
