"""`infer` takes the texts out of files of annotation tools; what else is in them stays with the answer."""

import json
from dataclasses import replace
from pathlib import Path
from pipes import pipe

import pytest
from conftest import SENTENCES
from span_documents import require_packages

from token_classification import Predictor
from token_classification.data.formats.recognise import recognise_format
from token_classification.data.formats.span_files import SPAN_WRITERS, TEXT_READERS, read_documents
from token_classification.data.spans.document import SpanDocument
from token_classification.errors import UserError
from token_classification.inference.bulk import BulkSettings, tag_file
from token_classification.inference.read_records import read_records, recognise_file
from token_classification.inference.records import Record
from token_classification.inference.tool_records import list_text_files

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


WHOLE = [tool for tool in TEXT_READERS if tool != "spacy_json"]
"""Those whose files are no lines of records; what we write as spaCy's JSON is"""


def make_documents(texts):
    return [SpanDocument(text, (), Path("in"), 1, f"d{number}") for number, text in enumerate(texts)]


def write_as(tool, documents, folder):
    """Write documents as a tool does; gives the file or folder."""
    require_packages(tool)
    content = SPAN_WRITERS[tool](documents).content
    if isinstance(content, str | bytes):
        path = folder / "in"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path
    (folder / "in").mkdir()
    for name, part in content.items():
        (folder / "in" / name).write_bytes(part.encode())
    return folder / "in"


@pytest.mark.parametrize("tool", WHOLE)
def test_texts_of_whole_documents_are_read_with_their_ids(tmp_path, tool):
    texts = ["Anna\r\nleft 😀 Rome", "e\u0301 \u2028x", " Anna"]
    path = write_as(tool, make_documents(texts), tmp_path)
    assert recognise_file(str(path)) == tool
    records = list(read_records(str(path)))
    assert records == list(read_records(str(path), tool))
    assert [(record.line, record.text, record.fields["doc_id"]) for record in records] == [
        (number + 1, text, f"d{number}") for number, text in enumerate(texts)
    ]
    assert list_text_files(path) == (sorted(path.glob("d*.t*")) if path.is_dir() else [path])


def test_a_text_of_brat_needs_no_annotations(tmp_path):
    path = write_as("brat", make_documents(["Anna left", "Rome"]), tmp_path)
    (path / "d1.ann").unlink()
    (path / "broken.txt").write_bytes(b"\xff")
    bad, *records = read_records(str(path))
    assert [record.text for record in records] == ["Anna left", "Rome"]
    assert (bad.line, "not UTF-8" in bad.reason, "broken.txt:1" in bad.reason) == (1, True, True)
    for name in ("d0.txt", "d0.ann"):
        assert [(record.text, record.fields["doc_id"]) for record in read_records(str(path / name))] == [
            ("Anna left", "d0")
        ]
    assert [record.fields for record in read_records(str(path / "d0.txt"), "text")] == [{"text": "Anna left"}]


def test_a_document_that_is_too_long_costs_no_other(tmp_path, monkeypatch):
    monkeypatch.setattr("token_classification.inference.tool_records.LONGEST_RECORD", 5)
    bad, good = read_records(str(write_as("brat", make_documents(["Anna left", "Rome"]), tmp_path)))
    assert ("a document of more than" in bad.reason, good.text) == (True, "Rome")


def test_a_broken_document_of_webanno_costs_no_other(tmp_path):
    path = write_as("webanno", make_documents(["Anna left", "Rome"]), tmp_path)
    (path / "d0.tsv").write_text((path / "d0.tsv").read_text().replace("0-4\tAnna", "0-4\tEmma"))
    bad, good = read_records(str(path))
    assert "the token 'Emma' is not what stands at 0 to 4" in bad.reason
    assert (good.line, good.text) == (2, "Rome")


TASKS = [
    {"id": 1, "data": {"body": "Anna left", "n": 1}, "annotations": [{"result": [
        {"id": "a", "type": "labels", "from_name": "entity", "to_name": "body",
         "value": {"start": 0, "end": 99, "labels": ["PER"]}}
    ]}]},
    {"id": 2, "data": {"body": "Rome", "n": 2}, "annotations": [{"result": [], "was_cancelled": True}]},
    {"id": 3, "data": {"body": None}},
    {"id": 4, "data": {"body": "nobody", "n": 4}},
]  # fmt: skip


def test_all_tasks_of_label_studio_are_read_whatever_is_labelled_in_them(tmp_path):
    """Annotated, skipped and new ones; what the project calls its tags comes from those that are annotated."""
    (tmp_path / "in.json").write_text(json.dumps(TASKS))
    first, second, bad, last = read_records(str(tmp_path / "in.json"))
    assert [record.text for record in (first, second, last)] == ["Anna left", "Rome", "nobody"]
    names = {"from_name": "entity", "to_name": "body", "value": "body"}
    assert first.fields == {"doc_id": "1", "text": "Anna left", "n": 1, "label_studio": names}
    assert bad.line == 3
    assert "document '3': 'body' is null" in bad.reason
    # As lines of JSON, and where the first task is longer than what is looked at first.
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(task) + "\n" for task in TASKS))
    assert [record.line for record in read_records(str(tmp_path / "in.jsonl"))] == [1, 2, 3, 4]
    (tmp_path / "long.json").write_text(json.dumps([{"data": {"text": "x" * 2**19}}]))
    assert [len(record.text) for record in read_records(str(tmp_path / "long.json"))] == [2**19]


def test_lines_that_have_their_text_where_others_have_it_are_read_as_before(tmp_path):
    (tmp_path / "in.jsonl").write_text('{"text": "Anna", "data": {"page": 1}}\n')
    assert recognise_file(str(tmp_path / "in.jsonl")) == "jsonl"
    (tmp_path / "named.jsonl").write_text('{"body": "Anna", "data": {"page": 1}}\n')
    assert recognise_file(str(tmp_path / "named.jsonl"), "body") == "jsonl"
    assert recognise_file(str(tmp_path / "named.jsonl")) == "label_studio"


def test_whole_documents_do_not_come_out_of_a_pipe():
    with pipe(json.dumps(TASKS).encode()) as source, pytest.raises(UserError, match="give the file"):
        list(read_records(str(source)))


@pytest.mark.parametrize("tool", WHOLE)
def test_documents_of_a_tool_come_back_to_it_with_the_model_s_spans(tmp_path, engine, tagger_folder, tool):
    texts = [text for text, _ in SENTENCES]
    path = write_as(tool, make_documents(texts), tmp_path)
    predictor = Predictor(engine, {}, "punctuation")
    settings = BulkSettings(str(path), tmp_path / "out", tool)
    settings.folder.mkdir()
    assert tag_file(predictor, settings, tagger_folder).records == len(texts)
    target = settings.folder / settings.files.output_name
    found = [
        (document.doc_id, document.text, [span[:3] for span in document.spans])
        for document in read_documents(target, recognise_format(target)).documents
    ]
    spans = [[(entity["start"], entity["end"], entity["label"]) for entity in predictor(text)] for text in texts]
    assert found == [(f"d{number}", text, spans[number]) for number, text in enumerate(texts)]
    # A text that changes makes it another run.
    assert tag_file(predictor, replace(settings, resume=True), tagger_folder).finished
    for file in list_text_files(path)[:1]:
        file.write_bytes(file.read_bytes() + b"\n")
    with pytest.raises(UserError, match="input: "):
        tag_file(predictor, replace(settings, resume=True), tagger_folder)


def test_labels_as_elements_are_no_part_of_a_text_and_a_broken_one_costs_no_other(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("<PER>Anna</PER> left\n<PER>Bob left\n" + "<LOC>Bern</LOC>\n" * 20)
    found = list(read_records(str(path)))
    assert [record.text for record in found if isinstance(record, Record)] == ["Anna left", *["Bern"] * 20]
    assert (found[1].line, "<PER> is not closed" in found[1].reason) == (2, True)
    assert next(read_records(str(path), "text")).text == "<PER>Anna</PER> left"


def test_the_markup_of_pages_stays_in_a_text(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("<b>Anna</b> left\n")
    assert [record.text for record in read_records(str(path))] == ["<b>Anna</b> left"]


def test_results_do_not_go_into_the_folder_that_is_tagged(tmp_path, engine, tagger_folder):
    path = write_as("brat", make_documents(["Anna left"]), tmp_path)
    with pytest.raises(UserError, match=r"inside of --input_file .*; give another -r"):
        tag_file(Predictor(engine, {}, "punctuation"), BulkSettings(str(path), path / "out"), tagger_folder)
