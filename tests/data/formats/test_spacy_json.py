"""spaCy's JSON in all its shapes, beside spaCy itself."""

import json

import pytest

from token_classification.data.formats import read_sentences
from token_classification.data.formats.recognise import recognise_format
from token_classification.data.formats.spacy_json import read_spacy_json, write_spacy_json
from token_classification.data.formats.span_files import read_documents
from token_classification.data.spans.document import Span, SpanDocument
from token_classification.errors import DataError
from token_classification.inference.read_records import read_records, recognise_file
from token_classification.inference.records import BadRecord

TEXT = "Ada  Byron 😀 lived in Bath."
PER, LOC = Span(0, 10, "PER"), Span(22, 26, "LOC")
PAIR = [TEXT, {"entities": [[0, 10, "PER"], [22, 26, "LOC"]]}]
ORTHS = ["Ada", " ", "Byron", "😀", "lived", "in", "Bath", "."]
NER = ["B-PER", "I-PER", "L-PER", "O", "-", "O", "U-LOC", "O"]
PARAGRAPH = {
    "raw": TEXT,
    "sentences": [{"tokens": [{"orth": orth, "ner": tag} for orth, tag in zip(ORTHS, NER, strict=True)]}],
}
SHAPES = {
    "pairs": [PAIR, PAIR],
    "annotator": {"classes": ["PER", "LOC"], "annotations": [PAIR, None, PAIR]},
    "paragraphs": [{"id": 4, "paragraphs": [PARAGRAPH, PARAGRAPH]}],
}


def write(folder, value):
    path = folder / "a.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_is_recognised_and_read(tmp_path, shape):
    path = write(tmp_path, SHAPES[shape])
    assert recognise_format(path) == "spacy_json"
    file = read_documents(path, "spacy_json")
    assert (file.problems, file.notes, file.is_labelled) == ([], [], True)
    assert [(one.text, one.spans) for one in file.documents] == [(TEXT, (PER, LOC))] * 2
    assert [tag for tag in read_sentences(path).tags[0] if tag != "O"] == ["B-PER", "I-PER", "B-LOC"]


def test_paragraphs_have_the_ids_of_their_documents(tmp_path):
    path = write(tmp_path, [{"id": 4, "paragraphs": [PARAGRAPH, PARAGRAPH]}, {"id": "b", "paragraphs": [PARAGRAPH]}])
    assert [one.doc_id for one in read_spacy_json(path).documents] == ["4-1", "4-2", "b"]


def test_words_of_paragraphs_without_text_are_joined_by_blanks(tmp_path):
    tokens = [{"orth": orth, "ner": tag} for orth, tag in zip(ORTHS, NER, strict=True) if orth != " "]
    path = write(
        tmp_path, [{"id": 4, "paragraphs": [{"sentences": [{"tokens": tokens[:4]}, {"tokens": tokens[4:]}]}]}]
    )
    [document] = read_spacy_json(path).documents
    assert document.text == "Ada Byron 😀 lived in Bath ."
    assert [(document.text[span.start : span.end], span.label) for span in document.spans] == [
        ("Ada Byron", "PER"),
        ("Bath", "LOC"),
    ]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ([PAIR, 7], "number"),
        ([PAIR, [TEXT]], "list"),
        ([PAIR, {"text": 4, "ents": []}], "'text'"),
        ([PAIR, [TEXT, {"entities": [[0, 3]]}]], "span 1"),
        ([PAIR, {"text": TEXT, "ents": [], "tokens": [{"id": 0}]}], "'tokens'"),
        ([PAIR, {"id": 1, "paragraphs": [{"raw": "x", "sentences": [{"tokens": [{"orth": "y"}]}]}]}], "'y'"),
        ([PAIR, {"id": 1, "paragraphs": [{"sentences": []}]}], "'sentences'"),
        ([PAIR, {"id": 1, "paragraphs": [{"sentences": [{"tokens": 5}]}]}], "'sentences'"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path, value, found):
    path = write(tmp_path, value)
    file = read_spacy_json(path)
    assert len(file.documents) == 1
    [problem] = file.problems
    assert (problem.path, problem.line) == (path, 1)
    assert found in problem.text
    assert "accepted" in problem.text


def test_spacy_reads_what_is_written_and_what_spacy_writes_is_read(tmp_path):
    spacy = pytest.importorskip("spacy", reason='spaCy is not installed; type: pip install ".[spacy]"')
    from spacy.tokens import Doc

    doc = spacy.blank("en")(TEXT)
    doc.ents = [doc.char_span(*span[:3]) for span in (PER, LOC)]
    doc.spans["sc"] = [doc.char_span(0, 10, "NAME")]
    path = write(tmp_path, doc.to_json())
    assert recognise_format(path) == "spacy_json"
    [document] = read_spacy_json(path).documents
    assert document.spans == (PER, LOC)
    assert [document.text[start:end] for start, end in document.words] == [one.text for one in doc if one.text.strip()]
    assert read_spacy_json(path, label_column="sc").documents[0].spans == (Span(0, 10, "NAME"),)
    with pytest.raises(DataError, match="other"):
        read_spacy_json(path, label_column="other")

    [line] = write_spacy_json([document]).content.splitlines()
    again = Doc(spacy.blank("en").vocab).from_json(json.loads(line), validate=True)
    assert again.text == TEXT
    assert [(one.start_char, one.end_char, one.label_) for one in again.ents] == [PER[:3], LOC[:3]]


def test_a_text_that_nobody_has_labelled_stays_so(tmp_path):
    pytest.importorskip("spacy", reason='spaCy is not installed; type: pip install ".[spacy]"')
    documents = [SpanDocument(TEXT, (), tmp_path / "a", 1, is_labelled=False), SpanDocument(TEXT, (PER,), tmp_path, 2)]
    path = tmp_path / "a.jsonl"
    path.write_text(write_spacy_json(documents).content, encoding="utf-8")
    assert [one.is_labelled for one in read_spacy_json(path).documents] == [False, True]


@pytest.mark.parametrize("shape", SHAPES)
def test_infer_takes_the_texts_out_of_each_shape(tmp_path, shape):
    path = write(tmp_path, SHAPES[shape])
    assert recognise_file(str(path)) == "spacy_json"
    assert [record.text for record in read_records(str(path))] == [TEXT, TEXT]


def test_a_broken_text_costs_no_other(tmp_path):
    broken, sound = read_records(str(write(tmp_path, [["\ud800", {"entities": []}], PAIR])))
    assert isinstance(broken, BadRecord)
    assert sound.text == TEXT
