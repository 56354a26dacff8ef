"""1,000 hostile documents: to a file of each format and back, no text and no span changes."""

from dataclasses import replace

import pytest
from span_documents import FILE, make_hostile_documents, strip_places

from token_classification.data.formats.recognise import recognise_format
from token_classification.data.formats.span_files import SPAN_WRITERS, read_documents
from token_classification.data.formats.text_spans import write_text_spans
from token_classification.data.spans.document import SpanFile
from token_classification.data.spans.tags import TaggingRules, join_sentences, tag_documents

WORDS_ONLY = ("gliner",)
"""Formats that hold words, and nothing of what stands between them"""


def make_documents(name, nested):
    """Documents that a format can hold: any, or words with one blank between each two."""
    documents = make_hostile_documents(nested=nested)
    if name not in WORDS_ONLY:
        return documents
    tagged = tag_documents(SpanFile(FILE, documents), TaggingRules(align="expand", overlaps="outer"))
    joined = join_sentences(tagged.sentences, FILE).documents
    return [replace(document, doc_id=f"d{number}") for number, document in enumerate(joined) if document.words]


def write(written, path):
    assert written.problems == []
    path.write_bytes(written.content.encode())
    return path


@pytest.mark.parametrize("nested", [False, True], ids=["flat", "nested"])
@pytest.mark.parametrize("name", SPAN_WRITERS)
def test_to_the_format_and_back_is_the_identity(tmp_path, name, nested):
    documents = make_documents(name, nested)
    path = write(SPAN_WRITERS[name](documents), tmp_path / "a.file")
    file = read_documents(path, recognise_format(path))
    assert (file.problems, file.notes) == ([], [])
    assert strip_places(file.documents) == strip_places(documents)


@pytest.mark.parametrize("name", SPAN_WRITERS)
def test_from_the_format_to_ours_and_back_gives_the_same_bytes(tmp_path, name):
    first = write(SPAN_WRITERS[name](make_documents(name, nested=True)), tmp_path / "a.file")
    theirs = read_documents(first, recognise_format(first)).documents
    ours = write(write_text_spans(theirs), tmp_path / "ours.jsonl")
    again = SPAN_WRITERS[name](read_documents(ours, "spans").documents)
    assert again.content.encode() == first.read_bytes()
