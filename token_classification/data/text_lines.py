"""Text files as lists of lines: UTF-8 only, cut at newlines only, so that no character of a word ends a line."""

import codecs
import difflib
from pathlib import Path
from typing import BinaryIO

from token_classification.data.inputs import open_input
from token_classification.data.problems import BrokenFileError, Problem
from token_classification.errors import DataError
from token_classification.output_text import quote_path


def open_bytes(path: Path) -> BinaryIO:
    """Open a file or pipe for reading bytes; within `keep_inputs` it is read once.

    Raises: DataError when there is no such file (with the near names of its folder), or when it can't be read.
    """
    try:
        return open_input(path)
    except FileNotFoundError:
        raise DataError(_explain_missing(path)) from None
    except OSError as error:
        raise DataError(
            f"{path}: can't be read ({error.strerror}); accepted: a file that this user may read; "
            f"check it with: ls -l {quote_path(path)}"
        ) from None


def read_bytes(path: Path) -> bytes:
    """Give all bytes of a file. Raises: DataError, as `open_bytes` does."""
    with open_bytes(path) as file:
        return file.read()


def read_text(path: Path) -> str:
    """Give the text of a UTF-8 file without its byte order mark, with every CRLF as LF.

    Raises: DataError when the file is missing, unreadable, not UTF-8 or holds nothing but white space.
    """
    text = decode_text(read_bytes(path), path)
    if not text.strip(" \t\r\n"):
        raise no_words(path)
    return text.replace("\r\n", "\n").removesuffix("\r")


def decode_text(content: bytes, path: Path) -> str:
    """Give the text of a file's bytes without the byte order mark.

    Raises: DataError when it is not UTF-8, with the lines that are not.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DataError(
            f"{path}:1: not UTF-8 (begins with the UTF-16 byte order mark); accepted: UTF-8; "
            f"convert with: iconv -f utf-16 -t utf-8 {quote_path(path)} > {quote_path(f'{path}.utf8')}"
        )
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise BrokenFileError(_find_undecodable(content, path), None) from None


def read_lines(path: Path) -> list[str]:
    r"""Give the lines of a UTF-8 file, cut at `\n` only; U+0085, U+2028 and form feeds stay inside their line.

    Raises: DataError, as `read_text` does.
    """
    return read_text(path).split("\n")


def split_blanks(line: str) -> list[str]:
    r"""Cut a line at blanks and TABs only: other white space is part of words.

    >>> split_blanks(" a\tb\u00a0c ")
    ['a', 'b\xa0c']
    """
    return [part for part in line.replace("\t", " ").split(" ") if part]


def no_words(path: Path) -> DataError:
    """Give the error for a file that holds no word at all."""
    return DataError(
        f"{path}:1: no words (not one in the whole file); accepted: one sentence or more; check what wrote the file"
    )


def _explain_missing(path: Path) -> str:
    if not path.parent.is_dir():
        return f"{path}: no such file (there is no folder {path.parent}); accepted: an existing file; check the path"
    names = [entry.name for entry in path.parent.iterdir()]
    near = difflib.get_close_matches(path.name, names) or sorted(names)[:3]
    found = ", ".join(map(repr, near)) or "nothing"
    return f"{path}: no such file (its folder holds {found}); accepted: an existing file; check the name"


def _find_undecodable(content: bytes, path: Path) -> list[Problem]:
    problems = []
    for number, line in enumerate(content.split(b"\n"), 1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            column = len(line[: error.start].decode("utf-8")) + 1
            text = (
                f"not UTF-8 (byte 0x{line[error.start]:02X} at column {column}); accepted: UTF-8; "
                f"convert with: iconv -f latin1 -t utf-8 {quote_path(path)} > {quote_path(f'{path}.utf8')}"
            )
            problems.append(Problem("unreadable", path, number, text))
    return problems
