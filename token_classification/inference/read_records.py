"""Readers for files of any size: one record after the other, and what can't be read is passed over with a reason."""

import json
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from token_classification.data.formats.conll import iterate_sentences
from token_classification.data.formats.conll_layout import find_layout, is_boundary
from token_classification.inference.csv_records import read_csv
from token_classification.inference.input_lines import (
    decode_line,
    describe_too_long,
    open_unpacked,
    read_lines,
    recognise_input,
    refuse_cr_lines,
)
from token_classification.inference.parquet_records import read_parquet
from token_classification.inference.records import (
    LONGEST_RECORD,
    MOST_LEVELS,
    BadRecord,
    Record,
    RecordError,
    check_levels,
    make_bad_record,
    make_record,
)

LAYOUT_LINES = 1000
"""Lines of a CoNLL file that its columns are found in"""

Records = Iterator[Record | BadRecord]


def read_records(name: str, input_format: str | None = None, text_column: str | None = None) -> Records:
    """Give the records of a file, one after the other; all but Parquet may be gzipped.

    Args:
        name: The file; `-` for stdin.
        input_format: One of `INPUT_FORMATS`; None: as the suffix says, without one as the first bytes say.
        text_column: Field or column of the text, by default the first of `TEXT_COLUMNS`; a number for CoNLL.

    Raises:
        UserError: no such file, or nothing of it can be read.
    """
    source, path = open_unpacked(name), Path(name)
    input_format = input_format or recognise_input(source, path)
    if input_format == "parquet":
        return read_parquet(path, text_column)
    refuse_cr_lines(source, path)
    return READERS[input_format](read_lines(source, path), path, text_column)


def _read_text(lines: Iterator[bytes], path: Path, text_column: str | None) -> Records:
    """A line is a text, an empty one too."""
    for number, line in enumerate(lines, 1):
        try:
            text = decode_line(line)
        except RecordError as error:
            yield make_bad_record(number, error, line)
            continue
        yield Record(number, text, {"text": text}, size=len(line))


def _read_json_lines(lines: Iterator[bytes], path: Path, text_column: str | None) -> Records:
    """A line is an object; blank lines are passed over."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            fields = _parse_object(line)
        except RecordError as error:
            yield make_bad_record(number, error, line[:400].decode(errors="backslashreplace"))
            continue
        yield make_record(number, fields, text_column, len(line))


def _parse_object(line: bytes) -> dict:
    """The object of a line. Raises: RecordError for anything else."""
    text = decode_line(line)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        # Not only what is no JSON: Python reads no number of thousands of digits either.
        raise RecordError(f"not JSON, or not such as can be read ({error})") from None
    if not isinstance(found, dict):
        raise RecordError('no JSON object; accepted: {"text": "..."}')
    if text.count("[") + text.count("{") > MOST_LEVELS:
        check_levels(found)
    return found


def _read_conll(lines: Iterator[bytes], path: Path, text_column: str | None) -> Records:
    """A sentence is a list of words; a file of several columns has tags in the last."""
    too_long: set[int] = set()
    decoded = _cut_long_sentences(lines, too_long)
    head = _take_head(decoded)
    layout = find_layout(head, path, text_column, None)
    for sentence in iterate_sentences(chain(head, decoded), layout, path):
        cut = too_long and too_long.intersection([sentence.line, *sentence.skipped])
        if cut:
            yield make_bad_record(min(cut), describe_too_long("sentence"), sentence.words)
        elif sentence.problems:
            problem = sentence.problems[0]
            yield make_bad_record(problem.line, problem.text, sentence.words)
        elif any(not word.isprintable() and _holds_broken_bytes(word) for word in sentence.words + sentence.tags):
            yield make_bad_record(sentence.line, "not UTF-8", sentence.words)
        elif sentence.words:
            gold = None if layout.tag_column is None else sentence.tags
            yield Record(sentence.line, sentence.words, {"tokens": sentence.words}, gold)


def _take_head(lines: Iterator[str]) -> list[str]:
    """The lines that the columns are found in."""
    head, size = [], 0
    for line in lines:
        head.append(line)
        size += len(line)
        if len(head) == LAYOUT_LINES or size > LONGEST_RECORD:
            break
    return head


def _cut_long_sentences(lines: Iterator[bytes], too_long: set[int]) -> Iterator[str]:
    """The lines, those that are too much for a sentence left blank; its first line goes to `too_long`.

    Half characters stand for bytes that are not UTF-8, until the sentence they are in is known.
    """
    start, size = 0, 0
    for number, line in enumerate(lines, 1):
        text = line[:LONGEST_RECORD].decode("utf-8", "surrogateescape")
        if is_boundary(text):
            size = 0
            yield text
            continue
        start = start if size else number
        size += len(line) + 1
        if size <= LONGEST_RECORD:
            yield text
        else:
            too_long.add(start)
            # Of a line that is too long by itself a row is left: else there would be nothing to report.
            yield text[:100] if start == number else ""


def _holds_broken_bytes(word: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in word)


READERS: dict[str, Callable[[Iterator[bytes], Path, str | None], Records]] = {
    "text": _read_text,
    "jsonl": _read_json_lines,
    "csv": read_csv,
    "conll": _read_conll,
}
