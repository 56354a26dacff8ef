"""Sentences are written as OntoNotes is published, and read back."""

from dataclasses import replace
from pathlib import Path

import pytest
from span_documents import FILE, make_hostile_documents

from token_classification.data.formats.ontonotes import read_ontonotes
from token_classification.data.formats.recognise import recognise_format
from token_classification.data.formats.tag_files import Part, write_ontonotes_parts
from token_classification.data.sentences import Sentences
from token_classification.data.spans.document import SpanFile
from token_classification.data.spans.tags import TaggingRules, tag_documents

TARGET = Path("a_conll")


def write(*rows, doc_ids=None):
    tokens, tags = zip(*((words.split(), tags.split()) for words, tags in rows), strict=True)
    sentences = Sentences([*tokens], [*tags], lines=[*range(1, len(tokens) + 1)], doc_ids=doc_ids)
    return write_ontonotes_parts([Part(FILE, sentences)], TARGET)


def test_it_looks_as_the_published_files_do_where_nothing_else_is_known():
    written = write(("Ann Lee ran", "B-PER I-PER O"), ("Bob", "B-PER"), doc_ids=["x 1", "y"])
    assert written.problems == []
    assert written.content == (
        "#begin document (x_1); part 000\n"
        "x_1 0 0 Ann XX (TOP* - - - - (PER* -\n"
        "x_1 0 1 Lee XX * - - - - *) -\n"
        "x_1 0 2 ran XX *) - - - - * -\n"
        "\n"
        "#end document\n"
        "#begin document (y); part 000\n"
        "y 0 0 Bob XX (TOP*) - - - - (PER) -\n"
        "\n"
        "#end document\n"
    )
    assert written.notes == ["1 names of documents have _ for blanks: a column holds none"]


def test_a_thousand_hostile_documents_keep_words_and_entities(tmp_path):
    documents = [
        replace(document, spans=tuple(span._replace(label=span.label.replace(" ", "_")) for span in document.spans))
        for document in make_hostile_documents()
    ]
    sentences = tag_documents(SpanFile(FILE, documents), TaggingRules(align="expand", overlaps="outer")).sentences
    written = write_ontonotes_parts([Part(FILE, sentences)], TARGET)
    assert written.problems == []
    path = tmp_path / "a"
    path.write_bytes(written.content.encode())
    assert recognise_format(path) == "ontonotes"
    read = read_ontonotes(path)
    filled = [row for row, words in enumerate(sentences.tokens) if words]
    assert len(filled) > 900
    assert read.tokens == [sentences.tokens[row] for row in filled]
    assert read.tags == [sentences.tags[row] for row in filled]
    assert written.notes == [
        f"{1000 - len(filled):,} sentences without words are left out: this format can't hold any"
    ]


@pytest.mark.parametrize("tags", ["S-PER B-LOC E-LOC", "U-PER B-LOC L-LOC", "B-PER B-LOC I-LOC"])
def test_entities_of_any_scheme_become_brackets(tags):
    cells = [line.split()[10] for line in write(("Ann New York", tags)).content.splitlines() if line.startswith("- ")]
    assert cells == ["(PER)", "(LOC*", "*)"]


@pytest.mark.parametrize(
    ("words", "tags", "said"),
    [
        ("Ann ran", "NN VB", "'NN' is no tag of an entity; accepted: B- and I- before its label"),
        ("Ann ran", "B-a(b O", "the label 'a(b' can't be written; accepted: one without blanks, brackets and *"),
    ],
)
def test_what_it_cannot_hold_is_refused(words, tags, said):
    (problem,) = write((words, tags)).problems
    assert said in str(problem)
    assert "--to jsonl" in str(problem)


def test_words_with_blanks_are_refused():
    sentences = Sentences([["New York"]], [["B-LOC"]], lines=[4])
    (problem,) = write_ontonotes_parts([Part(FILE, sentences)], TARGET).problems
    assert str(problem).startswith(f"{FILE}:4: 'New York' can't be written")


def test_sentences_of_no_known_documents_are_one_aloud():
    written = write(("Ann", "B-PER"), ("Bob", "B-PER"))
    assert written.content.count("#begin document (-); part 000") == 1
    assert written.notes == [f"{FILE}: nothing says where documents begin; all of it is one"]


def test_no_entity_at_all_is_said():
    assert write(("He ran", "O O"), doc_ids=["a"]).notes == [
        "there is no entity: whoever reads the file takes it for one without labels"
    ]
