"""The column of tags where no usual name tells it: the one that runs parallel to the words."""

import logging
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from token_classification.data.formats.record_columns import (
    DOCUMENT_COLUMN,
    WORD_COLUMNS,
    find_column,
    list_columns,
    list_tag_columns,
    pick_tag_column,
    pick_word_column,
)
from token_classification.data.schemes import OUTSIDE, is_bare, is_prefixed

logger = logging.getLogger(__name__)

MOST = 0.5
"""Share of records in which a column must run parallel to the words; the others are broken, and reported."""


def list_telling_names(task: str) -> tuple[str, ...]:
    """Return further names that tell of tags, first choice first; such a column is taken aloud."""
    names = (task, f"{task}_labels", f"{task}_label", f"{task}_tag", "label", "tag")
    return (*names, "named_entities", "iob_tags", "bio_tags") if task == "ner" else names


class Columns(NamedTuple):
    """Which columns of records hold words and tags."""

    words: str
    tags: str | None
    """None where no name says which: its content may (`find_label_column`), unless one was asked for"""


def pick_columns(
    found: Sequence[str], text_column: str | None, label_column: str | None, task: str, path: Path
) -> Columns:
    """Pick the columns of records by their names.

    Raises:
        DataError: one that is asked for, or the one of words, is not there.
    """
    return Columns(
        pick_word_column(found, text_column, path, WORD_COLUMNS),
        pick_tag_column(found, label_column, path, list_tag_columns(task)),
    )


def choose_columns(
    records: Sequence[Mapping[str, object]],
    found: Sequence[str],
    text_column: str | None,
    label_column: str | None,
    task: str,
    path: Path,
) -> Columns:
    """Choose the columns of records by their names, and that of the tags by its content where no name tells it.

    Raises:
        DataError: as `pick_columns` does.
    """
    words, tags = pick_columns(found, text_column, label_column, task, path)
    if tags is None and label_column is None:
        tags = find_label_column(records, words, task, path)
    return Columns(words, tags)


def find_label_column(records: Sequence[Mapping[str, object]], word_column: str, task: str, path: Path) -> str | None:
    """Return the column that must be the tags although no usual name says so, and say it; None where it may be none.

    It runs parallel to the words: a list of as many texts or numbers in most records (the others are broken). One with
    a telling name is taken; without such a name it must be the only parallel column and look like labels.
    """
    names = dict.fromkeys(name for record in records for name in record if name not in (word_column, DOCUMENT_COLUMN))
    parallel = [name for name in names if _is_parallel(records, word_column, name)]
    column = find_column(parallel, list_telling_names(task))
    if column is None and len(parallel) == 1 and _looks_like_labels(records, parallel[0]):
        column = parallel[0]
    if column is not None:
        usual = ", ".join(map(repr, list_tag_columns(task)))
        logger.warning(
            "%s: no column %s; %r holds one label per word and is used as the tags (columns found: %s); for another "
            "one: --label_column_name NAME",
            path,
            usual,
            column,
            list_columns([word_column, *names]),
        )
    return column


def _is_parallel(records: Sequence[Mapping[str, object]], word_column: str, column: str) -> bool:
    parallel = 0
    for record in records:
        words, labels = record.get(word_column), record.get(column)
        if isinstance(words, list) and isinstance(labels, list) and len(words) == len(labels):
            parallel += all(isinstance(label, str | int) and not isinstance(label, bool) for label in labels)
    return parallel > 0 and parallel >= MOST * len(records)


def _looks_like_labels(records: Sequence[Mapping[str, object]], column: str) -> bool:
    """Tell whether labels repeat, as lemmas and offsets don't, or mark entities."""
    cells = [record.get(column) for record in records]
    labels: list[object] = list(chain.from_iterable(cell for cell in cells if isinstance(cell, list)))
    distinct = set(labels)
    return 2 * len(distinct) <= len(labels) or all(map(_marks_entity, distinct))


def _marks_entity(label: object) -> bool:
    return isinstance(label, str) and (label == OUTSIDE or is_prefixed(label) or is_bare(label))
