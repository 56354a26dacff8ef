"""Parts as Parquet, with the same columns in all of them: which these are is known when all shards are tagged.

Shards are written as JSON lines first, and their reports tell which types their fields have. A column is of the type
that fits all parts; then each part becomes a table, by itself again. A table counts as written when a report of its
own is there that names these columns.
"""

import base64
import hashlib
import io
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import pyarrow as pa

from token_classification.data.levels import LabelLevels
from token_classification.inference.parquet_output import (
    ENTITIES,
    NESTED_ENTITIES,
    Columns,
    MisfitError,
    find_columns,
    warn_of_mixed,
    write_rows,
)
from token_classification.inference.parts.folder import (
    SHARDS,
    Job,
    PartReport,
    name_part,
    name_rows,
    read_report,
    write_result,
)
from token_classification.inference.predictor import Predictor
from token_classification.inference.workers import Workers, run_tasks

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Table:
    """The columns of all parts; it is sent to the processes."""

    columns: Columns
    entities: pa.DataType

    @property
    def checksum(self) -> str:
        """What it is known by."""
        mixed = json.dumps(sorted(self.columns.mixed)).encode()
        return hashlib.sha256(self.columns.build_schema(self.entities).serialize().to_pybytes() + mixed).hexdigest()


def dump_columns(source: Path) -> dict[str, str]:
    """Return the types of the fields of JSON lines, as text: field -> type; nothing for one of several types."""
    columns = find_columns(source)
    return {
        name: "" if name in columns.mixed else base64.b64encode(pa.schema([(name, kind)]).serialize()).decode()
        for name, kind in columns.types.items()
    }


def load_columns(reports: Iterable[PartReport]) -> Columns:
    """Return the columns that fit all parts."""
    columns = Columns()
    for report in reports:
        for name, dumped in report.columns.items():
            if dumped:
                columns.add(name, pa.ipc.read_schema(pa.py_buffer(base64.b64decode(dumped))).field(name).type)
            else:
                columns.note_mixed(name)
    return columns


def write_tables(
    predictor: Predictor, job: Job, reports: Mapping[int, PartReport], workers: Workers | None
) -> dict[int, PartReport]:
    """Make a table of each part, and return the reports of the tables.

    Raises:
        UserError: a process died, or a table can't be written.
    """
    entities = NESTED_ENTITIES if isinstance(predictor.engine.labels, LabelLevels) else ENTITIES
    columns = load_columns(reports[number] for number in sorted(reports))
    while True:
        table = Table(columns, entities)
        tables = {number: read_report(job.find(job.folder) / name_table_report(number)) for number in reports}
        done = {number: found for number, found in tables.items() if found and found.table == table.checksum}
        tasks = (
            (number, partial(write_table, job=job, report=report, table=table))
            for number, report in sorted(reports.items())
            if number not in done
        )
        try:
            done |= dict(run_tasks(predictor, tasks, workers))
            break
        except MisfitError as misfit:
            # A type that fits each part need not fit all of them: all tables are written again.
            columns.note_mixed(str(misfit))
    warn_of_mixed(columns)
    return done


def name_table_report(number: int) -> str:
    """Return the name of the report of a table."""
    return f"{SHARDS}/{number:06}.table"


def write_table(_: Predictor, job: Job, report: PartReport, table: Table) -> PartReport:
    """Write a part as a table, and say so behind it.

    Raises:
        MisfitError: a column needs another type.
    """
    place, content = job.find(job.folder), io.BytesIO()
    write_rows(place / name_rows(report.number), table.columns, table.entities, content)
    written = content.getvalue()
    write_result(place / name_part(report.number, "parquet"), written)
    found = replace(
        report, bytes=len(written), sha256=hashlib.sha256(written).hexdigest(), columns={}, table=table.checksum
    )
    write_result(place / name_table_report(report.number), json.dumps(asdict(found)).encode())
    return found


def remove_rows(folder: Path, reports: Mapping[int, PartReport]) -> None:
    """Remove the lines of which tables were made."""
    for number, report in reports.items():
        if report.columns:
            (folder / name_rows(number)).unlink(missing_ok=True)
