"""What doccano exports is read, and what we write is what it imports."""

import json

from token_classification.data.formats.doccano import write_doccano
from token_classification.data.formats.span_files import read_documents

RELATIONS = {
    "id": 11,
    "text": "Anna left Rome",
    "entities": [
        {"id": 20, "label": "PER", "start_offset": 0, "end_offset": 4},
        {"id": 21, "label": "LOC", "start_offset": 10, "end_offset": 14},
    ],
    "relations": [{"id": 3, "from_id": 20, "to_id": 21, "type": "left"}],
    "Comments": [],
}


def write(folder, *records):
    path = folder / "a.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def parse(written):
    return [json.loads(line) for line in written.content.splitlines()]


def test_a_project_without_relations_comes_back_as_it_was(tmp_path):
    records = [
        {"id": 1, "text": "Zoë left", "label": [[0, 3, "PER"]], "Comments": ["sure?"]},
        {"id": 2, "text": "nobody", "label": [], "Comments": []},
    ]
    written = write_doccano(read_documents(write(tmp_path, *records), "spans").documents)
    assert parse(written) == records
    assert written.content.isascii()  # doccano guesses encodings
    assert written.notes == []


def test_a_relation_project_comes_back_as_it_was(tmp_path):
    assert parse(write_doccano(read_documents(write(tmp_path, RELATIONS), "spans").documents)) == [RELATIONS]


def test_a_relation_goes_with_its_span(tmp_path):
    [document] = read_documents(write(tmp_path, RELATIONS), "spans").documents
    shorter = type(document)(document.text, document.spans[:1], document.path, 1, document.doc_id, meta=document.meta)
    written = write_doccano([shorter])
    assert parse(written)[0]["relations"] == []
    assert "1 relations are left out" in written.notes[0]


def test_what_doccano_does_not_take_is_said_aloud(tmp_path):
    path = write(
        tmp_path,
        {"text": "New York", "spans": [[0, 8, "LOC"], {"start": 4, "end": 8, "label": "X", "score": 0.5}]},
        {"text": "", "spans": []},
    )
    notes = " ".join(write_doccano(read_documents(path, "spans").documents).notes)
    assert "1 scores of spans are left out" in notes
    assert "1 documents have overlapping spans: switch on 'Allow overlapping spans'" in notes
    assert "1 documents are empty" in notes


def test_a_field_that_the_format_needs_itself_is_left_out_aloud(tmp_path):
    path = write(tmp_path, {"text": "Anna", "entities": [[0, 4, "PER"]], "label": "letter"})
    written = write_doccano(read_documents(path, "spans").documents)
    assert parse(written) == [{"text": "Anna", "label": [[0, 4, "PER"]]}]
    assert "the field 'label' of 1 documents is left out" in written.notes[0]
