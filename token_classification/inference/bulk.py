"""A file of any size to a file of entities: in order, in constant memory; a killed run can be continued."""

import logging
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from itertools import islice
from pathlib import Path

from tqdm.auto import tqdm

from token_classification.data.addresses import Address, as_path
from token_classification.data.formats.span_files import SPAN_WRITERS
from token_classification.data.inputs import hash_files
from token_classification.data.text_lines import open_bytes
from token_classification.errors import DataError, UserError
from token_classification.inference.answer_files import AnswerWriter, PredictionFiles
from token_classification.inference.answers import OUTPUT_FORMATS, Answer, put_records_in_context
from token_classification.inference.calibration_record import describe_drift
from token_classification.inference.export_record import hash_answering_files
from token_classification.inference.input_lines import STDIN, comes_once
from token_classification.inference.input_names import list_opened_files
from token_classification.inference.opened_model import TORCH_BACKENDS
from token_classification.inference.predictor import Predictor, cut_into_chunks
from token_classification.inference.progress import PARTIAL, AppendedFile, Progress, open_progress
from token_classification.inference.read_records import INPUT_FORMATS, read_records, recognise_file
from token_classification.inference.records import BadRecord, Record
from token_classification.inference.selection import Selection, describe_selection, select_records
from token_classification.inference.texts import count_characters
from token_classification.inference.tool_records import refuse_results_inside
from token_classification.inference.workers import Workers, answer_chunks
from token_classification.scoring.drift import SCORE_BINS, count_scores

logger = logging.getLogger(__name__)

SCORE_TALLY = "score."
"""Begins the names under which the progress counts scores"""
BYTES_PER_CHARACTER = 256
"""A chunk ends at 250,000 characters of text, or at this many times as much of the file: fields fill memory too"""


@dataclass(frozen=True)
class BulkSettings:
    """What to tag, and how to write it down."""

    input_file: str
    """`-` for stdin"""
    folder: Path
    output_format: str = "jsonl"
    """One of `OUTPUT_FORMATS`, or of `SPAN_WRITERS` for a file that this tool imports"""
    input_format: str | None = None
    text_column: str | None = None
    resume: bool = False
    selection: Selection | None = None
    """Which of the records are tagged; None: all"""
    model_version: str = "model"
    """What the file of a tool calls the model"""
    writer: AnswerWriter | None = None
    """What writes the answers in another way than in `output_format`"""

    def __post_init__(self) -> None:
        if self.output_format not in (*OUTPUT_FORMATS, *SPAN_WRITERS):
            raise UserError(f"--output_format {self.output_format}: accepted are {', '.join(OUTPUT_FORMATS)}.")
        if self.input_format not in (None, *INPUT_FORMATS):
            raise UserError(f"--input_format {self.input_format}: accepted are {', '.join(INPUT_FORMATS)}.")

    @property
    def files(self) -> AnswerWriter:
        """What writes the answers."""
        return self.writer or PredictionFiles(self.output_format, self.model_version)


def tag_file(
    predictor: Predictor, settings: BulkSettings, model_folder: Path, workers: Workers | None = None
) -> Progress:
    """Tag the records of a file and write them with their entities, in the order of the file.

    Bad records go to `predictions.errors.jsonl`, with line and reason, and do not stop the rest. How many processes
    tag changes nothing in the files.

    Returns:
        What was done: how many records, bad records and entities.

    Raises:
        UserError: no such file, results of another run, or no record that could be tagged.
    """
    refuse_results_inside(as_path(settings.input_file), settings.folder)
    writer = settings.files
    stamp = stamp_input(settings.input_file)
    fingerprint = describe_run(predictor, settings, model_folder)
    progress = open_progress(settings.folder, fingerprint, [*writer.kept_names, writer.errors_name], settings.resume)
    if progress.finished:
        logger.info("%s is finished already; nothing is left to do.", settings.folder / writer.output_name)
    else:
        if progress.records and stamp is None:
            logger.warning(
                "What comes from stdin or a pipe can't be compared with that of the run before: its first %s records "
                "are taken for those that are done.",
                f"{progress.records:,}",
            )
        with explain_how_to_go_on(settings.folder):
            writer.prepare(predictor, settings.folder, progress)
            _tag_records(predictor, settings, progress, stamp, workers)
            writer.finish(settings.folder, progress, predictor.engine.labels)
            if settings.selection is None:  # selected texts always have others
                warn_of_drift(predictor, progress, settings.input_file)
            progress.finished = True
            progress.write(settings.folder)
    with explain_how_to_go_on(settings.folder):
        _put_in_place(settings.folder, writer)
    if progress.records and progress.bad_records == progress.records:
        raise DataError(
            f"{settings.input_file}: none of its {progress.records:,} records could be tagged; why stands in "
            f"{settings.folder / writer.errors_name}"
        )
    return progress


def describe_run(predictor: Predictor, settings: BulkSettings, model_folder: Path) -> dict[str, str]:
    """Describe everything that the output depends on, as text."""
    once = comes_once(settings.input_file)
    return (
        describe_tagging(predictor, model_folder)
        | settings.files.describe()
        | {
            "input": STDIN if once else hash_files(list_opened_files(settings.input_file)),
            "input_format": str(_name_format(settings)),
            "text_column": str(settings.text_column),
            "selection": describe_selection(settings.selection),
        }
    )


def describe_tagging(predictor: Predictor, model_folder: Path) -> dict[str, str]:
    """Describe everything that answers to given texts depend on, as text."""
    return predictor.describe_settings() | {
        "model": hash_answering_files(model_folder),
        "token_budget": str(predictor.engine.loop.token_budget),
        "libraries": ", ".join(f"{name} {version(name)}" for name in _list_libraries(predictor.engine.backend)),
    }


def _list_libraries(backend: str) -> tuple[str, ...]:
    """The packages that compute the answers; an exported model runs without torch."""
    if backend in TORCH_BACKENDS:
        return ("torch", "transformers", "tokenizers")
    return ("onnxruntime" if backend.startswith("onnx") else "openvino", "numpy", "tokenizers")


def _name_format(settings: BulkSettings) -> str | None:
    """Return the format that the input is read in: another one gives other records. None: it can be read only once."""
    if settings.input_format or comes_once(settings.input_file):
        return settings.input_format
    return recognise_file(settings.input_file, settings.text_column)


@contextmanager
def explain_how_to_go_on(folder: Path) -> Iterator[None]:
    """Say how to continue when the system refuses something during the work.

    Raises:
        UserError: the system refused something.
    """
    try:
        yield
    except (OSError, UserError) as error:
        refused = error.__cause__ if isinstance(error, UserError) else error
        if not isinstance(refused, OSError):
            raise
        raise UserError(
            f"{refused.filename or folder}: {refused.strerror}; what is done is kept: put that right, and "
            "the same command with --resume goes on"
        ) from refused


def stamp_input(name: str) -> tuple[int | str, ...] | None:
    """Return what changes when a file does; None for what can be read only once."""
    if comes_once(name):
        return None
    stamps: list[int | str] = []
    for path in list_opened_files(name):
        with open_bytes(path) as file:
            if isinstance(path, Address):
                stamps.append(path.identify())
                continue
            status = os.fstat(file.fileno())
        stamps += (status.st_ino, status.st_size, status.st_mtime_ns)
    return tuple(stamps)


def _tag_records(
    predictor: Predictor,
    settings: BulkSettings,
    progress: Progress,
    stamp: tuple[int | str, ...] | None,
    workers: Workers | None,
) -> None:
    """Read a chunk, tag it, write it, record that it is written; and so on."""
    writer = settings.files
    files = {
        name: AppendedFile(settings.folder / f"{name}{PARTIAL}", progress.sizes.get(name, 0))
        for name in (*writer.appended_names, writer.errors_name)
    }
    records = read_records(settings.input_file, settings.input_format, settings.text_column)
    if predictor.engine.aligner.context:
        records = put_records_in_context(records, predictor.words, predictor.engine.aligner.context)
    if settings.selection is not None:
        # A run that goes on selects anew: the same records in the same order.
        records = select_records(predictor, cut_into_chunks(records, measure_record), settings.selection)
    unread = islice(records, progress.records, None)
    start, before = time.monotonic(), progress.records
    with ExitStack() as stack, tqdm(desc="Tagging", unit=" texts", initial=before, disable=None) as bar:
        for file in files.values():
            stack.enter_context(file)
        for chunk, answers in answer_chunks(predictor, cut_into_chunks(unread, measure_record), workers):
            encoded = writer.encode(answers, progress.sizes)
            bad = [record for record in chunk if isinstance(record, BadRecord)] + [*encoded.unwritable]
            bad.sort(key=lambda record: record.line)
            for name, content in encoded.contents.items():
                files[name].append(content)
            files[writer.errors_name].append(b"".join(map(writer.encode_error, bad)))
            progress.add(len(chunk), len(bad), sum(len(answer.entities) for answer in encoded.written))
            progress.add_tallies(encoded.tallies)
            progress.add_tallies(tally_scores(predictor, answers))
            progress.sizes = {name: file.flush() for name, file in files.items()}
            progress.write(settings.folder)
            bar.update(len(chunk))
    if stamp_input(settings.input_file) != stamp:
        raise DataError(
            f"{settings.input_file}: was changed while it was read, so these results are of no one file; accepted: a "
            "file that stays as it is; type the command again with another -r"
        )
    seconds = time.monotonic() - start
    speed = (progress.records - before) / seconds
    logger.info("%s records in %.1f s: %.0f texts/s", f"{progress.records - before:,}", seconds, speed)


def tally_scores(predictor: Predictor, answers: Sequence[Answer]) -> dict[str, int]:
    """Count the calibrated scores of the entities that the tags mark, those below the threshold, too.

    Without a calibration there is nothing to compare them with, and nothing is counted.
    """
    if not predictor.calibration.scores:
        return {}
    if any(predictor.thresholds.values()) or predictor.proposed:
        unfiltered = replace(predictor, thresholds={}, proposed={})
        entities = [entity for answer in answers for entity in unfiltered.find_entities(answer.tagged)]
    else:
        entities = [entity for answer in answers for entity in answer.entities]
    counts = count_scores([entity["score"] for entity in entities])
    return {f"{SCORE_TALLY}{place}": count for place, count in enumerate(counts) if count}


def warn_of_drift(predictor: Predictor, progress: Progress, name: str) -> None:
    """Warn if the texts of an input have other scores than those of the calibration."""
    counts = [progress.tallies.get(f"{SCORE_TALLY}{place}", 0) for place in range(SCORE_BINS)]
    drift = describe_drift(predictor.calibration, counts, name)
    if drift is not None:
        logger.warning("%s", drift)


def measure_record(record: Record | BadRecord) -> int:
    """Return what a record counts in its chunk: its text, or a share of its other fields if they are far larger."""
    if isinstance(record, BadRecord):
        return count_characters(record.found)
    return max(count_characters(record.text), record.size // BYTES_PER_CHARACTER)


def _put_in_place(folder: Path, writer: AnswerWriter) -> None:
    """Give the finished files their names; existing files stay."""
    for name in dict.fromkeys((*writer.kept_names, *writer.appended_names, writer.errors_name)):
        partial = folder / f"{name}{PARTIAL}"
        if not partial.exists():
            continue
        is_wanted = partial.stat().st_size > 0 if name == writer.errors_name else name in writer.kept_names
        if is_wanted:
            os.replace(partial, folder / name)
        else:
            partial.unlink()
