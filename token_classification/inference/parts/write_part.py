"""What a process does with a shard: read it, tag it, write its part, and say so behind it."""

import hashlib
import json
import socket
from collections.abc import Sequence
from dataclasses import asdict, replace

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
    parts: list[bytes] = []
    errors: list[tuple[int, BadRecord]] = []
    tallies: dict[str, int] = {}
    numbers: list[int] = []
    entities = 0
    for chunk in cut_into_chunks(
        read_shard(shard, job.find(shard.file), job.text_column), lambda item: measure_record(item[1])
    ):
        numbers += [number for number, _ in chunk]
        answers, bad = _answer_chunk(predictor, chunk)
        content, written, unwritable = encode_answers(answers, job.output_format)
        places = {record.line: number for number, record in chunk}
        errors += bad + [(places[record.line], record) for record in unwritable]
        parts.append(content)
        entities += sum(len(answer.entities) for answer in written)
        for name, count in tally_scores(predictor, answers).items():
            tallies[name] = tallies.get(name, 0) + count
    part = b"".join(parts)
    in_table = job.output_format == "parquet"
    name = name_rows(shard.number) if in_table else name_part(shard.number, job.output_format)
    write_result(folder / name, part)
    if errors:
        lines = [encode_error(shard.file, *found) for found in sorted(errors, key=lambda one: one[0])]
        write_result(folder / name_errors(shard.number), b"".join(lines))
    report = PartReport(
        number=shard.number,
        file=shard.file,
        first_record=numbers[0] if numbers else 0,
        last_record=numbers[-1] if numbers else 0,
        records=len(numbers),
        bad_records=len(errors),
        entities=entities,
        bytes=len(part),
        sha256=hashlib.sha256(part).hexdigest(),
        tallies=tallies,
        columns=dump_columns(folder / name) if in_table else {},
    )
    finish_shard(folder, report)
    return report


def _answer_chunk(
    predictor: Predictor, chunk: Sequence[tuple[int, Record | BadRecord]]
) -> tuple[list[Answer], list[tuple[int, BadRecord]]]:
    records = [replace(record, number=number) for number, record in chunk if isinstance(record, Record)]
    bad = [(number, record) for number, record in chunk if isinstance(record, BadRecord)]
    return answer_records(predictor, records), bad


def encode_error(file: str, number: int, record: BadRecord) -> bytes:
    """Encode where a bad record is, why it is one, and how it begins."""
    return json.dumps({"file": file, "record": number} | asdict(record)).encode() + b"\n"
