"""Files as lists of lines that a repair edits: CoNLL, CoNLL-U and JSON lines as they are, others as JSON lines."""

import json
from codecs import BOM_UTF8
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from token_classification.checking.boundaries import find_cut_sentences
from token_classification.checking.files import CheckedFile, ColumnChoice
from token_classification.checking.repair_plan import RepairPlan
from token_classification.data.formats.conll_layout import Layout, find_layout, is_boundary, marks_words
from token_classification.data.formats.conllu import find_conllu_layout
from token_classification.data.formats.recognise import recognise_format
from token_classification.data.formats.record_columns import WORD_COLUMNS
from token_classification.data.formats.text_and_labels import find_labels_file
from token_classification.data.problems import Kind, Problem
from token_classification.data.text_lines import decode_text, read_bytes, read_lines, split_blanks
from token_classification.output_text import make_printable

CONTEXT = 3
"""Unchanged lines around a change in a diff"""
NO_END = "\\ No newline at end of file\n"
"""What a diff has behind a last line without an end"""


@dataclass
class LineCopy:
    """The lines of a file, and what becomes of each."""

    name: str
    """The copy's file name"""
    old: list[str]
    new: list[list[str]]
    """For each old line those that stand in its place: itself, another one, none or several"""
    ends: list[str]
    """What each old line ends with; nothing behind a last line that has no end"""
    is_line_per_word: bool

    def drop_sentence(self, line: int) -> None:
        """Leave out the whole sentence that a line belongs to, and the blank line behind it."""
        first = last = line - 1
        if self.is_line_per_word:
            while first > 0 and not is_boundary(self.old[first - 1]):
                first -= 1
            while last + 1 < len(self.old) and not is_boundary(self.old[last + 1]):
                last += 1
            if last + 1 < len(self.old) and not self.old[last + 1].strip(" \t"):
                last += 1
        self.new[first : last + 1] = [[] for _ in range(first, last + 1)]

    @property
    def text(self) -> str:
        """The text of the copy."""
        ended = (_end_lines(lines, end) for lines, end in zip(self.new, self.ends, strict=True))
        return "".join(line for lines in ended for line in lines)

    # Not difflib: it guesses from equal lines what stays, and here that is known. On a file of 60,000 lines, of which
    # a tenth changes, its diff takes 3.5 s instead of 0.1 s; with 300 distinct lines among them it takes minutes, and
    # with three it takes out the whole file and puts it in again.
    def format_diff(self, old_name: str, new_name: str) -> str:
        """Write what changes as a unified diff, which `patch` applies; empty where nothing does."""
        changed = [place for place, lines in enumerate(self.new) if lines != [self.old[place]]]
        if not changed:
            return ""
        parts = [f"--- {make_printable(old_name)}\n", f"+++ {make_printable(new_name)}\n"]
        shift, first = 0, 0
        for number, place in enumerate(changed):
            if number + 1 < len(changed) and changed[number + 1] - place <= 2 * CONTEXT:
                continue
            start = max(changed[first] - CONTEXT, 0)
            hunk = range(start, min(place + CONTEXT + 1, len(self.old)))
            parts += self._format_hunk(hunk, shift)
            shift += sum(len(self.new[line]) for line in hunk) - len(hunk)
            first = number + 1
        return "".join(parts)

    def _format_hunk(self, hunk: range, shift: int) -> list[str]:
        length = sum(len(self.new[line]) for line in hunk)
        start = hunk.start + shift + (length > 0)
        rows = [f"@@ -{hunk.start + 1},{len(hunk)} +{start},{length} @@\n"]
        for place in hunk:
            old, new = [self.old[place]], self.new[place]
            for sign, lines in ((" ", old),) if new == old else (("-", old), ("+", new)):
                ended = _end_lines(lines, self.ends[place])
                rows += [sign + line if line.endswith("\n") else f"{sign}{line}\n{NO_END}" for line in ended]
        return rows


def _end_lines(lines: Sequence[str], end: str) -> list[str]:
    """Return the lines that stand in the place of one that ends so; of several only the last may have no end."""
    return [line + (end or "\n") for line in lines[:-1]] + [line + end for line in lines[-1:]]


def name_copy(path: Path) -> str:
    """Return the name of the corrected copy of a file."""
    return path.name if _is_copied_line_by_line(path) else f"{path.stem}.jsonl"


def name_diff(copy: str) -> str:
    """Return the name of the file with what changes in a copy."""
    return f"{copy}.diff"


def _is_copied_line_by_line(path: Path) -> bool:
    """Tell whether a copy keeps the lines; other formats, and pairs of text and labels, become JSON lines."""
    return find_labels_file(path) is None and recognise_format(path) in ("conll", "conllu", "jsonl")


def copy_lines(file: CheckedFile, plan: RepairPlan, columns: ColumnChoice, *, repairs_layout: bool = True) -> LineCopy:
    """Return the lines of a file with the planned words and tags.

    Args:
        file: The file.
        plan: What changes.
        columns: The columns that the file was read with.
        repairs_layout: Also repair rows that could not be read, and sentences that go on across a document start.
    """
    if not _is_copied_line_by_line(file.path):
        return _copy_as_json_lines(file, plan, columns)
    if recognise_format(file.path) == "jsonl":
        return _copy_records(file, plan)
    return _copy_rows(file, plan, columns, repairs_layout)


def find_row_layout(path: Path, columns: ColumnChoice) -> Layout | None:
    """Return how the rows of a file are built, whose copy keeps its lines; None for a file of another kind."""
    file_format = recognise_format(path) if find_labels_file(path) is None else None
    if file_format == "conllu":
        asked = (columns.text_column, columns.label_column, columns.task)
        return find_conllu_layout(read_lines(path), path, *asked).rows
    if file_format == "conll":
        return find_layout(read_lines(path), path, columns.text_column, columns.label_column)
    return None


def _read_ended_lines(path: Path) -> tuple[list[str], list[str]]:
    """Return the lines of a file, and what each ends with; those of old Macs, which end with CR alone, get LF."""
    lines = read_lines(path)
    found = decode_text(read_bytes(path), path).split("\n")
    ends = ["\n"] * len(lines)
    if len(found) == len(lines):
        ends = ["\r\n" if line.endswith("\r") else "\n" for line in found]
    if lines[-1]:
        ends[-1] = ""
    else:  # what follows the last line end is no line
        lines.pop()
        ends.pop()
    return lines, ends


def _mark(lines: list[str], new: list[list[str]], path: Path) -> list[str]:
    """Return the old lines with the byte order mark of the file, if any; what stands first in the copy has it, too."""
    if not read_bytes(path).startswith(BOM_UTF8):
        return lines
    marked = ["\ufeff" + lines[0], *lines[1:]]
    if new[0]:
        new[0] = ["\ufeff" + new[0][0], *new[0][1:]]
    return marked


def _copy_rows(file: CheckedFile, plan: RepairPlan, columns: ColumnChoice, repairs_layout: bool) -> LineCopy:
    lines, ends = _read_ended_lines(file.path)
    layout = find_row_layout(file.path, columns)
    assert layout is not None
    new = [[line] for line in lines]
    for row in plan.words.keys() | plan.tags.keys():
        words, tags = file.sentences.tokens[row], file.sentences.tags[row] if file.sentences.tags else None
        new_words, new_tags = plan.words.get(row, words), plan.tags.get(row, tags)
        for place, word in enumerate(new_words):
            tag = new_tags[place] if new_tags else None
            if word != words[place] or (tags and tag != tags[place]):
                line = file.sentences.find_line(row, place) - 1
                new[line] = [layout.replace(lines[line], word, tag)]
    if repairs_layout:
        known = {tag for tags in file.sentences.tags or () for tag in tags}
        for problem in file.problems:
            plan.counts += _repair_row(problem, lines, new, layout, known)
        for problem in find_cut_sentences(file):
            new[problem.line - 1] = ["", lines[problem.line - 1], ""]
            plan.counts["document start"] += 1
    return LineCopy(name_copy(file.path), _mark(lines, new, file.path), new, ends, is_line_per_word=True)


def _repair_row(
    problem: Problem, lines: list[str], new: list[list[str]], layout: Layout, known: set[str]
) -> dict[str, int]:
    """Repair a line that could not be read, or holds no word; return what was repaired, if anything was."""
    line = problem.line - 1
    if problem.kind == Kind.HEADER_LINE:
        new[line] = []
        return {"header line": 1}
    cells = split_blanks(lines[line])
    if problem.kind in (Kind.RAGGED_ROW, Kind.MISSING_TAG) and len(cells) == layout.width:
        # Blanks where the file has TABs, or the other way round.
        has_tag = (
            layout.tag_column is None or cells[layout.tag_column] in known or marks_words([cells[layout.tag_column]])
        )
        new[line] = [layout.separator.join(cells)] if has_tag else new[line]
        return {"columns of a row": int(has_tag)}
    return {}


def _copy_records(file: CheckedFile, plan: RepairPlan) -> LineCopy:
    lines, ends = _read_ended_lines(file.path)
    new = [[line] for line in lines]
    for row in plan.words.keys() | plan.tags.keys():
        line = file.sentences.lines[row] - 1
        record = json.loads(lines[line])
        if row in plan.words:
            record[file.sentences.word_column] = plan.words[row]
        if row in plan.tags:
            record[file.sentences.tag_column] = plan.tags[row]
        new[line] = [json.dumps(record, ensure_ascii=False)]
    return LineCopy(name_copy(file.path), _mark(lines, new, file.path), new, ends, is_line_per_word=False)


def _copy_as_json_lines(file: CheckedFile, plan: RepairPlan, columns: ColumnChoice) -> LineCopy:
    """Return records under the names by which the same flags find them again."""
    word_name, tag_name = columns.text_column or WORD_COLUMNS[0], columns.label_column or f"{columns.task}_tags"
    old, new = [], []
    for row, words in enumerate(file.sentences.tokens):
        record, changed = {word_name: words}, {word_name: plan.words.get(row, words)}
        if file.sentences.tags is not None:
            record[tag_name] = file.sentences.tags[row]
            changed[tag_name] = plan.tags.get(row, file.sentences.tags[row])
        old.append(json.dumps(record, ensure_ascii=False))
        new.append([json.dumps(changed, ensure_ascii=False)])
    return LineCopy(name_copy(file.path), old, new, ["\n"] * len(old), is_line_per_word=False)
