"""`audit.html`: a page on which a person decides about each candidate, and that gives back the corrected file."""

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from token_classification.auditing.read_file import LabelledFile
from token_classification.checking.copies import find_row_layout
from token_classification.checking.files import ColumnChoice
from token_classification.data.formats.conll_layout import Layout
from token_classification.data.scheme_conversion import ENTITY_PREFIXES
from token_classification.data.schemes import Scheme, has_bare_tags
from token_classification.data.text_lines import read_bytes, read_lines
from token_classification.reporting.web_page import build_web_page
from token_classification.scoring.error_classes import find_scored_entities

FOLDER = resources.files("token_classification.auditing") / "page"
LARGEST_COPY = 5_000_000
"""Bytes of a file that the page can correct by itself; decisions about a larger one are applied by the command"""
TAG = "\0"
"""Stands for the tag of a row; no line holds it"""


def build_audit_page(file: LabelledFile, columns: ColumnChoice, record: dict[str, Any]) -> str:
    """Build the page of an audit from its record."""
    rows = sorted({candidate["sentence"] for candidate in record["candidates"]})
    types = sorted({entity.type for tags in file.sentences.gold for entity in find_scored_entities(tags, file.scheme)})
    described = {row: describe_sentence(file, row) for row in rows}
    path = file.checked.path
    layout, text = find_row_layout(path, columns), None
    if layout is not None and (text := read_editable_text(path)) is not None:
        lines = read_lines(path)
        for row, sentence in described.items():
            sentence["slots"] = find_slots(file, layout, lines, row)
    data = record | {
        "types": types,
        "prefixes": None if file.scheme == Scheme.PLAIN else ENTITY_PREFIXES[file.scheme],
        "bare": has_bare_tags(file.labels),
        "name": path.name,
        "text": text,
        "rows": described,
    }
    return build_web_page(FOLDER, "audit", "Label audit", data).text


def read_editable_text(path: Path) -> str | None:
    """Return the text of a file, if a page can correct its lines; None where it is too large, or not plain UTF-8."""
    content = read_bytes(path)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    is_by_lines = len(text.split("\n")) == len(read_lines(path)) and TAG not in text
    return text if is_by_lines and len(content) <= LARGEST_COPY else None


def describe_sentence(file: LabelledFile, row: int) -> dict[str, Any]:
    """Return words, tags and entities of a sentence."""
    gold = file.sentences.gold[row]
    entities = [entity._asdict() for entity in find_scored_entities(gold, file.scheme)]
    return {"words": file.sentences.tokens[row], "tags": gold, "entities": entities}


def find_slots(file: LabelledFile, layout: Layout, lines: Sequence[str], row: int) -> list[tuple[int, str, str]]:
    """Return for each word of a sentence its line (from 0), and what stands there before and behind the tag."""
    slots = []
    for place, word in enumerate(file.sentences.tokens[row]):
        line = file.sentences.find_line(row, place) - 1
        before, _, behind = layout.replace(lines[line], word, TAG).partition(TAG)
        slots.append((line, before, behind))
    return slots
