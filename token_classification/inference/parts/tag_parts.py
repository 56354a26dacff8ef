"""Files of any size and number to a folder of parts, by processes that read and write by themselves."""

import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tqdm.auto import tqdm

from token_classification.errors import DataError, UserError
from token_classification.inference.answers import put_records_in_context
from token_classification.inference.bulk import describe_tagging, explain_how_to_go_on, stamp_input, warn_of_drift
from token_classification.inference.parts.folder import (
    ERRORS,
    JOB_FILE,
    MANIFEST_FILE,
    Job,
    PartReport,
    checksum_job,
    list_finished,
    open_job,
    remove_halves,
    write_manifest,
)
from token_classification.inference.parts.plan import InputFile, number_shards, plan_file
from token_classification.inference.parts.tables import remove_rows, write_tables
from token_classification.inference.parts.write_part import write_part
from token_classification.inference.predictor import Predictor
from token_classification.inference.progress import Progress
from token_classification.inference.read_records import INPUT_FORMATS, Records, read_records
from token_classification.inference.workers import Workers, run_tasks

logger = logging.getLogger(__name__)

PART_FORMATS = ("jsonl", "jsonl.gz", "parquet")
"""Formats of parts: their records have numbers, which restore the order"""
DEFAULT_SIZE = 20_000


@dataclass(frozen=True)
class PartsSettings:
    """What to tag, and how the parts are cut and written."""

    input_files: Sequence[str]
    folder: Path
    size: int = DEFAULT_SIZE
    """Lines, rows or records of the input that make a part"""
    output_format: str = "jsonl"
    input_format: str | None = None
    text_column: str | None = None
    resume: bool = False

    def __post_init__(self) -> None:
        if self.output_format not in PART_FORMATS:
            raise UserError(f"--output_format {self.output_format}: of parts, accepted are {', '.join(PART_FORMATS)}.")
        if self.input_format not in (None, *INPUT_FORMATS):
            raise UserError(f"--input_format {self.input_format}: accepted are {', '.join(INPUT_FORMATS)}.")
        if self.size < 1:
            raise UserError(f"--records_per_part {self.size}: accepted is 1 or more.")


def tag_parts(
    predictor: Predictor, settings: PartsSettings, model_folder: Path, workers: Workers | None = None
) -> Progress:
    """Tag the records of files, each shard of them in a file of its own.

    How many processes tag, and where, changes nothing in the files.

    Returns:
        What was done: how many records, bad records and entities.

    Raises:
        UserError: no such file, results of another run, or no record that could be tagged.
    """
    stamps = [stamp_input(name) for name in settings.input_files]
    by_shard = not predictor.engine.aligner.context
    files = [
        plan_file(name, settings.input_format, settings.text_column, settings.size, by_shard=by_shard)
        for name in settings.input_files
    ]
    described = describe_job(predictor, settings, model_folder, files)
    with explain_how_to_go_on(settings.folder):
        open_job(settings.folder, described, resume=settings.resume)
        job = Job(
            os.getcwd(),
            str(settings.folder),
            checksum_job(settings.folder),
            settings.output_format,
            settings.text_column,
        )
        reports = list_finished(settings.folder)
        if (settings.folder / MANIFEST_FILE).exists():
            logger.info("%s is finished already; nothing is left to do.", settings.folder)
        else:
            for report in _tag_shards(predictor, settings, files, job, reports, workers):
                reports[report.number] = report
            if [stamp_input(name) for name in settings.input_files] != stamps:
                raise DataError(
                    f"{settings.folder / JOB_FILE}: input was changed while it was read, so results are of no one "
                    "input; accepted: files that stay as they are; type the command again with another -r"
                )
            written = reports
            if settings.output_format == "parquet":
                written = write_tables(predictor, job, reports, workers)
            remove_halves(settings.folder)
            ordered = [written[number] for number in sorted(written)]
            write_manifest(settings.folder, described, ordered, settings.output_format)
        remove_rows(settings.folder, reports)
    progress = Progress(described)
    for report in reports.values():
        progress.add(report.records, report.bad_records, report.entities)
        progress.add_tallies(report.tallies)
    warn_of_drift(predictor, progress, ", ".join(settings.input_files))
    if progress.records and progress.bad_records == progress.records:
        raise DataError(
            f"{settings.input_files[0]}: none of the {progress.records:,} records could be tagged; why stands in "
            f"{settings.folder / ERRORS}"
        )
    return progress


def describe_job(
    predictor: Predictor, settings: PartsSettings, model_folder: Path, files: Sequence[InputFile]
) -> dict[str, str]:
    """Describe everything that the parts depend on, as text."""
    inputs = {f"input {place}": f"{file.name} ({file.format}) {file.checksum}" for place, file in enumerate(files, 1)}
    return (
        describe_tagging(predictor, model_folder)
        | {
            "output_format": settings.output_format,
            "records_per_part": str(settings.size),
            "text_column": str(settings.text_column),
            "inputs": str(len(files)),
        }
        | inputs
    )


def _tag_shards(
    predictor: Predictor,
    settings: PartsSettings,
    files: Sequence[InputFile],
    job: Job,
    finished: Mapping[int, PartReport],
    workers: Workers | None,
) -> Iterator[PartReport]:
    """Tag what is not finished, and yield what becomes of it."""
    done = frozenset(finished)
    tasks = (
        (shard.number, partial(write_part, job=job, shard=shard))
        for shard in number_shards(files, settings.size, partial(_read_here, predictor, settings))
        if shard.number not in done
    )
    start, tagged = time.monotonic(), 0
    before = sum(report.records for report in finished.values())
    if before:
        logger.info("%s records in %d parts are finished already.", f"{before:,}", len(done))
    with tqdm(desc="Tagging", unit=" texts", initial=before, disable=None) as bar:
        for _, report in run_tasks(predictor, tasks, workers):
            bar.update(report.records)
            tagged += report.records
            yield report
    seconds = time.monotonic() - start
    logger.info("%s records in %.1f s: %.0f texts/s", f"{tagged:,}", seconds, tagged / seconds)


def _read_here(predictor: Predictor, settings: PartsSettings, file: InputFile) -> Records:
    """Read a file from its beginning, with the words around each text where the model reads them."""
    records = read_records(file.name, settings.input_format, settings.text_column)
    if predictor.engine.aligner.context:
        yield from put_records_in_context(records, predictor.words, predictor.engine.aligner.context)
    else:
        yield from records
