r"""brat: a text `NAME.txt` and its annotations `NAME.ann` beside it, one pair or a folder of them.

Offsets count code points of the file as it is: `\r\n` is two, and a byte order mark at its start is one.
"""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from token_classification.data.formats.document_files import name_documents
from token_classification.data.formats.span_records import note_columns, note_fields, note_scores
from token_classification.data.problems import Kind, Problem, show
from token_classification.data.spans.document import Span, SpanDocument, SpanFile, Written
from token_classification.data.spans.offsets import is_same_surface
from token_classification.data.text_lines import decode_text, read_bytes
from token_classification.errors import DataError
from token_classification.output_text import quote_path

TEXTS, ANNOTATIONS = ".txt", ".ann"
OTHER_LINES = {
    "R": "relations",
    "*": "relations",
    "E": "events",
    "A": "attributes",
    "M": "attributes",
    "N": "normalizations",
    "#": "notes",
}
"""First character of a line -> what it holds"""
PLACES = "[0-9]{1,15} [0-9]{1,15}"
SPAN_LINE = re.compile(rf"(?P<id>T\S*)\t(?P<label>\S+) (?P<places>{PLACES}(?:;{PLACES})*) *(?:\t(?P<text>.*))?")
LINE_ENDS = re.compile("[\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]+")
"""What ends a line for brat: no part of a span can hold it"""
MARK = "\ufeff"
CONFIGURATION = "annotation.conf"


def is_brat(path: Path) -> bool:
    """Tell whether a path is a folder with annotations of brat, or one half of a pair whose other half is there."""
    if os.path.isdir(path):  # unlike Path.is_dir it raises nothing, whatever the path is
        return any(path.rglob(f"*{ANNOTATIONS}"))
    if path.suffix not in (TEXTS, ANNOTATIONS):
        return False
    return all(os.path.isfile(path.with_suffix(suffix)) for suffix in (TEXTS, ANNOTATIONS))


def read_brat(path: Path, text_column: str | None = None, label_column: str | None = None) -> SpanFile:
    """Return the documents of a pair of files, or of all pairs of a folder and its folders.

    Raises:
        DataError: there is no pair, or a file can't be read.
    """
    is_folder = os.path.isdir(path)
    file = SpanFile(path, [], notes=note_columns(path, "brat", text_column, label_column))
    stems = sorted({file.with_suffix("") for file in path.rglob(f"*{ANNOTATIONS}")}) if is_folder else []
    if not is_folder:
        stems = [path.with_suffix("") if path.suffix in (TEXTS, ANNOTATIONS) else path]
    elif not stems:
        raise DataError(f"{path}: no *{ANNOTATIONS} in it; accepted: a folder of NAME{TEXTS} and NAME{ANNOTATIONS}")
    others: Counter[str] = Counter()
    for stem in stems:
        text_path, annotation_path = (stem.with_name(stem.name + suffix) for suffix in (TEXTS, ANNOTATIONS))
        if is_folder and not text_path.is_file():
            wrong = f"there is no {text_path.name} beside it; accepted: pairs of both; copy it there"
            file.problems.append(Problem(Kind.UNREADABLE, annotation_path, 1, wrong))
            continue
        document = _read_text(text_path, path)
        lines = decode_text(read_bytes(annotation_path), annotation_path).split("\n")
        file.documents.append(_read_annotations(document, lines, annotation_path, file.problems, others))
    if is_folder:
        alone = sum(not text.with_suffix(ANNOTATIONS).is_file() for text in path.rglob(f"*{TEXTS}"))
        if alone:
            file.notes.append(f"{path}: {alone:,} texts without a file of annotations are left out")
    if others:
        listed = ", ".join(f"{count:,} {name}" for name, count in others.items())
        file.notes.append(f"{path}: what is no span is left out: {listed}")
    return file


def list_brat_texts(path: Path) -> list[Path]:
    """Return the texts of a folder and its folders, annotated or not, or that of a pair."""
    return sorted(path.rglob(f"*{TEXTS}")) if os.path.isdir(path) else [path.with_suffix(TEXTS)]


def read_brat_texts(path: Path, text_column: str | None = None) -> Iterator[SpanDocument | DataError]:
    """Yield the texts of a folder or a pair without spans; in place of one that can't be read, the error."""
    for text_path in list_brat_texts(path):
        try:
            yield _read_text(text_path, path)
        except DataError as error:
            yield error


def _read_text(text_path: Path, path: Path) -> SpanDocument:
    """Return a text without its spans; its id is its place in the folder `path`, or the name of the pair.

    Raises:
        DataError: it can't be read.
    """
    stem = text_path.with_suffix("")
    doc_id = stem.relative_to(path).as_posix() if os.path.isdir(path) else stem.name
    content = read_bytes(text_path)
    text = (MARK if content.startswith(MARK.encode()) else "") + decode_text(content, text_path)
    return SpanDocument(text, (), text_path, 1, doc_id)


def _read_annotations(
    document: SpanDocument, lines: Sequence[str], path: Path, problems: list[Problem], others: Counter[str]
) -> SpanDocument:
    """Return a document with its spans; adds what is wrong with lines, and counts what is no span."""
    spans: list[Span] = []
    for number, line in enumerate(lines, 1):
        line = line.removesuffix("\r")
        if not line.strip():
            continue
        if line[0] in OTHER_LINES:
            others[OTHER_LINES[line[0]]] += 1
            continue
        found = _read_span(line, document.text, path)
        if isinstance(found, Span):
            spans.append(found)
        else:
            problems.append(Problem(Kind.BROKEN_SPAN, path, number, found))
    return _drop_mark(document, spans)


def _read_span(line: str, text: str, path: Path) -> Span | str:
    """Return the span of a line, or what is wrong with it."""
    match = SPAN_LINE.fullmatch(line)
    if match is None:
        return f"{show(line)} is no annotation; accepted: T1 TAB LABEL 0 5 TAB text; correct or remove the line"
    places = sorted(tuple(map(int, part.split())) for part in match["places"].split(";"))
    gaps = [text[before[1] : after[0]] for before, after in pairwise(places)]
    if any(gap.strip() or not LINE_ENDS.search(gap) for gap in gaps):
        return (
            f"{match['id']}: {match['label']} {show(match['text'] or '')} has several parts ({match['places']}); "
            "accepted: spans of one part, as words get tags one after the other; join its parts in brat, or leave out "
            f"all such spans: sed -i.bak -E '/^T[^\\t]*\\t[^\\t]*;/d' {quote_path(path)}"
        )
    return Span(places[0][0], places[-1][1], match["label"], None, match["id"], match["text"] or None)


def _drop_mark(document: SpanDocument, spans: Iterable[Span]) -> SpanDocument:
    """Return the document with its spans, without a byte order mark if the offsets do not count it."""
    text, spans = document.text, tuple(spans)
    if text.startswith(MARK) and spans:
        kept, cut = (
            sum(
                span.surface is not None and is_same_surface(content[span.start : span.end], span.surface)
                for span in spans
            )
            for content in (text, text[1:])
        )
        text = text[1:] if cut > kept else text
    return SpanDocument(text, spans, document.path, document.line, document.doc_id)


def write_brat(documents: Sequence[SpanDocument]) -> Written:
    """Return documents as a folder of pairs, with a configuration that lists the labels.

    A span that goes over line ends has parts, as brat gives it some; they are one span when they are read.
    """
    written = Written({}, notes=note_scores(documents) + note_fields(documents))
    files: dict[str, str | bytes] = {}
    names, notes = name_documents(documents)
    written.notes += notes
    moved = 0
    for document, name in zip(documents, names, strict=True):
        lines = []
        for number, span in enumerate(document.spans, 1):
            parts = _find_parts(document.text, span)
            wrong = _explain_unwritable(span, parts)
            if wrong:
                written.problems.append(document.report(Kind.BROKEN_SPAN, f"{document.quote(span)}: {wrong}"))
                continue
            moved += (parts[0][0], parts[-1][1]) != span[:2]
            places = ";".join(f"{start} {end}" for start, end in parts)
            surface = " ".join(document.text[start:end] for start, end in parts)
            lines.append(f"T{number}\t{span.label} {places}\t{surface}\n")
        files |= {name + TEXTS: document.text, name + ANNOTATIONS: "".join(lines)}
    labels = sorted({span.label for document in documents for span in document.spans})
    listed = "".join(f"{label}\n" for label in labels)
    files[CONFIGURATION] = f"[entities]\n{listed}\n[relations]\n\n[events]\n\n[attributes]\n"
    if moved:
        written.notes.append(f"{moved:,} spans lost the line ends at their edges: brat holds none there")
    written.content = files
    return written


def _find_parts(text: str, span: Span) -> list[tuple[int, int]]:
    """Return the parts of a span between line ends."""
    borders = [span.start]
    for match in LINE_ENDS.finditer(text, span.start, span.end):
        borders += match.span()
    borders.append(span.end)
    pairs = zip(borders[::2], borders[1::2], strict=True)
    return [(start, end) for start, end in pairs if start < end]


def _explain_unwritable(span: Span, parts: Sequence[tuple[int, int]]) -> str | None:
    if not parts:
        return "brat can't hold a span of line ends only; correct or remove it"
    if re.search(r"\s", span.label):
        return "brat can't hold a label with a blank; accepted: a label without any; rename it first"
    return None
