"""Readers for files of any size: one record after the other, and what can't be read is skipped with a reason."""

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain, zip_longest
from pathlib import Path

from token_classification.data.addresses import as_path
from token_classification.data.formats.recognise import (
    HEAD,
    HINTS,
    PARQUET_MAGIC,
    Recognition,
    is_parquet,
    recognise_text,
)
from token_classification.data.formats.span_files import TEXT_READERS
from token_classification.data.formats.text_and_labels import find_labels_file
from token_classification.data.text_lines import split_blanks
from token_classification.errors import DataError, UserError
from token_classification.inference.csv_records import read_csv
from token_classification.inference.input_lines import (
    STDIN,
    Peekable,
    decode_line,
    explain_broken_gzip,
    open_unpacked,
    read_lines,
    refuse_cr_lines,
)
from token_classification.inference.records import (
    MOST_LEVELS,
    BadRecord,
    Record,
    RecordError,
    check_levels,
    make_bad_record,
    make_record,
)
from token_classification.inference.row_records import STARTS, read_rows
from token_classification.inference.tool_records import find_json_tool, read_tool_records, recognise_tool
from token_classification.output_text import quote_path

logger = logging.getLogger(__name__)

PAIR = "text_and_labels"
Records = Iterator[Record | BadRecord]


def read_records(name: str, input_format: str | None = None, text_column: str | None = None) -> Records:
    """Read the records of a file, one after the other; all but Parquet may be gzipped.

    Args:
        name: The file; `-` for stdin.
        input_format: One of `INPUT_FORMATS`; None: recognised by its content, then by its extension.
        text_column: Field or column of the text, by default the first of `TEXT_COLUMNS`; a number for CoNLL.

    Raises:
        UserError: no such file, nothing in it can be read, or its format is ambiguous.
    """
    return open_records(name, input_format, text_column)[1]


def open_records(name: str, input_format: str | None, text_column: str | None) -> tuple[str, Records]:
    """Do what `read_records` does, and return also which format it is.

    Raises:
        UserError: as there.
    """
    tool = input_format if input_format in TEXT_READERS else None if input_format else recognise_tool(name)
    if tool:
        return tool, read_tool_records(name, tool, text_column)
    source, path = open_unpacked(name), as_path(name)
    if input_format == "parquet" or (input_format is None and _is_parquet(source, path)):
        from token_classification.inference.parquet_records import read_parquet

        return "parquet", read_parquet(path, text_column)
    refuse_cr_lines(source, path)
    lines = read_lines(source, path)
    first = _take_head(lines)
    head = _decode_head(first)
    input_format = input_format or _choose_format(head, path, text_column)
    if input_format in TEXT_READERS:
        source.close()
        return input_format, read_tool_records(name, input_format, text_column)
    return input_format, READERS[input_format](chain(first, lines), head, path, text_column)


def recognise_file(name: str, text_column: str | None = None) -> str:
    """Recognise the format of a file, without a message.

    Raises:
        UserError: no such file.
    """
    if tool := recognise_tool(name):
        return tool
    source, path = open_unpacked(name), as_path(name)
    if _is_parquet(source, path):
        return "parquet"
    if find_labels_file(path):
        return PAIR
    lines = read_lines(source, path)
    return _recognise(
        [line.decode("utf-8", "surrogateescape") for line in _take_head(lines)], path, text_column
    ).format


def _is_parquet(source: Peekable, path: Path) -> bool:
    with explain_broken_gzip(path):
        return is_parquet(source.peek(len(PARQUET_MAGIC)), path.suffix)


def _take_head(lines: Iterator[bytes]) -> list[bytes]:
    """Take the lines from which the format and its columns are recognised."""
    head: list[bytes] = []
    size = 0
    for line in lines:
        head.append(line)
        size += len(line) + 1
        if size > HEAD:
            break
    return head


def _decode_head(lines: Sequence[bytes]) -> list[str]:
    """Decode lines; bytes that are not UTF-8 become half characters."""
    return [line.decode("utf-8", "surrogateescape") for line in lines]


def _find_suffix(path: Path) -> str:
    return (Path(path.stem).suffix if path.suffix == ".gz" else path.suffix).lower()


def _recognise(head: Sequence[str], path: Path, text_column: str | None) -> Recognition:
    found = recognise_text("\n".join(head), _find_suffix(path), text_column=text_column, is_whole=False)
    is_json = found.format in ("json", "jsonl")
    tool = find_json_tool(found.format, head, path, text_column) if is_json else None
    return Recognition(tool) if tool else found


def _choose_format(head: Sequence[str], path: Path, text_column: str | None) -> str:
    """Choose the format, with a message if the file's name does not tell it.

    Raises:
        UserError: it is one JSON value, which can't be read record by record; as `DataError`: two formats fit, and the
            wrong one would lose words.
    """
    if find_labels_file(path):
        logger.info("%s is read with the labels beside it; for one text per line: --input_format text", path)
        return PAIR
    found = _recognise(head, path, text_column)
    if found.format == "json":
        raise _refuse_json(head, path)
    if found.other in ("csv", "jsonl"):
        column = " --text_column_name NAME" if found.other == "csv" else ""
        raise DataError(
            f"{path}:1: {found.format} or {found.other}? ({found.doubt}); accepted: a file that tells its format; "
            f"type --input_format {found.format}, or --input_format {found.other}{column}"
        )
    if found.other in READERS:
        logger.warning(
            "%s is read as %s, but %s, so it could be %s: for that, --input_format %s",
            path,
            found.format,
            found.doubt,
            found.other,
            found.other,
        )
    elif HINTS.get(_find_suffix(path)) != found.format and found.format not in TEXT_READERS:
        logger.info("%s is read as %s; for another format: --input_format NAME", path, found.format)
    return found.format


def _refuse_json(head: Sequence[str], path: Path) -> UserError:
    """Return the error for one JSON value that holds all records, with the command that splits it into lines."""
    text = "\n".join(head).lstrip()
    query = ".[]" if text.startswith("[") else ".[] | arrays | .[]"
    source = "" if str(path) == STDIN else f"{quote_path(path)} "
    target = quote_path("texts.jsonl" if str(path) == STDIN else path.with_suffix(".jsonl"))
    return UserError(
        f"{path}: one JSON value, which can't be read record by record; accepted: one record per line; "
        f"convert with: jq -c '{query}' {source}> {target}"
    )


def _read_text(lines: Iterator[bytes], head: Sequence[str], path: Path, text_column: str | None) -> Records:
    """Read each line as a text, even an empty one."""
    for number, line in enumerate(lines, 1):
        try:
            text = decode_line(line)
        except RecordError as error:
            yield make_bad_record(number, error, line)
            continue
        yield Record(number, text, {"text": text}, size=len(line))


def _read_json_lines(lines: Iterator[bytes], head: Sequence[str], path: Path, text_column: str | None) -> Records:
    """Read each line as an object; blank lines are skipped."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            fields = _parse_object(line)
        except RecordError as error:
            yield make_bad_record(number, error, line[:400].decode(errors="backslashreplace"))
            continue
        yield make_record(number, fields, text_column, len(line))


def _parse_object(line: bytes) -> dict[str, object]:
    """Parse the object in a line.

    Raises:
        RecordError: it holds anything else.
    """
    text = decode_line(line)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        # Besides broken JSON: Python refuses numbers of thousands of digits.
        raise RecordError(f"not JSON, or JSON that can't be read ({error})") from None
    if not isinstance(found, dict):
        raise RecordError('not a JSON object; accepted: {"text": "..."}')
    if text.count("[") + text.count("{") > MOST_LEVELS:
        check_levels(found)
    return found


def _read_pair(lines: Iterator[bytes], head: Sequence[str], path: Path, text_column: str | None) -> Records:
    """Read each line as a sentence of words between blanks; its tags are in the same line of the file of labels.

    Raises:
        DataError: there is no file of labels.
    """
    labels_path = find_labels_file(path)
    if labels_path is None:
        raise DataError(
            f"{path}: no labels beside it; accepted: text_NAME.txt with labels_NAME.txt; type --input_format text"
        )
    labels = read_lines(open_unpacked(str(labels_path)), labels_path)
    for number, (line, label_line) in enumerate(zip_longest(lines, labels), 1):
        if line is None or label_line is None:
            shorter, longer = (path, labels_path) if line is None else (labels_path, path)
            reason = f"this line is in {longer} only, not in {shorter}"
            yield make_bad_record(number, reason, line or label_line)
            continue
        try:
            words, tags = split_blanks(decode_line(line)), split_blanks(decode_line(label_line))
        except RecordError as error:
            yield make_bad_record(number, error, line)
            continue
        if len(words) == len(tags):
            yield Record(number, words, {"tokens": words}, tags, len(line), "tokens")
        else:
            yield make_bad_record(number, f"{len(words)} words but {len(tags)} labels in {labels_path}:{number}", line)


READERS: dict[str, Callable[[Iterator[bytes], Sequence[str], Path, str | None], Records]] = {
    "text": _read_text,
    "jsonl": _read_json_lines,
    "csv": read_csv,
    **{name: partial(read_rows, input_format=name) for name in STARTS},
    PAIR: _read_pair,
}
INPUT_FORMATS = (*READERS, "parquet", *TEXT_READERS)
