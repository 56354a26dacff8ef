"""`infer` takes the texts out of files of annotation tools; what else is in them stays with the answer."""

import json
import re
import zlib

import pytest

from token_classification import Predictor
from token_classification.errors import DataError, UserError
from token_classification.inference.bulk import BulkSettings, tag_file
from token_classification.inference.read_records import read_records, recognise_file
from token_classification.inference.records import Record

RECORDS = {
    "doccano": {"id": 1, "text": "Anna left", "label": [[0, 4, "PER"]], "Comments": []},
    "doccano, as some versions write it": {"id": 1, "data": "Anna left", "label": []},
    "Prodigy": {
        "text": "Anna left",
        "tokens": [{"text": "Anna", "start": 0, "end": 4, "id": 0}, {"text": "left", "start": 5, "end": 9, "id": 1}],
        "spans": [],
        "answer": "reject",
    },
    "our own": {"doc_id": "a", "text": "Anna left", "spans": [], "word_offsets": [[0, 4], [5, 9]]},
    "GLiNER": {"tokenized_text": ["Anna", "left"], "ner": []},
}


@pytest.mark.parametrize("tool", RECORDS)
def test_texts_of_annotation_tools_are_tagged(tmp_path, tool):
    path = tmp_path / "texts"
    path.write_text((json.dumps(RECORDS[tool]) + "\n") * 2)
    assert recognise_file(str(path)) == "jsonl"
    text = ["Anna", "left"] if tool == "GLiNER" else "Anna left"
    assert list(read_records(str(path))) == [Record(line, text, RECORDS[tool]) for line in (1, 2)]


def make_brat(folder):
    (folder / "a.txt").write_text("Anna left")
    (folder / "a.ann").write_text("T1\tPER 0 4\tAnna\n")
    return folder


def make_webanno(folder):
    (folder / "a.tsv").write_text(
        "#FORMAT=WebAnno TSV 3.3\n#T_SP=custom.Span|label\n\n\n#Text=Anna\n1-1\t0-4\tAnna\tPER\n"
    )
    return folder / "a.tsv"


def make_docbin(folder):
    (folder / "a.spacy").write_bytes(zlib.compress(b"\x85\xa7version\xa30.1\xa5attrs"))
    return folder / "a.spacy"


@pytest.mark.parametrize("make", [make_brat, make_webanno, make_docbin])
def test_files_of_whole_documents_are_refused_with_what_to_type(tmp_path, engine, make):
    (tmp_path / "in").mkdir()
    path = make(tmp_path / "in")
    predictor = Predictor(engine, {}, "punctuation")
    with pytest.raises(UserError, match=re.escape(f"token_classification convert {path} NEW.jsonl --to spans")):
        tag_file(predictor, BulkSettings(str(path), tmp_path / "out"), tmp_path)
    assert not (tmp_path / "out").exists()


def test_a_text_of_brat_by_itself_is_a_file_of_texts(tmp_path, engine, tagger_folder):
    path = make_brat(tmp_path) / "a.txt"
    (tmp_path / "out").mkdir()
    done = tag_file(Predictor(engine, {}, "punctuation"), BulkSettings(str(path), tmp_path / "out"), tagger_folder)
    assert done.records == 1


def test_labels_as_elements_are_no_texts_and_what_to_type_is_said(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("<PER>Anna</PER> left\n")
    with pytest.raises(DataError, match=r"NEW\.jsonl --to spans, and give NEW\.jsonl; or .*--input_format text"):
        list(read_records(str(path)))
    assert [record.text for record in read_records(str(path), "text")] == ["<PER>Anna</PER> left"]
    path.write_text("<b>Anna</b> left\n")
    assert [record.text for record in read_records(str(path))] == ["<b>Anna</b> left"]
