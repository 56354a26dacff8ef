"""What a process does with a shard: read it, tag it, write its part, and say so behind it."""

import hashlib
import json
import socket
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace

from token_classification.errors import UserError
from token_classification.inference.answers import Answer, answer_records, encode_answers
from token_classification.inference.bulk import measure_record, tally_scores
from token_classification.inference.parts.folder import (
    Job,
    PartReport,
    checksum_job,
    finish_shard,
    name_errors,
    name_part,
    name_rows,
    write_result,
)
from token_classification.inference.parts.plan import Shard
from token_classification.inference.parts.shard_records import read_shard
from token_classification.inference.parts.tables import dump_columns
from token_classification.inference.predictor import Predictor, cut_into_chunks
from token_classification.inference.records import BadRecord, Record


def write_part(predictor: Predictor, job: Job, shard: Shard) -> PartReport:
    """Tag a shard and write its part. Done twice it writes the same bytes.

    Raises:
        UserError: the folder is not that of the job, or the input another one.
    """
    folder = job.find(job.folder)
    if checksum_job(folder) != job.checksum:
        raise UserError(
            f"-r {job.folder}: {socket.gethostname()} doesn't find the results of this job there; accepted: a folder "
            "that all machines share, or an address such as s3://BUCKET/NAME"
        )
    tagged = _tag_shard(predictor, job, shard)
    part = b"".join(tagged.contents)
    in_table = job.output_format == "parquet"
    name = name_rows(shard.number) if in_table else name_part(shard.number, job.output_format)
    write_result(folder / name, part)
    if tagged.errors:
        lines = [encode_error(shard.file, *found) for found in sorted(tagged.errors, key=lambda one: one[0])]
        write_result(folder / name_errors(shard.number), b"".join(lines))
    report = PartReport(
        number=shard.number,
        file=shard.file,
        first_record=tagged.numbers[0] if tagged.numbers else 0,
        last_record=tagged.numbers[-1] if tagged.numbers else 0,
        records=len(tagged.numbers),
        bad_records=len(tagged.errors),
        entities=tagged.entities,
        bytes=len(part),
        sha256=hashlib.sha256(part).hexdigest(),
        tallies=dict(tagged.tallies),
        columns=dump_columns(folder / name) if in_table else {},
    )
    finish_shard(folder, report)
    return report


@dataclass
class _Tagged:
    """The answers to a shard."""

    contents: list[bytes] = field(default_factory=list)
    errors: list[tuple[int, BadRecord]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    entities: int = 0
    tallies: Counter[str] = field(default_factory=Counter)


def _tag_shard(predictor: Predictor, job: Job, shard: Shard) -> _Tagged:
    """Read and tag a shard, chunk by chunk."""
    tagged = _Tagged()
    numbered = read_shard(shard, job.find(shard.file), job.text_column)
    for chunk in cut_into_chunks(numbered, lambda item: measure_record(item[1])):
        answers, bad = _answer_chunk(predictor, chunk)
        content, written, unwritable = encode_answers(answers, job.output_format)
        places = {record.line: number for number, record in chunk}
        tagged.contents.append(content)
        tagged.errors += bad + [(places[record.line], record) for record in unwritable]
        tagged.numbers += [number for number, _ in chunk]
        tagged.entities += sum(len(answer.entities) for answer in written)
        tagged.tallies.update(tally_scores(predictor, answers))
    return tagged


def _answer_chunk(
    predictor: Predictor, chunk: Sequence[tuple[int, Record | BadRecord]]
) -> tuple[list[Answer], list[tuple[int, BadRecord]]]:
    records = [replace(record, number=number) for number, record in chunk if isinstance(record, Record)]
    bad = [(number, record) for number, record in chunk if isinstance(record, BadRecord)]
    return answer_records(predictor, records), bad


def encode_error(file: str, number: int, record: BadRecord) -> bytes:
    """Encode where a bad record is, why it is one, and how it begins."""
    return json.dumps({"file": file, "record": number} | asdict(record)).encode() + b"\n"
