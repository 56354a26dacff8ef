"""Texts of annotation tools' files that are no lines of records: one JSON value, an archive, a folder of documents.

What people have labelled in them is not read: their texts are tagged, whether labelled or not.
"""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

from token_classification.data.addresses import as_path
from token_classification.data.formats.json_kinds import LABEL_STUDIO, SPACY, find_json_kind
from token_classification.data.formats.json_values import iterate_values
from token_classification.data.formats.recognise import recognise_folder, recognise_format, recognise_tool_file
from token_classification.data.formats.record_columns import TEXT_COLUMNS
from token_classification.data.formats.span_files import TEXT_FILES, TEXT_READERS
from token_classification.data.formats.span_records import choose_id_column, describe_id, note_columns
from token_classification.errors import DataError, UserError
from token_classification.inference.input_lines import comes_once, describe_too_long
from token_classification.inference.records import LONGEST_RECORD, BadRecord, Record, make_bad_record

logger = logging.getLogger(__name__)

JSON_TOOLS = (LABEL_STUDIO, SPACY)
"""Those whose texts are not in a field of each record"""


def recognise_tool(name: str) -> str | None:
    """Return the format of a tool's file or folder that is known by its first bytes; None for all others.

    Raises:
        DataError: no such file, or it can't be read.
    """
    return None if comes_once(name) else recognise_tool_file(as_path(name))


def find_json_tool(json_format: str, head: Sequence[str], path: Path, text_column: str | None) -> str | None:
    """Return the tool whose texts JSON (`json`: one value, `jsonl`: lines) holds; None where it holds plain records.

    Lines of which the text is where that of any record would be are such records.
    """
    values = list(iterate_values("\n".join(head)))
    if json_format == "jsonl":
        columns = TEXT_COLUMNS if text_column is None else (text_column,)
        if any(isinstance(value, dict) and not value.keys().isdisjoint(columns) for value in values):
            return None
    is_cut = json_format == "json" and not values  # its first item is longer than what was looked at
    found = recognise_format(path) if is_cut and not comes_once(str(path)) else find_json_kind(values)
    return found if found in JSON_TOOLS else None


def list_text_files(path: Path) -> list[Path]:
    """Return the files that hold the texts of an input."""
    found = recognise_folder(path)
    return TEXT_FILES[found](path) if found else [path]


def refuse_results_inside(path: Path, folder: Path) -> None:
    """Refuse results in the folder that is tagged: the next run would read them, too.

    Raises:
        UserError: they would be there.
    """
    if path.is_dir() and folder.resolve().is_relative_to(path.resolve()):
        raise UserError(f"-r {folder}: inside of --input_file {path}; accepted: a folder elsewhere; give another -r")


def read_tool_records(name: str, tool: str, text_column: str | None) -> Iterator[Record | BadRecord]:
    """Read documents as records, each with its id and what else the file says beside its labels.

    The line of a record is its number. Where the format is one file, all of it is in memory.

    Args:
        name: The file or folder.
        tool: One of `TEXT_READERS`.
        text_column: The field of the texts, for Label Studio.

    Raises:
        UserError: the file comes from a pipe; as `DataError`: nothing in it can be read.
    """
    if comes_once(name):
        raise UserError(f"--input_file {name}: files of {tool} can't be read from stdin or a pipe; give the file.")
    path = as_path(name)
    logger.info(
        "%s is read as %s: its texts, not its labels; for another format: --input_format NAME",
        path,
        tool,
    )
    if tool != LABEL_STUDIO:
        for note in note_columns(path, tool, text_column, None):
            logger.warning("%s", note)
    for number, found in enumerate(TEXT_READERS[tool](path, text_column), 1):
        if isinstance(found, DataError):
            yield make_bad_record(number, found, "")
            continue
        if len(found.text) > LONGEST_RECORD:
            yield make_bad_record(number, describe_too_long("document"), found.text)
            continue
        fields = describe_id(found, choose_id_column(found)) | {"text": found.text}
        others = {field: value for field, value in found.meta.items() if field not in fields}
        yield Record(number, found.text, fields | others, size=len(found.text))
