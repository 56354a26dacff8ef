"""Inline XML: labels are elements around what they mark, a document is a line, or an element `<doc>`."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from token_classification.data.formats.inline_markup import (
    DOCUMENTS,
    ILLEGAL,
    LAYOUT,
    NAME,
    WRAPPERS,
    Piece,
    cut_markup,
    has_documents,
)
from token_classification.data.formats.span_records import note_columns, note_fields, note_scores
from token_classification.data.problems import BrokenFileError, Kind, Problem, show
from token_classification.data.spans.document import Span, SpanDocument, SpanFile, Written
from token_classification.data.text_lines import read_text
from token_classification.errors import DataError

TYPED = frozenset(["ENAMEX", "NUMEX", "TIMEX"])
"""Elements whose label is their attribute TYPE, as at the Message Understanding Conferences"""
ID_ATTRIBUTES = ("id", "doc_id", "docid")
ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
"""What a text can't hold as it is; a line end of Windows would be read as one of Unix"""
ATTRIBUTE_ESCAPES = ESCAPES | {'"': "&quot;", "\n": "&#10;", "\t": "&#9;"}


@dataclass
class _Open:
    """An element that is not closed yet."""

    name: str
    label: str | None
    """None: it is layout"""
    start: int


@dataclass
class _Builder:
    """A document as far as it is read."""

    path: Path
    line: int
    doc_id: str | None = None
    parts: list[str] = field(default_factory=list)
    length: int = 0
    opened: list[_Open] = field(default_factory=list)
    spans: list[Span | None] = field(default_factory=list)
    """In the order in which they begin; None: not closed yet"""
    places: list[int] = field(default_factory=list)
    """Of each open label its place in `spans`"""
    wrong: list[tuple[int, str]] = field(default_factory=list)
    """Line and message"""

    def add(self, piece: Piece, line: int, counts: Counter[str]) -> None:
        """Add a piece that stands in a line."""
        if piece.kind == "text":
            self.parts.append(piece.text)
            self.length += len(piece.text)
        elif piece.kind == "start":
            self._open(piece, counts)
        elif piece.kind == "end":
            self._close(piece, line)
        elif piece.kind == "empty" and piece.text.lower() in LAYOUT:
            counts[piece.text] += 1
        elif piece.kind == "empty":
            self.wrong.append((line, f"<{piece.text}/> marks nothing; accepted: an element around text; remove it"))
        elif piece.text.startswith("&"):
            text = f"{show(piece.text)} stands for no character; accepted: &amp; for a single &; correct it"
            self.wrong.append((line, text))
        else:
            self.wrong.append((line, "a '<' that begins no tag; accepted: &lt; for a single <; correct it"))

    def _open(self, piece: Piece, counts: Counter[str]) -> None:
        if piece.text.lower() in LAYOUT:
            counts[piece.text] += 1
            self.opened.append(_Open(piece.text, None, self.length))
            return
        label, others = _find_label(piece)
        counts["attributes"] += others
        self.opened.append(_Open(piece.text, label, self.length))
        self.places.append(len(self.spans))
        self.spans.append(None)

    def _close(self, piece: Piece, line: int) -> None:
        if not self.opened or self.opened[-1].name != piece.text:
            there = f"<{self.opened[-1].name}> is open" if self.opened else "no element is open"
            text = (
                f"</{piece.text}> where {there}; accepted: elements beside or inside of each other; correct the tags"
            )
            self.wrong.append((line, text))
            return
        element = self.opened.pop()
        if element.label is None:
            return
        place = self.places.pop()
        if element.start == self.length:
            text = f"<{element.name}> marks nothing; accepted: an element around text; remove it"
            self.wrong.append((line, text))
        else:
            self.spans[place] = Span(element.start, self.length, element.label)

    def finish(self, file: SpanFile) -> None:
        """Give the document to the file, or what is wrong with it."""
        if self.opened and not self.wrong:
            text = f"<{self.opened[-1].name}> is not closed; accepted: </{self.opened[-1].name}> in the same document"
            self.wrong.append((self.line, f"{text}; where it goes over several lines, put <doc> and </doc> around it"))
        spans = tuple(span for span in self.spans if span is not None)
        document = SpanDocument("".join(self.parts), spans, self.path, self.line, self.doc_id)
        for line, text in self.wrong[:1]:  # what comes behind the first mistake may be wrong only because of it
            problem = document.report(Kind.BROKEN_SPAN, text)
            file.problems.append(Problem(problem.kind, problem.path, line, problem.text))
        if not self.wrong:
            file.documents.append(document)


def _find_label(piece: Piece) -> tuple[str, int]:
    """Return the label of an element, and how many of its attributes say something else."""
    if piece.text.upper() in TYPED:
        found = next((value for name, value in piece.attributes.items() if name.upper() == "TYPE"), None)
        if found is not None and found.strip():
            return found, len(piece.attributes) - 1
    return piece.text, len(piece.attributes)


def read_inline_xml(path: Path, text_column: str | None = None, label_column: str | None = None) -> SpanFile:
    """Return the documents of a file: its elements `<doc>`, or its lines if it does not begin with one.

    A file in which no element is a label is unlabelled.

    Raises:
        DataError: it can't be read, or is empty.
    """
    text = read_text(path)
    file = SpanFile(path, [], notes=note_columns(path, "inline XML", text_column, label_column))
    counts: Counter[str] = Counter()
    if has_documents(text):
        _read_elements(text, file, counts)
    else:
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                builder = _Builder(path, number)
                for piece in cut_markup(line):
                    builder.add(piece, number, counts)
                builder.finish(file)
    file.is_labelled = any(document.spans for document in file.documents)
    attributes = counts.pop("attributes", 0)
    if attributes:
        file.notes.append(f"{path}: {attributes:,} attributes of labels are left out")
    if counts:
        listed = ", ".join(f"{count:,} <{name}>" for name, count in counts.most_common())
        file.notes.append(f"{path}: elements of layout are no labels, and are left out: {listed}")
    return file


def read_inline_xml_texts(path: Path, text_column: str | None = None) -> Iterator[SpanDocument | DataError]:
    """Yield the texts of the documents of a file without spans; in place of one that can't be read, the error.

    Raises:
        DataError: the file can't be read, or is empty.
    """
    file = read_inline_xml(path)
    places: list[SpanDocument | Problem] = [*file.documents, *file.problems]
    for found in sorted(places, key=lambda found: found.line):
        yield replace(found, spans=()) if isinstance(found, SpanDocument) else BrokenFileError([found], None)


def _read_elements(text: str, file: SpanFile, counts: Counter[str]) -> None:
    """Read the documents of a text that are elements."""
    builder: _Builder | None = None
    line, end = 1, 0
    for piece in cut_markup(text):
        line += text.count("\n", end, piece.place)
        end = piece.place
        name = piece.text.lower() if piece.kind != "text" else ""
        if piece.kind in ("start", "empty") and name in DOCUMENTS:
            if builder is not None:
                file.problems.append(_report_open_document(builder))
            builder = _Builder(file.path, line, _find_id(piece))
            if piece.kind == "empty":
                builder.finish(file)
                builder = None
        elif builder is None:
            if not (name in WRAPPERS or (piece.kind == "text" and not piece.text.strip())):
                what = show(piece.text.strip()) if piece.kind in ("text", "broken") else f"<{piece.text}>"
                wrong = f"{what} is in no document; accepted: text and elements inside of <doc> and </doc>; correct it"
                file.problems.append(Problem(Kind.BROKEN_RECORD, file.path, line, wrong))
        elif piece.kind == "end" and name in DOCUMENTS:
            builder.finish(file)
            builder = None
        else:
            builder.add(piece, line, counts)
    if builder is not None:
        file.problems.append(_report_open_document(builder))


def _report_open_document(builder: _Builder) -> Problem:
    wrong = "<doc> is not closed; accepted: </doc> at the end of each document; add it"
    return Problem(Kind.BROKEN_RECORD, builder.path, builder.line, wrong)


def _find_id(piece: Piece) -> str | None:
    by_name = {name.lower(): value for name, value in piece.attributes.items()}
    return next((by_name[name] for name in ID_ATTRIBUTES if by_name.get(name)), None)


def write_inline_xml(documents: Sequence[SpanDocument]) -> Written:
    """Return documents as elements `<doc>` of one XML file; labels that can't be names of elements are ENAMEX."""
    written = Written("", notes=note_scores(documents) + note_fields(documents))
    lines = ['<?xml version="1.0" encoding="UTF-8"?>\n<docs>\n']
    for document in documents:
        attribute = "" if document.doc_id is None else f' id="{_escape(document.doc_id, ATTRIBUTE_ESCAPES)}"'
        content, problems = _mark_spans(document)
        illegal = ILLEGAL.search(attribute + content)
        if illegal:
            text = f"XML has no character {show(illegal[0])}; accepted: others; remove it, or choose another format"
            problems.append(document.report(Kind.BROKEN_RECORD, text))
        written.problems += problems
        lines.append(f"<doc{attribute}>{content}</doc>\n")
    written.content = "".join([*lines, "</docs>\n"])
    return written


def _mark_spans(document: SpanDocument) -> tuple[str, list[Problem]]:
    """Return the text of a document with its elements, and the spans that cross another one."""
    parts: list[str] = []
    problems: list[Problem] = []
    opened: list[Span] = []
    place = 0

    def write_until(end: int) -> None:
        nonlocal place
        parts.append(_escape(document.text[place:end], ESCAPES))
        place = end

    for span in sorted(document.spans, key=lambda span: (span.start, -span.end)):
        while opened and opened[-1].end <= span.start:
            write_until(opened[-1].end)
            parts.append(_write_end(opened.pop().label))
        if opened and opened[-1].end < span.end:
            outcomes = {"outer": "keeps the longer span", "inner": "the shorter one"}
            choice = document.suggest_choice("overlaps", outcomes)
            text = f"{document.quote(span)} crosses {document.quote(opened[-1])}; accepted: spans beside or inside of "
            problems.append(document.report(Kind.OVERLAPPING_SPANS, f"{text}each other; have it done: {choice}"))
            continue
        write_until(span.start)
        parts.append(_write_start(span.label))
        opened.append(span)
    while opened:
        write_until(opened[-1].end)
        parts.append(_write_end(opened.pop().label))
    write_until(len(document.text))
    return "".join(parts), problems


def _is_name(label: str) -> bool:
    """Tell whether an element with that name is a label to whoever reads it."""
    lower = label.lower()
    is_taken = lower in LAYOUT | DOCUMENTS | WRAPPERS or label.upper() in TYPED or lower.startswith("xml")
    return re.fullmatch(NAME, label) is not None and not is_taken


def _write_start(label: str) -> str:
    return f"<{label}>" if _is_name(label) else f'<ENAMEX TYPE="{_escape(label, ATTRIBUTE_ESCAPES)}">'


def _write_end(label: str) -> str:
    return f"</{label}>" if _is_name(label) else "</ENAMEX>"


def _escape(text: str, escapes: Mapping[str, str]) -> str:
    return text.translate({ord(character): spelling for character, spelling in escapes.items()})
