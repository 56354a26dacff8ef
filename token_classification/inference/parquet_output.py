"""JSON lines to Parquet in two passes of constant memory: the type of each column, then the rows."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from token_classification.data.whole_files import replace_whole

logger = logging.getLogger(__name__)

ROWS_AT_ONCE = 2048
BYTES_AT_ONCE = 2**25

ENTITIES = pa.list_(
    pa.struct(
        [
            ("start", pa.int64()),
            ("end", pa.int64()),
            ("label", pa.string()),
            ("score", pa.float64()),
            ("text", pa.string()),
        ]
    )
)
"""The type of the column, even if the whole file has no entity"""
NESTED_ENTITIES = pa.list_(pa.struct([*ENTITIES.value_type, ("level", pa.string())]))
"""Its type if the model finds nested ones"""
MISFITS = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError)
"""Raised for values that do not fit into a column of one type"""


class MisfitError(Exception):
    """A column has values that do not fit its type."""


@dataclass
class Columns:
    """The types of the columns that have been seen so far."""

    types: dict[str, pa.DataType] = field(default_factory=dict)
    mixed: set[str] = field(default_factory=set)
    """The names of those with values of several types"""

    def add(self, name: str, found: pa.DataType) -> None:
        """Note that a column has values of a type."""
        try:
            both = [pa.schema([(name, kind)]) for kind in (self.types.get(name, found), found)]
            self.types[name] = pa.unify_schemas(both, promote_options="permissive").field(name).type
            if _holds_empty_struct(self.types[name]):
                raise pa.ArrowInvalid
        except MISFITS:
            self.note_mixed(name)

    def note_mixed(self, name: str) -> None:
        """Note that a column has values of several types."""
        self.mixed.add(name)
        self.types[name] = pa.string()

    def build_schema(self, entities: pa.DataType) -> pa.Schema:
        """Return the schema of the rows."""
        return pa.schema([*(self.types | dict.fromkeys(self.mixed, pa.string()) | {"entities": entities}).items()])


def convert_to_parquet(source: Path, target: Path, entities: pa.DataType = ENTITIES) -> None:
    """Write JSON lines as Parquet, one column per field; the file appears whole or not at all.

    A field with values of several types becomes a column of JSON texts, with a warning.
    """
    columns = find_columns(source)
    while True:
        try:
            replace_whole(target, partial(write_rows, source, columns, entities))
            break
        except MisfitError as misfit:
            # A type that fits each group of rows need not fit all of them: 2^63 and -1, 0.5 and 2^53 + 1.
            columns.mixed.add(str(misfit))
    warn_of_mixed(columns)


def warn_of_mixed(columns: Columns) -> None:
    """Say which columns are not what their fields are."""
    mixed = columns.mixed
    if mixed:
        logger.warning("Fields with values of several types are written as JSON texts: %s.", ", ".join(sorted(mixed)))


def write_rows(source: Path, columns: Columns, entities: pa.DataType, target: Path | BinaryIO) -> None:
    """Write the rows.

    Raises:
        MisfitError: with the name of the column.
    """
    schema, mixed = columns.build_schema(entities), columns.mixed
    with pq.ParquetWriter(target, schema) as writer:
        for rows in _read_rows(source):
            for row in rows:
                row.update({name: json.dumps(row[name], ensure_ascii=False) for name in mixed if name in row})
            arrays = [_build_column([row.get(part.name) for row in rows], part) for part in schema]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))


def _build_column(values: list[object], part: pa.Field) -> pa.Array:
    try:
        return pa.array(values, part.type)
    except MISFITS:
        raise MisfitError(part.name) from None


def find_columns(source: Path) -> Columns:
    """Return the types of the columns of JSON lines."""
    columns = Columns()
    for rows in _read_rows(source):
        for name in dict.fromkeys(name for row in rows for name in row):
            try:
                found = pa.array([row.get(name) for row in rows]).type
            except MISFITS:
                columns.note_mixed(name)
            else:
                columns.add(name, found)
    return columns


def _holds_empty_struct(kind: pa.DataType) -> bool:
    """Return whether it contains objects without fields, which Parquet can't hold."""
    if pa.types.is_list(kind):
        return _holds_empty_struct(kind.value_type)
    return pa.types.is_struct(kind) and (kind.num_fields == 0 or any(_holds_empty_struct(part.type) for part in kind))


def _read_rows(source: Path) -> Iterator[list[dict[str, Any]]]:
    rows: list[dict[str, Any]] = []
    size = 0
    # Bytes, because only a newline ends a line.
    with source.open("rb") as file:
        for line in file:
            rows.append(json.loads(line))
            size += len(line)
            if len(rows) == ROWS_AT_ONCE or size > BYTES_AT_ONCE:
                yield rows
                rows, size = [], 0
    if rows:
        yield rows
