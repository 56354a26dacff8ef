"""A file of any size to a file of entities: in order, in constant memory, and it can be killed and gone on with."""

import gzip
import hashlib
import json
import logging
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from itertools import islice
from pathlib import Path

from tqdm.auto import tqdm

from token_classification.data.formats.conll import format_sentence, make_writable
from token_classification.data.text_lines import open_bytes
from token_classification.errors import DataError, UserError
from token_classification.inference.entities import TextEntity
from token_classification.inference.parquet_output import convert_to_parquet
from token_classification.inference.predictor import Predictor, TaggedText, count_characters, cut_into_chunks
from token_classification.inference.progress import PARTIAL, AppendedFile, Progress, open_progress
from token_classification.inference.read_records import INPUT_FORMATS, STDIN, read_records
from token_classification.inference.records import BadRecord, Record, add_results

logger = logging.getLogger(__name__)

OUTPUT_FORMATS = ("jsonl", "jsonl.gz", "conll", "conll.gz", "parquet")
Encoder = Callable[[Sequence["Answer"]], bytes]
ERRORS_NAME = "predictions.errors.jsonl"
HASHED_SUFFIXES = (".safetensors", ".bin", ".xml", ".onnx", "config.json", "tokenizer.json", "export.json")
"""Ends of the names of the files that a model's answers depend on"""


@dataclass(frozen=True)
class BulkSettings:
    """What to tag, and how to write it down."""

    input_file: str
    """`-` for stdin"""
    folder: Path
    output_format: str = "jsonl"
    input_format: str | None = None
    text_column: str | None = None
    resume: bool = False

    def __post_init__(self):
        if self.output_format not in OUTPUT_FORMATS:
            raise UserError(f"output_format={self.output_format}: accepted are {', '.join(OUTPUT_FORMATS)}.")
        if self.input_format not in (None, *INPUT_FORMATS):
            raise UserError(f"input_format={self.input_format}: accepted are {', '.join(INPUT_FORMATS)}.")

    @property
    def output_name(self) -> str:
        """The file that the results are in at the end."""
        return f"predictions.{self.output_format}"

    @property
    def appended_name(self) -> str:
        """The file that results are appended to: Parquet has its index at the end, and is made of JSON lines."""
        return "predictions.jsonl" if self.output_format == "parquet" else self.output_name


def tag_file(predictor: Predictor, settings: BulkSettings, model_folder: Path) -> Progress:
    """Tag the records of a file and write them with their entities, in the order of the file.

    Bad records go to `predictions.errors.jsonl`, with line and reason; the rest goes on.

    Returns:
        What was done: counts of records, bad ones and entities.

    Raises:
        UserError: no such file, results of another run, or not one record that could be tagged.
    """
    names = [settings.output_name, ERRORS_NAME]
    fingerprint = describe_run(predictor, settings, model_folder)
    progress = open_progress(settings.folder, fingerprint, names, settings.resume)
    if progress.finished:
        logger.info("%s is finished already; nothing is left to do.", settings.folder / settings.output_name)
    else:
        try:
            _tag_records(predictor, settings, progress)
        except OSError as error:
            raise UserError(
                f"{error.filename or settings.folder}: {error.strerror}; what is done is kept: put that right, and "
                "the same command with --resume goes on"
            ) from error
    _put_in_place(settings)
    if progress.records and progress.bad_records == progress.records:
        raise DataError(
            f"{settings.input_file}: none of its {progress.records:,} records could be tagged; why stands in "
            f"{settings.folder / ERRORS_NAME}"
        )
    return progress


def describe_run(predictor: Predictor, settings: BulkSettings, model_folder: Path) -> dict[str, str]:
    """All that the output depends on, as text."""
    model_files = sorted(path for path in model_folder.iterdir() if path.name.endswith(HASHED_SUFFIXES))
    engine = predictor.engine
    return {
        "input": STDIN if settings.input_file == STDIN else _hash_files([Path(settings.input_file)]),
        "model": _hash_files(model_files),
        "backend": engine.backend,
        "max_seq_length": str(engine.aligner.window_length),
        "decoder": "argmax" if engine.loop.decoder is None else "viterbi",
        "token_budget": str(engine.loop.token_budget),
        "threshold": json.dumps(predictor.thresholds, sort_keys=True),
        "words": predictor.words,
        "input_format": str(settings.input_format),
        "output_format": settings.output_format,
        "text_column": str(settings.text_column),
        "libraries": ", ".join(f"{name} {version(name)}" for name in ("torch", "transformers", "tokenizers")),
    }


def _hash_files(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        with open_bytes(path) as file:
            digest.update(path.name.encode() + hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _tag_records(predictor: Predictor, settings: BulkSettings, progress: Progress) -> None:
    """The loop: read a chunk, tag it, write it down, write down that it is."""
    encode = ENCODERS[settings.output_format]
    output, errors = (
        AppendedFile(settings.folder / f"{name}{PARTIAL}", progress.sizes.get(name, 0))
        for name in (settings.appended_name, ERRORS_NAME)
    )
    records = read_records(settings.input_file, settings.input_format, settings.text_column)
    unread = islice(records, progress.records, None)
    start, before = time.monotonic(), progress.records
    with output, errors, tqdm(desc="Tagging", unit=" texts", initial=before, disable=None) as bar:
        for chunk in cut_into_chunks(unread, _count_characters):
            good = [record for record in chunk if isinstance(record, Record)]
            bad = [record for record in chunk if isinstance(record, BadRecord)]
            answers = answer_records(predictor, good)
            output.append(encode(answers))
            errors.append(b"".join(json.dumps(asdict(record)).encode() + b"\n" for record in bad))
            progress.records += len(chunk)
            progress.bad_records += len(bad)
            progress.entities += sum(len(answer.entities) for answer in answers)
            progress.sizes = {settings.appended_name: output.flush(), ERRORS_NAME: errors.flush()}
            progress.write(settings.folder)
            bar.update(len(chunk))
    if settings.output_format == "parquet":
        convert_to_parquet(output.path, settings.folder / settings.output_name)
    progress.finished = True
    progress.write(settings.folder)
    seconds = time.monotonic() - start
    speed = (progress.records - before) / seconds
    logger.info("%s records in %.1f s: %.0f texts/s", f"{progress.records - before:,}", seconds, speed)


def _count_characters(record: Record | BadRecord) -> int:
    return count_characters(record.text if isinstance(record, Record) else record.found)


@dataclass(frozen=True)
class Answer:
    """A record with what the model says about it."""

    record: Record
    tagged: TaggedText
    entities: list[TextEntity]


def answer_records(predictor: Predictor, records: Sequence[Record]) -> list[Answer]:
    """Tag some records at once."""
    tagged = predictor.tag_texts([record.text for record in records])
    return [Answer(record, row, predictor.find_entities(row)) for record, row in zip(records, tagged, strict=True)]


def encode_json_lines(answers: Sequence[Answer]) -> bytes:
    """A line per record: its own fields, then `entities`; for a list of words also `text` and `tags`."""
    return b"".join(map(_encode_json_line, answers))


def _encode_json_line(answer: Answer) -> bytes:
    results: dict[str, object] = {"entities": answer.entities}
    if not isinstance(answer.record.text, str):
        results = {"text": answer.tagged.text, "tags": answer.tagged.tags} | results
    if answer.record.gold is not None:
        results = {"gold": answer.record.gold} | results
    record = add_results(answer.record, results)
    try:
        # Dates and the like (Parquet) are written as text.
        return json.dumps(record, ensure_ascii=False, default=str).encode() + b"\n"
    except UnicodeEncodeError:
        # Half a character, which JSON can only hold escaped.
        return json.dumps(record, default=str).encode() + b"\n"


def encode_conll(answers: Sequence[Answer]) -> bytes:
    """`word TAB tag` lines, or `word TAB gold TAB tag`, and a blank line behind each record."""
    return b"".join(_encode_sentence(answer).encode(errors="replace") for answer in answers)


def _encode_sentence(answer: Answer) -> str:
    words = [make_writable(answer.tagged.text[start:end]) for start, end in answer.tagged.spans]
    columns = [words, answer.tagged.tags]
    if answer.record.gold is not None:
        columns.insert(1, answer.record.gold)
    return format_sentence(zip(*columns, strict=True))


def _compress(encode: Encoder) -> Encoder:
    """Each chunk as a gzip member of its own: members end to end are a gzip file, and one that can be gone on with."""
    return lambda answers: gzip.compress(encode(answers), mtime=0)


ENCODERS: dict[str, Encoder] = {
    "jsonl": encode_json_lines,
    "jsonl.gz": _compress(encode_json_lines),
    "conll": encode_conll,
    "conll.gz": _compress(encode_conll),
    "parquet": encode_json_lines,
}


def _put_in_place(settings: BulkSettings) -> None:
    """Give the finished files their names; what is there already stays."""
    for name in (settings.appended_name, ERRORS_NAME):
        partial = settings.folder / f"{name}{PARTIAL}"
        if not partial.exists():
            continue
        is_wanted = partial.stat().st_size > 0 if name == ERRORS_NAME else name == settings.output_name
        if is_wanted:
            os.replace(partial, settings.folder / name)
        else:
            partial.unlink()
