"""Text that leaves the program: for terminals and tables, as JSON, as a part of a command to type."""

import json
import os
import re
import shlex
from pathlib import Path

CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What moves the cursor, ends a line, reverses the direction of writing, or can't be encoded (half a character)"""
CONTROLS_IN_LINES = re.compile(rf"(?![\n\t]){CONTROLS.pattern}")


def make_printable(text: str) -> str:
    r"""Return text as one line, with whatever controls a terminal or breaks a table escaped as in Python.

    >>> print(make_printable("B-\x1b[31mPER"), make_printable("東京"))
    B-\x1b[31mPER 東京
    """
    return CONTROLS.sub(_spell_out, text)


def make_printable_lines(text: str) -> str:
    """Return text of several lines with control characters escaped; line ends and TABs stay."""
    return CONTROLS_IN_LINES.sub(_spell_out, text)


def dump_json(content: object, *, indent: int | None = 2) -> str:
    r"""Return JSON with letters as they are and a final line end (without `indent`: one compact line, no line end).

    Control characters, and half characters as in names of files that are not UTF-8, are written as `\udce9`. Paths and
    whatever else JSON does not know become text.

    Raises:
        ValueError: a number is NaN or infinite.
    """
    separators = None if indent else (",", ":")
    text = json.dumps(content, indent=indent, separators=separators, ensure_ascii=False, allow_nan=False, default=str)
    return CONTROLS_IN_LINES.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + ("\n" if indent else "")


def quote_path(path: str | Path) -> str:
    """Return a path as it is typed in a shell, whatever characters it has.

    >>> print(quote_path("train.conll"), quote_path("my data/train.conll"))
    train.conll 'my data/train.conll'
    """
    text = os.fspath(path)
    return quote_argument(f"./{text}" if text.startswith("-") else text)


def quote_argument(text: str) -> str:
    """Return an argument as it is typed in a shell (in bash, if it has characters that can't be printed)."""
    if CONTROLS.search(text) is None:
        return shlex.quote(text)
    escaped = "".join(
        f"\\x{byte:02x}" if byte < 0x20 or byte > 0x7E or byte in b"\\'" else chr(byte) for byte in os.fsencode(text)
    )
    return f"$'{escaped}'"


def _spell_out(match: re.Match[str]) -> str:
    return ascii(match[0])[1:-1]
