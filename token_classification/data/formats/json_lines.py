"""JSON: one record per line, a list of records, or an object that holds one such list."""

import json
from pathlib import Path

from token_classification.data.formats.json_values import decode_json, parse_json, skip_blanks
from token_classification.data.formats.record_columns import list_columns
from token_classification.data.formats.records import read_records
from token_classification.data.problems import BrokenFileError, Kind, Problem
from token_classification.data.sentences import Sentences
from token_classification.data.text_lines import read_lines, read_text
from token_classification.errors import DataError

Records = list[tuple[int, dict[str, object]]]
"""Records, each with the line at which it stands"""


def read_json_lines(
    path: Path, text_column: str | None = None, label_column: str | None = None, task: str = "ner"
) -> Sentences:
    """Return the sentences of a file with one JSON record per line; blank lines are skipped.

    Raises:
        BrokenFileError: it lists every line that is no record, and every record without sound words and tags.
    """
    records, problems = load_json_lines(path)
    return read_records(records, path, text_column, label_column, task, problems)


def load_json_lines(path: Path) -> tuple[Records, list[Problem]]:
    """Return the records of a file with their lines, and the lines that are none.

    Raises:
        DataError: as `read_text` does.
    """
    records: Records = []
    problems = []
    for number, line in enumerate(read_lines(path), 1):
        if not line.strip(" \t"):
            continue
        try:
            record = parse_json(line)
        except json.JSONDecodeError as error:
            problems.append(_explain_syntax(path, number, error))
            continue
        if isinstance(record, dict):
            records.append((number, record))
        else:
            problems.append(_explain_record_type(path, number, record))
    return records, problems


def read_json(
    path: Path, text_column: str | None = None, label_column: str | None = None, task: str = "ner"
) -> Sentences:
    """Return the sentences of a JSON list of records, or of an object in which one key holds such a list.

    Raises:
        DataError: it is no JSON, or records lack sound words and tags; it lists them.
    """
    records, problems = load_json(path)
    return read_records(records, path, text_column, label_column, task, problems)


def load_json(path: Path) -> tuple[Records, list[Problem]]:
    """Return the records of a JSON value with their lines, and the items that are none.

    Raises:
        DataError: it is no JSON, or holds no list of records.
    """
    items = _load_list(path)
    problems = [_explain_record_type(path, line, item) for line, item in items if not isinstance(item, dict)]
    return [(line, item) for line, item in items if isinstance(item, dict)], problems


def _load_list(path: Path) -> list[tuple[int, object]]:
    """Return the items of a JSON value with their lines.

    Raises:
        DataError: it is no JSON, or holds no list of records.
    """
    text = read_text(path)
    try:
        start = skip_blanks(text, 0)
        if text.startswith("{", start):
            items, _ = _step_through_list(text, _find_record_list(text, start, path))
        else:
            items, end = _step_through_list(text, start)
            _expect_end(text, end)
    except json.JSONDecodeError as error:
        raise BrokenFileError([_explain_syntax(path, error.lineno, error)], None) from None
    return items


def load_items(path: Path) -> tuple[list[tuple[int, object]], list[Problem]]:
    """Return the values of a list, records or not, or the records that stand one behind another, as `load_records`.

    Raises:
        DataError: as `load_records` does.
    """
    text = read_text(path)
    if text.startswith("[", skip_blanks(text, 0)):
        return _load_list(path), []
    records, problems = load_records(path)
    return [*records], problems


def load_records(path: Path) -> tuple[Records, list[Problem]]:
    """Return the records of a file of JSON: one a line, a list of them, or one behind another on several lines each.

    Raises:
        DataError: as `load_json` and `load_json_lines` do.
    """
    text = read_text(path)
    start = skip_blanks(text, 0)
    if text.startswith("[", start):
        return load_json(path)
    try:
        is_indented = "\n" in text[start : decode_json(text, start)[1]]
        items = _step_through_values(text, start) if is_indented else None
    except json.JSONDecodeError:
        items = None
    if items is None:
        return load_json_lines(path)
    problems = [_explain_record_type(path, line, item) for line, item in items if not isinstance(item, dict)]
    return [(line, item) for line, item in items if isinstance(item, dict)], problems


def _expect(text: str, at: int, character: str) -> int:
    """Return the place after `character`.

    Raises:
        JSONDecodeError: something else stands there.
    """
    at = skip_blanks(text, at)
    if not text.startswith(character, at):
        raise json.JSONDecodeError(f"Expecting {character!r}", text, at)
    return skip_blanks(text, at + 1)


def _step_through_list(text: str, start: int) -> tuple[list[tuple[int, object]], int]:
    """Return the items of the list that opens at `start` with their lines, and the place behind the list.

    Raises:
        JSONDecodeError: it is no JSON.
    """
    items, line, counted = [], 1, 0
    at = _expect(text, start, "[")
    while not text.startswith("]", at):
        line += text.count("\n", counted, at)
        counted = at
        item, at = decode_json(text, at)
        items.append((line, item))
        at = skip_blanks(text, at)
        if not text.startswith("]", at):
            at = _expect(text, at, ",")
    return items, at + 1


def _step_through_values(text: str, at: int) -> list[tuple[int, object]]:
    """Return the values that stand one behind another with their lines.

    Raises:
        JSONDecodeError: there is something else between them.
    """
    items, line, counted = [], 1, 0
    while at < len(text):
        line += text.count("\n", counted, at)
        counted = at
        item, at = decode_json(text, at)
        items.append((line, item))
        at = skip_blanks(text, at)
    return items


def _find_record_list(text: str, start: int, path: Path) -> int:
    """Return the place of the one list of records among the values of the object that opens at `start`.

    Raises:
        DataError: there is none or more than one.
        JSONDecodeError: it is no JSON.
    """
    places: list[int] = []
    keys: list[str] = []
    at = _expect(text, start, "{")
    while not text.startswith("}", at):
        key, at = decode_json(text, at)
        at = _expect(text, at, ":")
        value, end = decode_json(text, at)
        keys.append(str(key))
        if isinstance(value, list) and value and isinstance(value[0], dict):
            places.append(at)
        at = skip_blanks(text, end)
        if not text.startswith("}", at):
            at = _expect(text, at, ",")
    _expect_end(text, at + 1)
    if len(places) != 1:
        raise DataError(
            f"{path}:1: {len(places) or 'no'} lists of records in the object (keys found: "
            f"{list_columns(keys)}); accepted: one key that holds a list of records; "
            "write the records one per line"
        )
    return places[0]


def _expect_end(text: str, at: int) -> None:
    at = skip_blanks(text, at)
    if at < len(text):
        raise json.JSONDecodeError("Extra data", text, at)


def _explain_syntax(path: Path, line: int, error: json.JSONDecodeError) -> Problem:
    text = (
        f"not JSON ({error.msg} at column {error.colno}); "
        "accepted: a list of records, or one record per line; correct this line"
    )
    return Problem(Kind.BROKEN_RECORD, path, line, text)


def _explain_record_type(path: Path, line: int, item: object) -> Problem:
    text = (
        f"not a record ({'a list' if isinstance(item, list) else json.dumps(item)[:40]}); "
        'accepted: {"tokens": [...], "ner_tags": [...]}; turn it into such an object'
    )
    return Problem(Kind.BROKEN_RECORD, path, line, text)
