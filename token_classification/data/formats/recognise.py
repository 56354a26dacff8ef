"""Tells a file's format by what is in it; the extension only breaks ties."""

import json
import re
from pathlib import Path

from token_classification.data.formats.conllu import ANY_ID, COLUMNS
from token_classification.data.formats.csv_table import SENTENCE_COLUMNS, WORD_COLUMNS, find_delimiter, split_header
from token_classification.data.text_lines import open_bytes, read_text

PARQUET_MAGIC = b"PAR1"
JSON_START = re.compile(r"""\s*[\[{]\s*["\[{\]}]""")
"""What JSON of records begins with, and a line such as `[ O` of a CoNLL file doesn't."""


def recognise_format(path: str | Path) -> str:
    """Give "conll", "conllu", "json", "json_lines", "csv" or "parquet".

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
    lines = [line for line in text.split("\n") if line.strip(" \t")]
    if _is_conllu(lines, suffix):
        return "conllu"
    if suffix == ".csv" or _has_csv_header(lines):
        return "csv"
    return "conll"


def _recognise_json(text: str, suffix: str) -> str | None:
    """Give the kind of JSON, None for what only looks like it; broken JSON is JSON where the extension says so."""
    in_list = text.lstrip().startswith("[")
    start = re.compile(r"\s*\[?\s*" if in_list else r"\s*").match(text).end()
    if in_list and text.startswith("]", start):
        return "json"
    try:
        _, end = json.JSONDecoder().raw_decode(text, start)
    except json.JSONDecodeError:
        return {".json": "json", ".jsonl": "json_lines"}.get(suffix)
    if in_list:
        return "json"
    is_alone = not text[end:].strip()
    is_on_one_line = "\n" not in text[start:end]
    holds_records = re.search(r":\s*\[\s*\{", text[start:end]) is not None
    return "json_lines" if is_on_one_line and not (is_alone and holds_records) else "json"


def _is_conllu(lines: list[str], suffix: str) -> bool:
    row = next((line for line in lines if not line.startswith("#")), "").split("\t")
    return ANY_ID.fullmatch(row[0]) is not None and (len(row) == len(COLUMNS) or suffix == ".conllu")


def _has_csv_header(lines: list[str]) -> bool:
    """Tell whether the first line names columns: a sentence id beside words, or words above cells that hold lists."""
    names = {name.lower() for name in split_header(lines[0], find_delimiter(lines[0]))}
    if names.isdisjoint(WORD_COLUMNS):
        return False
    return not names.isdisjoint(SENTENCE_COLUMNS) or (len(lines) > 1 and "[" in lines[1])
