"""Parquet: list columns of words and tags; tag numbers become names where the Hugging Face metadata names them."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from token_classification.data.formats.json_values import parse_json
from token_classification.data.formats.label_columns import find_label_column, pick_columns
from token_classification.data.formats.record_columns import DOCUMENT_COLUMN
from token_classification.data.formats.records import build_sentences
from token_classification.data.problems import Kind, Problem
from token_classification.data.sentences import Sentences
from token_classification.data.text_lines import open_bytes
from token_classification.errors import DataError

logger = logging.getLogger(__name__)


def read_parquet(
    path: Path, text_column: str | None = None, label_column: str | None = None, task: str = "ner"
) -> Sentences:
    """Return the sentences of a Parquet file; `lines` are record numbers, from 1.

    Tag numbers are decoded with the ClassLabel names in the file's metadata, else kept as text.

    Raises:
        DataError: the file is broken.
        BrokenFileError: it lists every record without sound words and tags.
    """
    with open_bytes(path) as file:
        try:
            parquet = pq.ParquetFile(file)
            found = parquet.schema_arrow.names
            metadata = parquet.schema_arrow.metadata or {}
            word_column, tag_column = pick_columns(found, text_column, label_column, task, path)
            is_searched = tag_column is None and label_column is None
            lists = [field.name for field in parquet.schema_arrow if is_searched and _is_list(field.type)]
            columns = [name for name in found if name in (word_column, tag_column, DOCUMENT_COLUMN, *lists)]
            table = parquet.read(columns=columns)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise DataError(
                f"{path}:1: not a whole Parquet file ({shorten_reason(error)}); accepted: Parquet; write or "
                "download it again"
            ) from None
    records = _list_rows(table, path)
    if is_searched:
        tag_column = find_label_column(records, word_column, task, path)
    problems = []
    if tag_column and (names := _find_class_names(metadata, tag_column, path)):
        problems = _decode_tags(records, tag_column, names, path)
    broken = {problem.line for problem in problems}
    numbered = [(number, record) for number, record in enumerate(records, 1) if number not in broken]
    return build_sentences(numbered, path, word_column, tag_column, found, problems)


def shorten_reason(error: Exception) -> str:
    """Return the first line of what a library says, without what it may quote of the file."""
    return next(iter(str(error).splitlines()), type(error).__name__)[:200]


def _list_rows(table: pa.Table, path: Path) -> list[dict[str, Any]]:
    """Return the rows as Python's values.

    Raises:
        DataError: a row holds a value that Python has not: a date beyond the year 9999, or a text that is not
            UTF-8.
    """
    try:
        return table.to_pylist()
    except (pa.ArrowException, ValueError, OverflowError) as error:
        reason = shorten_reason(error)
    for row in range(table.num_rows):
        try:
            table.slice(row, 1).to_pylist()
        except (pa.ArrowException, ValueError, OverflowError) as error:
            found = shorten_reason(error)
            raise DataError(
                f"{path}:{row + 1}: a value that can't be read ({found}); accepted: lists of texts (UTF-8) and "
                "of tags; correct this row"
            ) from None
    raise DataError(f"{path}:1: values that can't be read ({reason}); accepted: lists of texts; write the file again")


def _is_list(kind: pa.DataType) -> bool:
    return pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)


def _find_class_names(metadata: dict[bytes, bytes], tag_column: str, path: Path) -> list[str] | None:
    """Return the ClassLabel names of the tag column, None where the file has none; what can't be read is said."""
    if b"huggingface" not in metadata:
        return None
    try:
        found: Any = parse_json(metadata[b"huggingface"].decode("utf-8"))
        for key in ("info", "features", tag_column):
            found = found.get(key, {})
        # datasets writes a list's feature as {"feature": {...}, "_type": "List"}, and wrote it as [{...}]
        item = found[0] if isinstance(found, list) else found.get("feature", {})
        names = item.get("names")
    except (ValueError, AttributeError, IndexError):
        names = ()
    if names is None or (isinstance(names, list) and names and all(isinstance(name, str) for name in names)):
        return names
    logger.warning("%s: the names of the tags in its metadata can't be read; numbers stay numbers", path)
    return None


def _decode_tags(
    records: Sequence[dict[str, Any]], tag_column: str, names: Sequence[str], path: Path
) -> list[Problem]:
    """Replace the tag numbers by their names; return a problem for each record with a number that has no name."""
    problems = []
    for number, record in enumerate(records, 1):
        if not _holds_numbers(record[tag_column]):
            continue  # `build_sentences` says what it is
        unknown = [tag for tag in record[tag_column] if tag is not None and not 0 <= tag < len(names)]
        if unknown:
            text = (
                f"tag number without a name ({unknown[0]}); accepted: 0 to {len(names) - 1}, "
                f"the {len(names)} names in the file's metadata; correct the column {tag_column!r}"
            )
            problems.append(Problem(Kind.BROKEN_RECORD, path, number, text))
        else:
            record[tag_column] = [tag if tag is None else names[tag] for tag in record[tag_column]]
    return problems


def _holds_numbers(tags: object) -> bool:
    return isinstance(tags, list) and all(tag is None or isinstance(tag, int) for tag in tags)
