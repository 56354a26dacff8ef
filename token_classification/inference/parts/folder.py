"""The folder of a job's parts, on a disk that all processes share or behind an address.

`predictions/part-N.jsonl` holds the answers to shard N, `errors/part-N.jsonl` what could not be tagged there, and
`shards/N.json` is written behind them: only what has one is finished. Two processes that tag the same shard write the
same bytes, so it does not matter which of them is last. `manifest.json` is written when all parts are there.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from token_classification.data.addresses import Address, as_path
from token_classification.data.whole_files import remove_unfinished, write_whole
from token_classification.errors import UserError
from token_classification.inference.progress import refuse_other_settings

JOB_FILE, MANIFEST_FILE = "job.json", "manifest.json"
NOTES = ("number", "tallies", "columns", "table")
"""What a report says that matters only until the job is done"""
PARTS, ERRORS, SHARDS = "predictions", "errors", "shards"


@dataclass(frozen=True)
class Job:
    """What all shards have in common; it is sent to the processes."""

    here: str
    """The folder that relative names are meant from: processes elsewhere run in others"""
    folder: str
    checksum: str | None
    """Of the file that describes the job: who finds another one there is in another folder"""
    output_format: str
    text_column: str | None

    def find(self, name: str) -> Path:
        """Return the path of a file or folder, wherever a process runs."""
        path = as_path(name)
        return path if isinstance(path, Address) else Path(self.here) / path


@dataclass(frozen=True)
class PartReport:
    """What became of a shard."""

    number: int
    file: str
    """The input file that it is of"""
    first_record: int
    last_record: int
    """Numbers in all of the input; 0 if it has no record"""
    records: int
    bad_records: int
    entities: int
    bytes: int
    sha256: str
    """Of the part"""
    tallies: Mapping[str, int] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    """Types of the fields, where a table is made of the part"""
    table: str = ""
    """Checksum of the columns of this table"""


def name_part(number: int, output_format: str) -> str:
    """Return the name of a part."""
    return f"{PARTS}/part-{number:06}.{output_format}"


def name_rows(number: int) -> str:
    """Return the name of the lines of which a table is made."""
    return f"{SHARDS}/part-{number:06}.jsonl"


def name_errors(number: int) -> str:
    """Return the name of a part's file of bad records."""
    return f"{ERRORS}/part-{number:06}.jsonl"


def write_result(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all.

    Raises:
        UserError: it can't be written.
    """
    if isinstance(path, Address):
        path.write_bytes(content)
    else:
        write_whole(path, content)


def open_job(folder: Path, settings: Mapping[str, str], *, resume: bool) -> None:
    """Begin a job in a folder, or go on with the one that is there.

    Raises:
        UserError: there are results and `resume` is off, or they are of another input, model or settings.
    """
    path = folder / JOB_FILE
    if path.exists():
        if not resume:
            raise UserError(
                f"{path}: an earlier run left results there; accepted: an empty folder; give another -r, "
                "or continue where the run stopped: --resume"
            )
        try:
            found = dict(json.loads(path.read_bytes()))
        except (ValueError, TypeError) as error:
            raise UserError(
                f"{path}: not as a run left it ({error!s:.200}); accepted: the file as it was written; start again "
                "with another -r"
            ) from None
        refuse_other_settings(path, found, settings)
    else:
        for name in (PARTS, ERRORS, SHARDS):
            if (folder / name).exists() and any((folder / name).iterdir()):
                raise UserError(f"{folder / name}: its run is unknown; give another -r, or delete it.")
            (folder / name).mkdir(parents=True, exist_ok=True)
        write_result(path, json.dumps(dict(settings), indent=2).encode())


def remove_halves(folder: Path) -> None:
    """Remove what processes that died were writing; at an address nothing is there before it is whole."""
    for name in (PARTS, ERRORS, SHARDS):
        if not isinstance(folder, Address):
            remove_unfinished(folder / name)


def checksum_job(folder: Path) -> str | None:
    """Return what a job is known by; None if the folder has none."""
    try:
        return hashlib.sha256((folder / JOB_FILE).read_bytes()).hexdigest()
    except FileNotFoundError:
        return None


def list_finished(folder: Path) -> dict[int, PartReport]:
    """Return the reports of the shards that are finished."""
    reports: dict[int, PartReport] = {}
    try:
        marks = [path for path in (folder / SHARDS).iterdir() if path.name.endswith(".json")]
    except FileNotFoundError:
        return {}
    for path in marks:
        if report := read_report(path):
            reports[report.number] = report
    return reports


def read_report(path: Path) -> PartReport | None:
    """Return a report; None if it is not there, or was cut off while it was written: then the shard is done again."""
    try:
        return PartReport(**json.loads(path.read_bytes()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def finish_shard(folder: Path, report: PartReport) -> None:
    """Note that a shard's files are all there."""
    write_result(folder / SHARDS / f"{report.number:06}.json", json.dumps(asdict(report)).encode())


def write_manifest(
    folder: Path, settings: Mapping[str, str], reports: Iterable[PartReport], output_format: str
) -> None:
    """List the parts; whoever finds this file has all of them."""
    listed = [
        {"name": name_part(report.number, output_format)}
        | ({"errors": name_errors(report.number)} if report.bad_records else {})
        | {name: value for name, value in asdict(report).items() if name not in NOTES}
        for report in reports
    ]
    totals = {name: sum(part[name] for part in listed) for name in ("records", "bad_records", "entities", "bytes")}
    content = totals | {"parts": listed, "settings": dict(settings)}
    write_result(folder / MANIFEST_FILE, json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n")
