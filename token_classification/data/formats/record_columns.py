"""Columns by their names, and the message for one that is not there."""

from collections.abc import Sequence
from pathlib import Path

from token_classification.data.problems import show
from token_classification.errors import DataError, name_place
from token_classification.nearest_names import find_nearest

WORD_COLUMNS = ("tokens", "words")
TEXT_COLUMNS = ("text", *WORD_COLUMNS)
"""Where a text, or a list of words, is looked for, first choice first"""
DOCUMENT_COLUMN = "doc_id"
LISTED_COLUMNS = 20
"""How many names of columns a message lists"""


def pick_word_column(found: Sequence[str], asked: str | None, path: Path, accepted: Sequence[str]) -> str:
    """Return the name of the word column: the one asked for, else the first accepted name in any case of letters.

    Raises:
        DataError: there is none; it lists the columns found.
    """
    column = asked or find_column(found, accepted)
    if column is None or column not in found:
        raise DataError(explain_missing_column("words", found, asked, path, accepted, "--text_column_name"))
    return column


def list_tag_columns(task: str) -> tuple[str, ...]:
    """Return the names under which tags are looked for, first choice first."""
    return (f"{task}_tags", "tags", "labels")


def pick_tag_column(found: Sequence[str], asked: str | None, path: Path, accepted: Sequence[str]) -> str | None:
    """Return the name of the tag column by its name alone; None when none has such a name.

    Raises:
        DataError: the column asked for is absent while one that may be meant is there.
    """
    if asked is None or asked in found:
        return asked or find_column(found, accepted)
    if find_column(found, accepted) or find_nearest(asked, found):
        raise DataError(explain_missing_column("tags", found, asked, path, accepted, "--label_column_name"))
    return None


def find_column(found: Sequence[str], accepted: Sequence[str]) -> str | None:
    """Return the first accepted name that is there, in any case of letters."""
    by_lower = {name.lower(): name for name in reversed(found)}
    return next((by_lower[name] for name in accepted if name in by_lower), None)


def list_columns(found: Sequence[str]) -> str:
    """Name columns for a message."""
    names = list(map(show, found[:LISTED_COLUMNS]))
    return ", ".join(names) + (f" and {len(found) - LISTED_COLUMNS:,} more" if len(found) > LISTED_COLUMNS else "")


def explain_missing_column(
    what: str, found: Sequence[str], asked: str | None, path: Path, accepted: Sequence[str], flag: str
) -> str:
    """Say that a column is missing, which are there, and which is most probably meant."""
    missing = f"no column {show(asked)}" if asked else f"no column of {what}"
    near = find_nearest(asked or accepted[0], found) or [find_column(found, accepted) or "NAME"]
    return (
        f"{name_place(path, 1)}: {missing} (columns found: {list_columns(found)}); "
        f"accepted: {', '.join(map(repr, accepted))}, or the one you name; add {flag} {near[0]}"
    )
