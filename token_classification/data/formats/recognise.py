"""Tells a file's format by how its content begins, for training and tagging alike; the extension is a hint.

Where the content fits two formats and the extension does not decide, the answer says so: whoever asked has to say
aloud what was taken, or to refuse.
"""

import json
import re
from collections.abc import Iterable, Sequence
from itertools import islice, pairwise
from pathlib import Path
from typing import NamedTuple

from token_classification.data.formats.brat import is_brat
from token_classification.data.formats.conll_layout import is_boundary, marks_words
from token_classification.data.formats.conllu import ANY_ID, COLUMNS, GLOBAL_COLUMNS
from token_classification.data.formats.csv_table import SENTENCE_COLUMNS, WORD_COLUMNS, find_delimiter, split_header
from token_classification.data.formats.docbin import LOOKED_AT as DOCBIN_START
from token_classification.data.formats.docbin import is_docbin
from token_classification.data.formats.inline_markup import LAYOUT, find_line_elements, has_documents
from token_classification.data.formats.json_kinds import find_json_kind, is_pair
from token_classification.data.formats.json_values import (
    UnreadableJSONError,
    decode_json,
    iterate_values,
    parse_json,
    skip_blanks,
)
from token_classification.data.formats.ontonotes import DOCUMENT_START as ONTONOTES_START
from token_classification.data.formats.piped import LOOKED_AT, count_fields
from token_classification.data.formats.record_columns import TEXT_COLUMNS
from token_classification.data.formats.webanno import START as WEBANNO_START
from token_classification.data.formats.webanno import is_webanno_folder
from token_classification.data.schemes import OUTSIDE, is_prefixed
from token_classification.data.text_lines import open_bytes, read_text, split_blanks
from token_classification.errors import DataError
from token_classification.output_text import quote_path

PARQUET_MAGIC = b"PAR1"
HEAD = 2**18
"""Characters that decide; only of JSON more is looked at, where it is at hand"""
ROWS = 100
"""Rows that decide whether a file is one of rows"""
MOST = 0.9
"""Share of them that must look alike"""
FEW_COLUMNS = 6
"""Rows of more words, all of them as many, are rows only where a column of tags shows it"""
WORDS_OF_SENTENCE = 3
"""Lines of one word between blank ones, on average, from which on they are words of sentences and no texts"""
JSON_START = re.compile(r"""\s*[\[{]\s*["\[{\]}]""")
"""What JSON of records begins with, and a line such as `[ O` of a CoNLL file doesn't."""
LIST_START = re.compile(r"""\[["']""")
HINTS = {
    ".txt": "text",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".parquet": "parquet",
    ".conllu": "conllu",
    ".conll": "conll",
    ".bio": "conll",
    ".iob": "conll",
    ".iob2": "conll",
}
"""What an extension hints at; `.tsv` says nothing, for tables and CoNLL are called so"""


class Recognition(NamedTuple):
    """A format, and which other one the content fits as well."""

    format: str
    """`text` (a text a line), `conll`, `conllu`, `ontonotes`, `piped`, `json`, `jsonl`, `csv`, `inline_xml` ..."""
    other: str | None = None
    doubt: str = ""
    """What fits both"""


def recognise_format(path: str | Path) -> str:
    """Recognise the format of a labelled file; what looks like texts is `conll`, whose reader says what is wrong.

    JSON with spans of characters is called by what its records are: `spans`, `prodigy`, `gliner`, `label_studio`. A
    folder, or one of two files, can be `brat`; a folder can be `webanno`, too.

    Raises:
        DataError: the file is missing, unreadable, not UTF-8 or empty; or texts with the markup of pages.
    """
    path = Path(path)
    if tool_format := recognise_tool_file(path):
        return tool_format
    with open_bytes(path) as file:
        if is_parquet(file.read(len(PARQUET_MAGIC)), path.suffix):
            return "parquet"
    text = read_text(path)
    found, other, doubt = recognise_text(text, path.suffix)
    if other == "inline_xml":
        raise DataError(
            f"{path}: texts with markup, or with labels? ({doubt}); accepted: elements named after labels, such as "
            f"<PER>Anna</PER>; rename them: sed -E 's:<(/?)b>:<\\1PER>:g' {quote_path(path)} > NEW.xml"
        )
    if found in ("json", "jsonl"):
        return find_json_kind(iterate_values(text)) or found
    return "conll" if found == "text" else found


def recognise_tool_file(path: Path) -> str | None:
    """Return the format of an annotation tool's file or folder that begins as no other does; None for all others.

    Raises:
        DataError: the file is missing or unreadable.
    """
    if folder_format := recognise_folder(path):
        return folder_format
    with open_bytes(path) as file:
        start = file.read(max(DOCBIN_START, len(WEBANNO_START.encode())))
    if is_docbin(start):
        return "spacy"
    return "webanno" if start.removeprefix(b"\xef\xbb\xbf").startswith(WEBANNO_START.encode()) else None


def recognise_folder(path: Path) -> str | None:
    """Return the format of a folder, or of a pair of which the path names one file; None for a file by itself."""
    if is_brat(path):
        return "brat"
    return "webanno" if is_webanno_folder(path) else None


def is_parquet(start: bytes, suffix: str) -> bool:
    """Tell whether a file is Parquet, by its first bytes or its extension."""
    return start.startswith(PARQUET_MAGIC) or suffix.lower() == ".parquet"


def recognise_text(text: str, suffix: str, *, text_column: str | None = None, is_whole: bool = True) -> Recognition:
    """Recognise the format of a text file.

    Args:
        text: The file, or its first lines.
        suffix: The extension, with its dot.
        text_column: The column that the user named: a header that has it is a header.
        is_whole: Whether `text` is the whole file.
    """
    suffix = suffix.lower()
    lines = _cut_head(text)
    if JSON_START.match(text):
        json_format = _recognise_json(text, lines, suffix, is_whole)
        if json_format:
            return Recognition(json_format)
    if text.startswith(ONTONOTES_START):
        return Recognition("ontonotes")
    if GLOBAL_COLUMNS.match(text):
        return Recognition("conllu")
    if has_documents("\n".join(lines)):
        return Recognition("inline_xml")
    filled = [line for line in lines if line.strip(" \t")]
    if _is_conllu(filled, suffix):
        return Recognition("conllu")
    if suffix == ".csv" or (filled and _has_header_of_words(filled)):
        return Recognition("csv")
    if count_fields(filled[:LOOKED_AT]):
        return Recognition("piped")
    found = _recognise_rows(lines, suffix, text_column)
    if found.format == "text" and text_column is None and (elements := find_line_elements(lines)):
        return _recognise_elements(elements)
    if found.format == "text" and suffix != ".txt" and (suffix == ".json" or JSON_START.match(text)):
        return Recognition("text", "jsonl", "it begins like JSON, or is named like it, but is not JSON")
    return found


def _cut_head(text: str) -> list[str]:
    """Return the lines that decide; the last one is left out where it may be cut off."""
    lines = text[:HEAD].split("\n")
    return lines[:-1] if len(text) > HEAD and len(lines) > 1 else lines


def _recognise_json(text: str, lines: Sequence[str], suffix: str, is_whole: bool) -> str | None:
    """Return the kind of JSON, None for what only looks like it; broken JSON is JSON where the extension says so."""
    by_suffix = HINTS.get(suffix) if suffix in (".json", ".jsonl", ".ndjson") else None
    start = skip_blanks(text, 0)
    in_list = text.startswith("[", start)
    if in_list:
        start = skip_blanks(text, start + 1)
        if text[start:].rstrip() == "]":
            return "json"
    try:
        first, end = decode_json(text, start)
    except UnreadableJSONError:
        return by_suffix or ("json" if in_list else "jsonl")
    except json.JSONDecodeError as error:
        if _are_objects(lines):
            return "jsonl"
        # Lines end only between values, so what goes on behind the last line is missing right there.
        return "json" if not is_whole and error.pos >= len(text.rstrip()) else by_suffix
    if in_list:
        return "json" if isinstance(first, dict) or is_pair(first) else by_suffix
    rest_of_line, _, following = text[end:].partition("\n")
    if rest_of_line.strip():
        return by_suffix
    is_one_line = "\n" not in text[start:end]
    holds_records = re.search(r":\s*\[\s*\{", text[start:end]) is not None
    return "jsonl" if is_one_line and (following.strip() or not holds_records) else "json"


def _are_objects(lines: Sequence[str]) -> bool:
    """Tell whether at least half of the first lines are objects of JSON: then the others are broken ones."""
    first = list(islice((line for line in lines if line.strip()), LOOKED_AT))
    return 2 * sum(map(_is_object, first)) >= len(first)


def _is_object(line: str) -> bool:
    try:
        return isinstance(parse_json(line), dict)
    except json.JSONDecodeError:
        return False


def _is_conllu(lines: list[str], suffix: str) -> bool:
    """Tell whether the first row has a number and ten columns.

    With blanks for TABs each of the first rows must, and a head that is a number: a text may begin with one, too.
    """
    rows = list(islice((line for line in lines if not line.startswith("#")), LOOKED_AT))
    if not rows:
        return False
    if "\t" in rows[0] or len(split_blanks(rows[0])) == 1:
        row = rows[0].split("\t")
        return ANY_ID.fullmatch(row[0]) is not None and (len(row) == len(COLUMNS) or suffix == ".conllu")
    split = [split_blanks(row) for row in rows]
    if len(split[0]) != len(COLUMNS) or not re.fullmatch(r"[0-9]+|_", split[0][COLUMNS.index("head")]):
        return False
    return all(ANY_ID.fullmatch(row[0]) for row in split)


def _has_header_of_words(lines: list[str]) -> bool:
    """Tell whether the first line names columns: a sentence id beside words, or words above cells that hold lists."""
    names = {name.lower() for name in split_header(lines[0], find_delimiter(lines[0]))}
    if names.isdisjoint(WORD_COLUMNS):
        return False
    return not names.isdisjoint(SENTENCE_COLUMNS) or (len(lines) > 1 and LIST_START.search(lines[1]) is not None)


def _has_header_of_texts(lines: Sequence[str], suffix: str, text_column: str | None) -> bool:
    """Tell whether the first line names columns of which one holds texts, and the others have as many columns."""
    delimiter = find_delimiter(lines[0])
    names = split_header(lines[0], delimiter)
    if text_column not in names and (text_column is not None or set(names).isdisjoint(TEXT_COLUMNS)):
        return False
    # A cell in quotes may hold a delimiter, or go over several lines.
    even = sum(line.count(delimiter) == len(names) - 1 or '"' in line for line in lines[1 : ROWS + 1])
    return suffix == ".tsv" or (len(names) > 1 and even >= MOST * len(lines[1 : ROWS + 1]))


def _recognise_rows(lines: Sequence[str], suffix: str, text_column: str | None) -> Recognition:
    """Tell texts, a table with a header, and CoNLL from each other."""
    filled = [line for line in lines if not is_boundary(line)]
    first = [line for line in filled if not line.startswith("# ")][:ROWS] or filled[:ROWS]
    hint = HINTS.get(suffix)
    if not first:
        return Recognition(hint or "text")
    is_tabbed = "\t" in first[0]
    rows = [line.removesuffix("\t").split("\t") if is_tabbed else split_blanks(line) for line in first]
    width = len(rows[0])
    is_even = sum(len(row) == width for row in rows) >= MOST * len(rows)
    if is_even and (is_tabbed or len(rows) > 1) and _has_column_of_tags(rows):
        return Recognition("conll")
    if hint in ("conll", "jsonl"):
        return Recognition(hint)
    if text_column is not None and text_column.lstrip("-").isdecimal():
        return Recognition("conll")  # only its columns have numbers
    sentences = sum(is_boundary(before) and not is_boundary(line) for before, line in pairwise(["", *lines]))
    is_cut = is_tabbed and is_even and sentences > 1
    is_table = _has_header_of_texts(filled, suffix, text_column)
    if is_table and is_cut:
        return Recognition("conll", "csv", "it has a header with a text column, and blank lines between rows")
    if is_table or is_cut:
        return Recognition("csv" if is_table else "conll")
    if suffix == ".tsv":
        return Recognition("conll", "csv", "it has neither a tag column nor a header with a text column")
    marks = marks_words([row[-1] for row in rows])
    if not is_even or width > FEW_COLUMNS or (len(rows) == 1 and not marks):
        return Recognition("text")
    if width == 1:
        doubt, is_conll = "each line is one word", sentences > 1 and len(filled) >= WORDS_OF_SENTENCE * sentences
        return Recognition("conll", "text", doubt) if is_conll else Recognition("text", "conll", doubt)
    doubt, is_conll = f"each line has {width} columns", _repeats_labels(rows)
    if sentences > 1 and is_conll:
        return Recognition("conll", "text", doubt)
    is_doubtful = is_tabbed or sentences > 1 or is_conll or marks
    return Recognition("text", "conll", doubt) if is_doubtful else Recognition("text")


def _recognise_elements(names: Iterable[str]) -> Recognition:
    """Tell labels from the markup of pages, by the names of the elements of lines that are well-formed."""
    layout = sorted(name for name in names if name.lower() in LAYOUT)
    if len(layout) < len(set(names)):
        return Recognition("inline_xml")
    return Recognition("text", "inline_xml", f"its elements are those of pages: <{'>, <'.join(layout)}>")


def _has_column_of_tags(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether a column behind the first holds tags of an entity scheme: prefixed ones, or `O` in several rows."""
    even = [row[1:] for row in rows if len(row) == len(rows[0])]
    for cells in zip(*even, strict=True):
        has_tag = any(map(is_prefixed, cells)) or (OUTSIDE in cells and len(cells) > 2)
        if has_tag and sum(marks_words([cell]) for cell in cells) >= MOST * len(cells):
            return True
    return False


def _repeats_labels(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether the last words of many rows repeat as labels do."""
    labels = [row[-1] for row in rows]
    return len(labels) >= LOOKED_AT // 2 and 2 * len(set(labels)) <= len(labels)
