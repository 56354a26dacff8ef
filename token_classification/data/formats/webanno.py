r"""WebAnno's and INCEpTION's TSV 3: a document in each file, a token in each line, and beside it spans, as `PER[1]`.

Offsets count UTF-16 units, as Java does; what other programs write may count code points, which the tokens show.
"""

import os
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from token_classification.data.formats.document_files import name_documents
from token_classification.data.formats.record_columns import explain_missing_column
from token_classification.data.formats.span_records import note_columns, note_fields, note_scores
from token_classification.data.problems import BrokenFileError, Kind, Problem, show
from token_classification.data.spans.document import Span, SpanDocument, SpanFile, Written
from token_classification.data.spans.offsets import Unit, count_offsets, find_borders
from token_classification.data.spans.words import find_document_words
from token_classification.data.text_lines import read_lines
from token_classification.data.words_of_text import Offsets
from token_classification.errors import DataError

START = "#FORMAT=WebAnno TSV 3"
SUFFIX = ".tsv"
ROW = re.compile(r"[0-9]+-[0-9]+(?P<part>\.[0-9]+)?\t(?P<start>[0-9]{1,15})-(?P<end>[0-9]{1,15})\t(?P<rest>.*)", re.S)
NAMED_ENTITY = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"
WORD_LAYERS = ("POS", "Lemma", "Stem", "MorphologicalFeatures", "Token", "Sentence", "SurfaceForm")
"""Layers that say something about each word"""
VALUES = ("value", "label", "type", "category")
"""Features in which a label is looked for, first choice first"""
NOTHING, UNSET = "_", "*"
BAR = re.compile(r"(?<!\\)\|")
NUMBERED = re.compile(r"(?P<value>.*)(?<!\\)\[(?P<number>[0-9]+)\]", re.S)
ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|->|.)", re.S)
SPELT = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "b": "\b"}


@dataclass(frozen=True)
class _Row:
    line: int
    is_part: bool
    start: int
    end: int
    surface: str
    cells: list[str]


@dataclass
class _Content:
    """What stands in a file: the names of the columns of spans, and for each sentence its text and its rows."""

    columns: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Column -> layer and feature"""
    sentences: list[tuple[str, list[_Row]]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def is_webanno_folder(path: Path) -> bool:
    """Tell whether a path is a folder with files of WebAnno."""
    return os.path.isdir(path) and any(_is_file(file) for file in path.rglob(f"*{SUFFIX}"))


def _is_file(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(START)) == START.encode()


def read_webanno(path: Path, text_column: str | None = None, label_column: str | None = None) -> SpanFile:
    """Return the document of a file, or those of all files of a folder and its folders.

    Args:
        path: The file or folder.
        text_column: Can't be chosen.
        label_column: The layer or the feature with the labels; by default named entities, else the layer there is.

    Raises:
        DataError: a file can't be read, or has no such layer.
    """
    paths = list_webanno_files(path)
    contents = [_read_content(part) for part in paths]
    problems = [problem for content in contents for problem in content.problems]
    # The tool leaves a layer out of a file that has no span of it.
    pairs = list(dict.fromkeys(pair for content in contents for pair in content.columns.values()))
    chosen, notes = _choose_labels(pairs, path, label_column)
    notes += note_columns(path, "WebAnno", text_column, None)
    file = SpanFile(path, [], problems, is_labelled=chosen is not None, notes=notes)
    for part, content in zip(paths, contents, strict=True):
        if not content.problems:
            file.documents.append(_build_document(content, chosen, _start_document(part, path), file))
    return file


def list_webanno_files(path: Path) -> list[Path]:
    """Return the files of a folder and its folders, or the one that the path names."""
    return sorted(filter(_is_file, path.rglob(f"*{SUFFIX}"))) if os.path.isdir(path) else [path]


def read_webanno_texts(path: Path, text_column: str | None = None) -> Iterator[SpanDocument | DataError]:
    """Yield the texts of a file or folder without spans; in place of one that can't be read, the error."""
    for part in list_webanno_files(path):
        try:
            content = _read_content(part)
        except DataError as error:
            yield error
            continue
        file = SpanFile(part, [], content.problems)
        document = _build_document(content, None, _start_document(part, path), file)
        yield BrokenFileError(file.problems, None) if file.problems else document


def _start_document(part: Path, path: Path) -> SpanDocument:
    doc_id = part.relative_to(path).with_suffix("").as_posix() if os.path.isdir(path) else part.stem
    return SpanDocument("", (), part, 1, doc_id)


def _read_content(path: Path) -> _Content:
    content, layers = _Content(), 0
    texts: list[str] = []
    for number, line in enumerate(read_lines(path), 1):
        if line.startswith("#T_"):
            kind, _, rest = line.partition("=")
            layer, *features = [name for name in rest.split("|") if name] or [""]
            names = features or [""]
            if kind == "#T_SP":
                content.columns |= {layers + place: (layer, name) for place, name in enumerate(names)}
            layers += len(names)
        elif line.startswith("#Text="):
            if not texts:
                content.sentences.append(("", []))
            texts.append(_unescape(line.removeprefix("#Text=")))
            content.sentences[-1] = ("".join(text + "\n" for text in texts), content.sentences[-1][1])
        elif match := ROW.fullmatch(line):
            texts = []
            surface, *cells = match["rest"].split("\t")
            if not content.sentences or len(cells) < layers:
                wrong = f"{show(line)} has {len(cells)} columns behind the token, not {layers}, or no #Text= before it"
                content.problems.append(_report_row(path, number, wrong))
                continue
            row = _Row(number, match["part"] is not None, int(match["start"]), int(match["end"]), surface, cells)
            content.sentences[-1][1].append(row)
        elif line.strip() and not line.startswith("#"):
            content.problems.append(_report_row(path, number, f"{show(line)} is no token"))
    return content


def _report_row(path: Path, line: int, wrong: str) -> Problem:
    text = f"{wrong}; accepted: 1-1 TAB 0-4 TAB token TAB columns; export the document anew"
    return Problem(Kind.BROKEN_RECORD, path, line, text)


def _choose_labels(
    pairs: Sequence[tuple[str, str]], path: Path, asked: str | None
) -> tuple[tuple[str, str] | None, list[str]]:
    """Return the layer and feature with the labels (None: there are no spans), and notes on other layers.

    Raises:
        DataError: the one asked for is not there.
    """
    meant = [pair for pair in pairs if asked in (None, *pair, "|".join(pair), _shorten(pair[0]))]
    if asked is not None and not meant:
        found = ["|".join(pair) for pair in pairs]
        raise DataError(explain_missing_column("spans", found, asked, path, found or VALUES, "--label_column_name"))
    layers = list(dict.fromkeys(layer for layer, _ in meant))
    likely = [layer for layer in layers if _shorten(layer) not in WORD_LAYERS] or layers
    if not likely:
        return None, []
    layer = NAMED_ENTITY if NAMED_ENTITY in likely else likely[0]
    features = [feature for owner, feature in meant if owner == layer]
    notes = [
        f"{path}: spans of {layer} are read; {other} is not: for that, --label_column_name {_shorten(other)}"
        for other in likely
        if other != layer
    ]
    return (layer, next(name for name in (*VALUES, *features) if name in features)), notes


def _shorten(layer: str) -> str:
    return layer.rpartition(".")[2]


def _build_document(
    content: _Content, chosen: tuple[str, str] | None, document: SpanDocument, file: SpanFile
) -> SpanDocument:
    """Return a document with its text, words and spans; what is wrong with it is added to the file's problems."""
    text, rows, misfits = _place_rows(content, Unit.UTF16)
    if misfits:
        other = _place_rows(content, Unit.CODE_POINTS)
        if not other[2]:
            text, rows, misfits = other
            file.notes.append(f"{document.path}: offsets count characters, not UTF-16 units as WebAnno's do")
    for row in misfits:
        wrong = f"the token {show(row.surface)} is not what stands at {row.start} to {row.end} in #Text="
        file.problems.append(_report_row(document.path, row.line, wrong))
    words = tuple(place for row, place in rows if not row.is_part and text[slice(*place)].strip())
    found = SpanDocument(text, (), document.path, 1, document.doc_id, words)
    column = next((place for place, pair in content.columns.items() if pair == chosen), None)
    if column is None or chosen is None:
        return found
    layer, feature = _shorten(chosen[0]), chosen[1]
    spans = _read_spans(rows, column, text)
    has_labels = any(span.label for span in spans.values())
    for line, span in spans.items():
        if span.start == span.end:
            wrong = f"a span of {layer} {show(span.label)} marks nothing; accepted: one character or more; delete it"
        elif has_labels and not span.label:
            wrong = f"a span of {layer} has no {feature}; accepted: a label for each; label or delete it"
        else:
            continue
        file.problems.append(Problem(Kind.BROKEN_SPAN, document.path, line[0], wrong))
    kept = [span._replace(label=span.label or layer) for span in spans.values() if span.start < span.end]
    return SpanDocument(text, tuple(kept), document.path, 1, document.doc_id, words)


def _place_rows(content: _Content, unit: Unit) -> tuple[str, list[tuple[_Row, Offsets]], list[_Row]]:
    """Return the text, the rows with their places in it in characters, and the rows that don't fit."""
    text, length = "", 0
    for sentence, rows in content.sentences:
        start = rows[0].start if rows else length
        if length > start and text.endswith("\n"):
            text, length = text[:-1], length - 1
        text += " " * (start - length) + sentence
        length = max(length, start) + count_offsets(sentence, unit)[-1]
    text = text.removesuffix("\n")
    borders = find_borders(text, unit)
    placed, misfits = [], []
    for row in (row for _, rows in content.sentences for row in rows):
        is_inside = max(row.start, row.end) < len(borders)
        first, last = (borders[row.start], borders[row.end]) if is_inside else (None, None)
        if first is None or last is None or text[first:last] != _unescape(row.surface):
            misfits.append(row)
        else:
            placed.append((row, (first, last)))
    return text, placed, misfits


def _read_spans(rows: Sequence[tuple[_Row, Offsets]], column: int, text: str) -> dict[tuple[int, int], Span]:
    """Return the spans of a column, by line and place of their first part; those without a label have an empty one."""
    spans: dict[tuple[int, int], Span] = {}
    firsts: dict[str, tuple[int, int]] = {}
    for row, (start, end) in rows:
        if row.cells[column] == NOTHING:
            continue
        for place, item in enumerate(BAR.split(row.cells[column])):
            key, value = (row.line, place), item
            if match := NUMBERED.fullmatch(item):
                key, value = firsts.setdefault(match["number"], key), match["value"]
            if key in spans:
                first = spans[key]
                spans[key] = first._replace(start=min(start, first.start), end=max(end, first.end))
            else:
                label = "" if value == UNSET else _unescape(value)
                spans[key] = Span(start, end, label if label.strip() else "")
    # What a span marks is certain here: the tokens have shown what the offsets count.
    return {key: span._replace(surface=text[span.start : span.end]) for key, span in spans.items()}


def _unescape(text: str) -> str:
    def spell(match: re.Match[str]) -> str:
        name = match[1]
        return chr(int(name[1:], 16)) if len(name) == 5 else SPELT.get(name, name)

    spelt = ESCAPE.sub(spell, text)
    # Old versions spelt an emoji as two halves.
    return spelt.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if spelt != text else text


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def _escape_value(text: str) -> str:
    return re.sub(r"->|[\[\]|_;*]", lambda match: "\\" + match[0], _escape(text))


def write_webanno(documents: Sequence[SpanDocument]) -> Written:
    """Return documents as a folder of files, with spans as named entities. Tokens are cut at the borders of spans."""
    written = Written({}, notes=note_scores(documents) + note_fields(documents))
    names, notes = name_documents(documents)
    written.notes += notes
    files: dict[str, str | bytes] = {}
    cut = 0
    for document, name in zip(documents, names, strict=True):
        if not document.text:
            text = "a document without any text can't be held; accepted: one character or more; remove it"
            written.problems.append(document.report(Kind.BROKEN_RECORD, text))
            continue
        tokens, cuts = _cut_tokens(document)
        cut += cuts
        files[name + SUFFIX] = f"{START}.3\n#T_SP={NAMED_ENTITY}|value\n\n" + "".join(_write_rows(document, tokens))
    if cut:
        written.notes.append(f"{cut:,} words are several tokens, because a span begins or ends inside")
    written.content = files
    return written


def _cut_tokens(document: SpanDocument) -> tuple[list[Offsets], int]:
    """Return the words, cut at the borders of spans, with the blanks that a span or the text begins or ends with."""
    text, words = document.text, find_document_words(document)
    starts, ends = {span.start for span in document.spans}, {span.end for span in document.spans}
    borders = sorted({0, len(text), *starts, *ends, *(border for word in words for border in word)})
    pieces = pairwise(borders)
    inside = {place for start, end in words for place in range(start, end)}
    tokens = [(start, end) for start, end in pieces if start in inside or start in starts or end in ends or start == 0]
    cuts = sum(any(start < border < end for border in starts | ends) for start, end in words)
    return tokens, cuts


def _write_rows(document: SpanDocument, tokens: Sequence[Offsets]) -> Iterator[str]:
    """Yield the lines of a document; a line of its text is a sentence if it begins with a token."""
    text, counted = document.text, count_offsets(document.text, Unit.UTF16)
    cells = _fill_cells(document, tokens)
    firsts = [start for start, _ in tokens]
    breaks = [start for start in firsts if start and text[start - 1] == "\n"]
    for number, (start, end) in enumerate(pairwise([0, *breaks, len(text) + 1]), 1):
        yield "\n" + "".join(f"#Text={_escape(line)}\n" for line in text[start : end - 1].split("\n"))
        inside = tokens[bisect_left(firsts, start) : bisect_left(firsts, end)]
        for place, (first, last) in enumerate(inside, 1):
            offsets, surface = f"{counted[first]}-{counted[last]}", _escape(text[first:last])
            yield f"{number}-{place}\t{offsets}\t{surface}\t{cells[first]}\t\n"


def _fill_cells(document: SpanDocument, tokens: Sequence[Offsets]) -> Mapping[int, str]:
    """Return what stands beside each token, by its start; a span has a number if it, or its token, is of several."""
    firsts = [start for start, _ in tokens]
    ranges = [(bisect_left(firsts, span.start), bisect_left(firsts, span.end)) for span in document.spans]
    marks: list[list[int]] = [[] for _ in tokens]
    for number, (first, end) in enumerate(ranges):
        for place in range(first, end):
            marks[place].append(number)
    numbered = {number for found in marks if len(found) > 1 for number in found}
    numbered |= {number for number, (first, end) in enumerate(ranges) if end - first > 1}
    labels = [
        _escape_value(span.label) + (f"[{number + 1}]" if number in numbered else "")
        for number, span in enumerate(document.spans)
    ]
    items = ("|".join(labels[number] for number in found) or NOTHING for found in marks)
    return dict(zip(firsts, items, strict=True))
