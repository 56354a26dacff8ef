"""Corrected copies of files, each with a diff; the files themselves are never touched."""

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from token_classification.checking.copies import LineCopy, copy_lines, name_diff
from token_classification.checking.doctor import Examination, examine
from token_classification.checking.files import CheckedData, ColumnChoice, number_files, read_file
from token_classification.checking.repair_plan import plan_repairs
from token_classification.data.problems import Kind, Problem
from token_classification.data.schemes import Scheme
from token_classification.data.whole_files import write_file_set
from token_classification.errors import UserError

LEFT_OUT_KINDS = {
    Kind.RAGGED_ROW,
    Kind.MISSING_TAG,
    Kind.BROKEN_RECORD,
    Kind.ODD_TAG,
    Kind.NEAR_MISS_LABEL,
    Kind.MIXED_SCHEMES,
    Kind.ILLEGAL_TRANSITION,
    Kind.LEAKAGE,
    Kind.CONFLICTING_ANNOTATION,
    Kind.EMPTY_WORD,
    Kind.ODD_WORD,
    Kind.DOCUMENT_START,
    Kind.LABEL_NOT_IN_TRAIN,
}
"""Kinds of problems whose sentences `--discard` leaves out, where they could not be repaired"""
MOST_ROUNDS = 10
"""Leaving out one sentence can make another one stand out; so often the copies are looked at again."""


@dataclass(frozen=True)
class Repair:
    """What was written, and what the doctor says to it."""

    paths: list[Path]
    """The copies, in the order of the files"""
    counts: list[Counter[str]]
    """What was repaired in each file -> how often"""
    sentences_left_out: list[int]
    examination: Examination
    """Of the copies"""


def repair_files(
    data: CheckedData,
    scheme: Scheme,
    folder: Path,
    columns: ColumnChoice,
    *,
    target: Scheme | None = None,
    discard: bool = False,
) -> Repair:
    """Write a corrected copy of each file into a folder, and what changed as `NAME.diff`.

    A file of which nothing could be read has no copy.

    Args:
        data: The files.
        scheme: Their scheme.
        folder: Where the copies are to be, which may take the place of files there (`targets.py`); made if needed.
        columns: The columns that the files were read with.
        target: Convert all entities to this scheme.
        discard: Leave out the sentences of problems that can't be repaired.

    Raises:
        UserError: the tags are plain and there is a `target`, or the folder can't be written to; nothing is written.
    """
    if target is not None and scheme == Scheme.PLAIN:
        raise UserError(f"--scheme {target}: the tags are plain (no prefixes), so there is no scheme to convert from.")
    data = CheckedData([file for file in data.files if len(file.sentences)], data.words, data.tags)
    plans = plan_repairs(data, scheme, target or scheme)
    copies = [copy_lines(file, plan, columns) for file, plan in zip(data.files, plans, strict=True)]
    left_out = _leave_out_sentences(data, copies, columns) if discard else [0] * len(copies)
    texts = {}
    for file, copy in zip(data.files, copies, strict=True):
        texts[copy.name] = copy.text
        texts[name_diff(copy.name)] = copy.format_diff(str(file.path), str(folder / copy.name))
    write_file_set(folder, texts)
    paths = [folder / copy.name for copy in copies]
    return Repair(paths, [plan.counts for plan in plans], left_out, _examine_copies(data, paths, columns))


def _leave_out_sentences(data: CheckedData, copies: Sequence[LineCopy], columns: ColumnChoice) -> list[int]:
    """Leave out sentences with problems until there are none; return how many of each file."""
    left_out = [0] * len(copies)
    for _ in range(MOST_ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder) / copy.name for copy in copies]
            for path, copy in zip(paths, copies, strict=True):
                path.write_bytes(copy.text.encode("utf-8"))
            findings = _examine_copies(data, paths, columns).findings
        problems = [problem for finding in findings for problem in finding.problems if problem.kind in LEFT_OUT_KINDS]
        if not problems:
            break
        for number, path in enumerate(paths):
            own = [problem for problem in problems if problem.path == path]
            left_out[number] += _drop_sentences(copies[number], own)
    return left_out


def _drop_sentences(copy: LineCopy, problems: Sequence[Problem]) -> int:
    """Leave out the sentences that problems of the copy point at; return how many they were."""
    places = [place for place, lines in enumerate(copy.new) for _ in lines]
    dropped = 0
    for problem in problems:
        line = places[problem.line - 1]
        if copy.new[line]:  # else the sentence went with another problem of it
            copy.drop_sentence(line + 1)
            dropped += 1
    return dropped


def _examine_copies(data: CheckedData, paths: Sequence[Path], columns: ColumnChoice) -> Examination:
    readings = [read_file(path, file.split, columns) for path, file in zip(paths, data.files, strict=True)]
    return examine(number_files(readings))
