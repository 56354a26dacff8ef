"""1,000 hostile documents: to a file of each format and back, no text and no span changes."""

from dataclasses import replace

import pytest
from span_documents import FILE, make_hostile_documents, require_packages, strip_places

from token_classification.data.formats.recognise import recognise_format
from token_classification.data.formats.span_files import SPAN_WRITERS, read_documents
from token_classification.data.formats.text_spans import write_text_spans
from token_classification.data.spans.document import SpanFile
from token_classification.data.spans.tags import TaggingRules, join_sentences, tag_documents

WORDS_ONLY = ("gliner",)
"""Formats that hold words, and nothing of what stands between them"""

TRIMMED = ("brat",)
"""Formats of lines, in which no label has a blank and no span begins or ends with the end of a line"""

SORTED = {"webanno": lambda span: span.start, "inline_xml": lambda span: (span.start, -span.end)}
"""Formats in which spans stand in the order of the text; where one holds another it is the first"""


def trim(document):
    """Leave out what such a format can't hold, and say a document's spans in the order of its file."""
    ends = "\n\r\u2028\x85"
    spans = []
    for span in document.spans:
        marked = document.text[span.start : span.end]
        start = span.start + len(marked) - len(marked.lstrip(ends))
        if start < span.start + len(marked.rstrip(ends)):
            end = span.start + len(marked.rstrip(ends))
            spans.append(span._replace(start=start, end=end, label=span.label.replace(" ", "_")))
    return replace(document, spans=tuple(spans))


def make_documents(name, nested):
    """Documents that a format can hold: any, or words with one blank between each two."""
    documents = make_hostile_documents(nested=nested)
    if name in SORTED:
        documents = [
            replace(document, spans=tuple(sorted(document.spans, key=SORTED[name]))) for document in documents
        ]
    if name in TRIMMED:
        documents = [trim(document) for document in documents]
    if name not in WORDS_ONLY:
        return documents
    tagged = tag_documents(SpanFile(FILE, documents), TaggingRules(align="expand", overlaps="outer"))
    joined = join_sentences(tagged.sentences, FILE).documents
    return [replace(document, doc_id=f"d{number}") for number, document in enumerate(joined) if document.words]


def write(written, path):
    """Write a file, or the files of a folder."""
    assert written.problems == []
    if isinstance(written.content, str | bytes):
        path.write_bytes(encode(written.content))
        return path
    path.mkdir()
    for name, content in written.content.items():
        (path / name).write_bytes(encode(content))
    return path


def encode(content):
    return content if isinstance(content, bytes) else content.encode()


@pytest.mark.parametrize("nested", [False, True], ids=["flat", "nested"])
@pytest.mark.parametrize("name", SPAN_WRITERS)
def test_to_the_format_and_back_is_the_identity(tmp_path, name, nested):
    require_packages(name)
    documents = make_documents(name, nested)
    path = write(SPAN_WRITERS[name](documents), tmp_path / "a.file")
    file = read_documents(path, recognise_format(path))
    assert (file.problems, file.notes) == ([], [])
    assert sorted(strip_places(file.documents)) == sorted(strip_places(documents))


@pytest.mark.parametrize("name", SPAN_WRITERS)
def test_from_the_format_to_ours_and_back_gives_the_same_bytes(tmp_path, name):
    require_packages(name)
    first = write(SPAN_WRITERS[name](make_documents(name, nested=True)), tmp_path / "a.file")
    theirs = read_documents(first, recognise_format(first)).documents
    ours = write(write_text_spans(theirs), tmp_path / "ours.jsonl")
    again = write(SPAN_WRITERS[name](read_documents(ours, "spans").documents), tmp_path / "b.file")
    assert read_bytes(again) == read_bytes(first)


def read_bytes(path):
    if path.is_dir():
        return {file.name: file.read_bytes() for file in path.iterdir()}
    return path.read_bytes()
