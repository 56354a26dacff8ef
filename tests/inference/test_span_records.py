"""`infer` takes the texts out of files of annotation tools; what else is in them stays with the answer."""

import json

import pytest

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
