"""Sentences that a program has already: a `datasets.Dataset`, a pandas DataFrame or a list of records."""

import logging
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, Union

import numpy as np
from datasets import Dataset

from token_classification.arguments.data import DataArguments
from token_classification.data.formats.label_columns import choose_columns
from token_classification.data.formats.records import build_sentences, name_value, read_records
from token_classification.data.hub import class_label_names
from token_classification.data.problems import Kind, Problem
from token_classification.data.sentences import Sentences
from token_classification.data.spans.annotators import explain_unused
from token_classification.errors import UserError

if TYPE_CHECKING:
    from pandas import DataFrame

logger = logging.getLogger(__name__)

Rows: TypeAlias = Union[Dataset, "DataFrame", Iterable[Mapping[str, object]]]
"""A row is a sentence: `tokens`, and `tags` as names, or as numbers that a `Dataset` has names for"""

ACCEPTED = 'a path, a datasets.Dataset, a pandas DataFrame, or a list of {"tokens": [...], "tags": [...]}'


def read_rows(rows: Rows, source: str, data: DataArguments) -> tuple[Sentences, list[str] | None]:
    """Read the sentences of a split that is in memory.

    Args:
        rows: The split.
        source: What messages call it, spelt as `name_place` expects it.
        data: Which columns hold words and tags, for which task.

    Returns:
        The sentences, and the label names that a `Dataset` declares.

    Raises:
        UserError: something that holds no rows; as `DataError`: rows without sound words and tags.
    """
    if isinstance(rows, Dataset):
        return read_dataset(rows, Path(source), data)
    records = list(_list_records(rows, source))
    problems = [
        Problem(Kind.BROKEN_RECORD, Path(source), number, f"{name_value(record)}, not a mapping; accepted: {ACCEPTED}")
        for number, record in enumerate(records, 1)
        if not isinstance(record, Mapping)
    ]
    numbered = [
        (number, {str(name): _make_plain(value) for name, value in record.items()})
        for number, record in enumerate(records, 1)
        if isinstance(record, Mapping)
    ]
    _warn_of_annotator(source, data)
    columns = (data.text_column_name, data.label_column_name, data.task_name)
    return read_records(numbered, Path(source), *columns, problems), None


def read_dataset(dataset: Dataset, source: Path, data: DataArguments) -> tuple[Sentences, list[str] | None]:
    """Read the sentences of a `Dataset`, and the ClassLabel names of its tags.

    Raises:
        DataError: rows without sound words and tags.
    """
    _warn_of_annotator(source, data)
    found, records = dataset.column_names, dataset.to_list()
    asked = (data.text_column_name, data.label_column_name, data.task_name)
    word_column, tag_column = choose_columns(records, found, *asked, source)
    names = class_label_names(dataset.features, tag_column) if tag_column else None
    if tag_column and names:
        _name_tags(records, tag_column, names)
        if not any(any(tag is not None for tag in row[tag_column] or ()) for row in records):
            logger.warning("%s: all tags are -1, so it counts as a split without tags", source)
            tag_column = None
    numbered = list(enumerate(records, start=1))
    return build_sentences(numbered, source, word_column, tag_column, found), names


def _warn_of_annotator(source: Path | str, data: DataArguments) -> None:
    if data.annotator is not None:
        logger.warning("%s", explain_unused(source, data.annotator))


def _name_tags(rows: list[dict[str, Any]], tag_column: str, names: list[str]) -> None:
    """ClassLabel numbers become names, and -1 (no label) null, which is reported later."""
    name_of = dict(enumerate(names))
    for row in rows:
        if row[tag_column] is not None:
            row[tag_column] = [name_of.get(tag) for tag in row[tag_column]]


def _list_records(rows: "DataFrame | Iterable[Mapping[str, object]]", source: str) -> Iterable[object]:
    # Whoever has a DataFrame has imported pandas.
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(rows, pandas.DataFrame):
        return rows.to_dict("records")
    if isinstance(rows, Mapping) or not isinstance(rows, Iterable):
        advice = "; of several splits, give one" if isinstance(rows, Mapping) else ""
        raise UserError(f"{source.strip('<>')} is a {type(rows).__name__}; accepted: {ACCEPTED}{advice}")
    return rows


def _make_plain(value: object) -> object:
    """Turn what NumPy and pandas put into cells into lists, texts and numbers."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [item.item() if isinstance(item, np.generic) else item for item in value]
    return value
