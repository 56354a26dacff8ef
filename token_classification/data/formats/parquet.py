"""Parquet: list columns of words and tags; tag numbers become names where the Hugging Face metadata names them."""

import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from token_classification.data.formats.label_columns import find_label_column
from token_classification.data.formats.record_columns import (
    DOCUMENT_COLUMN,
    WORD_COLUMNS,
    list_tag_columns,
    pick_tag_column,
    pick_word_column,
)
from token_classification.data.formats.records import build_sentences
from token_classification.data.problems import Problem
from token_classification.data.sentences import Sentences
from token_classification.data.text_lines import open_bytes
from token_classification.errors import DataError


def read_parquet(
    path: Path, text_column: str | None = None, label_column: str | None = None, task: str = "ner"
) -> Sentences:
    """Give the sentences of a Parquet file; `lines` are record numbers, from 1.

    Tag numbers are decoded with the ClassLabel names in the file's metadata, else kept as text.

    Raises: DataError for a broken file; BrokenFileError that lists every record without sound words and tags.
    """
    with open_bytes(path) as file:
        try:
            parquet = pq.ParquetFile(file)
            found = parquet.schema_arrow.names
            word_column = pick_word_column(found, text_column, path, WORD_COLUMNS)
            tag_column = pick_tag_column(found, label_column, path, list_tag_columns(task))
            is_searched = tag_column is None and label_column is None
            lists = [field.name for field in parquet.schema_arrow if is_searched and _is_list(field.type)]
            columns = [name for name in found if name in (word_column, tag_column, DOCUMENT_COLUMN, *lists)]
            records = parquet.read(columns=columns).to_pylist()
        except (pa.ArrowException, OSError) as error:
            raise DataError(
                f"{path}:1: not a whole Parquet file ({error}); accepted: Parquet; write or download it anew"
            ) from None
    if is_searched:
        tag_column = find_label_column(records, word_column, task, path)
    names = _find_class_names(parquet.schema_arrow.metadata or {}, tag_column)
    problems = _decode_tags(records, tag_column, names, path) if names else []
    broken = {problem.line for problem in problems}
    numbered = [(number, record) for number, record in enumerate(records, 1) if number not in broken]
    return build_sentences(numbered, path, word_column, tag_column, found, problems)


def _is_list(kind: pa.DataType) -> bool:
    return pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)


def _find_class_names(metadata: dict[bytes, bytes], tag_column: str | None) -> list[str] | None:
    """Give the ClassLabel names of the tag column, None where the file has none."""
    features = json.loads(metadata.get(b"huggingface", b"{}")).get("info", {}).get("features", {})
    feature = features.get(tag_column, {})
    # datasets writes a list's feature as {"feature": {...}, "_type": "List"}, and wrote it as [{...}]
    item = feature[0] if isinstance(feature, list) else feature.get("feature", {})
    return item.get("names")


def _decode_tags(records: Sequence[dict], tag_column: str, names: Sequence[str], path: Path) -> list[Problem]:
    """Replace the tag numbers by their names; gives a problem for each record with a number that has no name."""
    problems = []
    for number, record in enumerate(records, 1):
        unknown = [tag for tag in record[tag_column] or () if tag is not None and not 0 <= tag < len(names)]
        if unknown:
            text = (
                f"tag number without a name ({unknown[0]}); accepted: 0 to {len(names) - 1}, "
                f"the {len(names)} names in the file's metadata; correct the column {tag_column!r}"
            )
            problems.append(Problem("broken_record", path, number, text))
        elif record[tag_column]:
            record[tag_column] = [tag if tag is None else names[tag] for tag in record[tag_column]]
    return problems
