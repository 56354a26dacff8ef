"""JSON lines to Parquet, in two passes of constant memory: first the type of each column, then the rows."""

import json
import logging
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

logger = logging.getLogger(__name__)

ROWS_AT_ONCE = 2048

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
"""Written as such even where a whole file has no entity"""


def convert_to_parquet(source: Path, target: Path) -> None:
    """Write JSON lines as Parquet, a column for each field; the file appears whole or not at all.

    A field that holds values of several types becomes a column of JSON texts, and that is said.
    """
    schema, mixed = _find_schema(source)
    if mixed:
        logger.warning("Fields with values of several types are written as JSON texts: %s.", ", ".join(sorted(mixed)))
    unfinished = target.with_name(f".{target.name}.tmp")
    with pq.ParquetWriter(unfinished, schema) as writer:
        for rows in _read_rows(source):
            for row in rows:
                row.update({name: json.dumps(row[name], ensure_ascii=False) for name in mixed if name in row})
            writer.write_table(pa.Table.from_pylist(rows, schema))
    os.replace(unfinished, target)


def _find_schema(source: Path) -> tuple[pa.Schema, set[str]]:
    """The columns with their types, and those whose values are of several types."""
    types: dict[str, pa.DataType] = {}
    mixed: set[str] = set()
    for rows in _read_rows(source):
        for name in dict.fromkeys(name for row in rows for name in row):
            try:
                found = pa.array([row.get(name) for row in rows]).type
                both = [pa.schema([(name, kind)]) for kind in (types.get(name, found), found)]
                types[name] = pa.unify_schemas(both, promote_options="permissive").field(name).type
                if _holds_empty_struct(types[name]):
                    raise pa.ArrowInvalid
            except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
                mixed.add(name)
                types[name] = pa.string()
    types |= dict.fromkeys(mixed, pa.string()) | {"entities": ENTITIES}
    return pa.schema(list(types.items())), mixed


def _holds_empty_struct(kind: pa.DataType) -> bool:
    """Whether objects without a field are in it, which Parquet can't hold."""
    if pa.types.is_list(kind):
        return _holds_empty_struct(kind.value_type)
    return pa.types.is_struct(kind) and (kind.num_fields == 0 or any(_holds_empty_struct(part.type) for part in kind))


def _read_rows(source: Path) -> Iterator[list[dict]]:
    with open(source, encoding="utf-8") as file:
        while lines := list(islice(file, ROWS_AT_ONCE)):
            yield [json.loads(line) for line in lines]
