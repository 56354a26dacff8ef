"""JSON lines become Parquet: a column per field, whatever types its values have, and never half a file."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from token_classification.inference.parquet_output import ENTITIES, convert_to_parquet


def convert(folder: Path, *rows: dict) -> pa.Table:
    """The rows as Parquet holds them."""
    (folder / "a.jsonl").write_text("".join(json.dumps({"entities": []} | row) + "\n" for row in rows))
    convert_to_parquet(folder / "a.jsonl", folder / "a.parquet")
    return pq.read_table(folder / "a.parquet")


def test_a_field_is_a_column_and_what_is_absent_is_null(tmp_path):
    table = convert(tmp_path, {"id": 1, "tags": ["O"]}, {"text": "Anna"})
    assert table.to_pylist() == [
        {"entities": [], "id": 1, "tags": ["O"], "text": None},
        {"entities": [], "id": None, "tags": None, "text": "Anna"},
    ]
    assert table.schema.field("entities").type == ENTITIES


@pytest.mark.parametrize("values", [[1, "a"], [[{}]], [2**63, -1], [10**30]])
def test_values_without_a_common_type_become_json_texts(tmp_path, caplog, values):
    found = convert(tmp_path, *({"n": value} for value in values))["n"].to_pylist()
    assert list(map(json.loads, found)) == values
    assert "JSON texts: n" in caplog.text


def test_types_that_fit_by_halves_only_become_json_texts(tmp_path, caplog):
    """Each group of 2,048 rows has a type, and their common one can't hold all of them."""
    values = [0.5] * 2048 + [2**53 + 1] * 2048
    with open(tmp_path / "a.jsonl", "w") as file:
        file.writelines(json.dumps({"n": value, "entities": []}) + "\n" for value in values)
    convert_to_parquet(tmp_path / "a.jsonl", tmp_path / "a.parquet")
    assert list(map(json.loads, pq.read_table(tmp_path / "a.parquet")["n"].to_pylist())) == values
    assert "JSON texts: n" in caplog.text
