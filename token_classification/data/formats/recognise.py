"""Tells a file's format by what is in it; the extension only breaks ties."""

import json
import re
from itertools import islice
from pathlib import Path

from token_classification.data.formats.conllu import ANY_ID, COLUMNS, GLOBAL_COLUMNS
from token_classification.data.formats.csv_table import SENTENCE_COLUMNS, WORD_COLUMNS, find_delimiter, split_header
from token_classification.data.formats.json_values import UnreadableJSONError, decode_json
from token_classification.data.formats.ontonotes import DOCUMENT_START
from token_classification.data.formats.piped import LOOKED_AT, count_fields
from token_classification.data.text_lines import open_bytes, read_text, split_blanks

PARQUET_MAGIC = b"PAR1"
JSON_START = re.compile(r"""\s*[\[{]\s*["\[{\]}]""")
"""What JSON of records begins with, and a line such as `[ O` of a CoNLL file doesn't."""

LIST_START = re.compile(r"""\[["']""")


def recognise_format(path: str | Path) -> str:
    """Give "conll", "conllu", "ontonotes", "piped", "json", "json_lines", "csv" or "parquet".

    Raises: DataError when the file is missing, unreadable, not UTF-8 or empty.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    with open_bytes(path) as file:
        if file.read(len(PARQUET_MAGIC)) == PARQUET_MAGIC or suffix == ".parquet":
            return "parquet"
    text = read_text(path)
    if JSON_START.match(text):
        json_format = _recognise_json(text, suffix)
        if json_format:
            return json_format
    if text.startswith(DOCUMENT_START):
        return "ontonotes"
    if GLOBAL_COLUMNS.match(text):
        return "conllu"
    lines = [line for line in text.split("\n") if line.strip(" \t")]
    if _is_conllu(lines, suffix):
        return "conllu"
    if suffix == ".csv" or _has_csv_header(lines):
        return "csv"
    return "piped" if count_fields(lines[:LOOKED_AT]) else "conll"


def _recognise_json(text: str, suffix: str) -> str | None:
    """Give the kind of JSON, None for what only looks like it; broken JSON is JSON where the extension says so."""
    by_suffix = {".json": "json", ".jsonl": "json_lines"}.get(suffix)
    opening = re.match(r"\s*\[?\s*", text)
    start, in_list = opening.end(), "[" in opening[0]
    if in_list and text[start:].rstrip() == "]":
        return "json"
    try:
        first, end = decode_json(text, start)
    except UnreadableJSONError:
        return by_suffix or ("json" if in_list else "json_lines")
    except json.JSONDecodeError:
        return by_suffix
    if in_list:
        return "json" if isinstance(first, dict) else by_suffix
    rest_of_line, _, following = text[end:].partition("\n")
    if rest_of_line.strip():
        return by_suffix
    is_one_line = "\n" not in text[start:end]
    holds_records = re.search(r":\s*\[\s*\{", text[start:end]) is not None
    return "json_lines" if is_one_line and (following.strip() or not holds_records) else "json"


def _is_conllu(lines: list[str], suffix: str) -> bool:
    """Tell whether the first row has a number and ten columns; with blanks for TABs each of the first rows must."""
    rows = list(islice((line for line in lines if not line.startswith("#")), LOOKED_AT))
    if not rows:
        return False
    if "\t" in rows[0] or len(split_blanks(rows[0])) == 1:
        row = rows[0].split("\t")
        return ANY_ID.fullmatch(row[0]) is not None and (len(row) == len(COLUMNS) or suffix == ".conllu")
    split = [split_blanks(row) for row in rows]
    return len(split[0]) == len(COLUMNS) and all(ANY_ID.fullmatch(row[0]) for row in split)


def _has_csv_header(lines: list[str]) -> bool:
    """Tell whether the first line names columns: a sentence id beside words, or words above cells that hold lists."""
    names = {name.lower() for name in split_header(lines[0], find_delimiter(lines[0]))}
    if names.isdisjoint(WORD_COLUMNS):
        return False
    return not names.isdisjoint(SENTENCE_COLUMNS) or (len(lines) > 1 and LIST_START.search(lines[1]) is not None)
