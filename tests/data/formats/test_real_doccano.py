"""doccano's own code imports what we write, and what it exports is read: recorded, and run by `make doccano`."""

import json
import os
import subprocess

import pytest
from conftest import ROOT
from span_documents import make_hostile_documents, strip_places

from token_classification.data.formats.doccano import write_doccano
from token_classification.data.formats.recognise import recognise_format
from token_classification.data.formats.span_files import read_documents

PYTHON = os.environ.get("DOCCANO_PYTHON")
RECORDED = ROOT / "tests" / "data" / "formats" / "recorded" / "doccano-1.8.4.jsonl"
"""What doccano 1.8.4 exported after it had imported our file of the first documents"""
RECORDED_DOCUMENTS = 40
RELATIONS = (
    {
        "id": 11,
        "text": "Anna 😀 left Rome",
        "entities": [
            {"id": 20, "label": "PER", "start_offset": 0, "end_offset": 4},
            {"id": 21, "label": "LOC", "start_offset": 12, "end_offset": 16},
        ],
        "relations": [{"id": 3, "from_id": 20, "to_id": 21, "type": "left"}],
    },
    {"id": 12, "text": "nobody", "entities": [], "relations": []},
)


def read_sorted(path):
    """Ids, texts and spans; doccano sorts spans."""
    file = read_documents(path, recognise_format(path))
    assert (file.problems, file.notes) == ([], [])
    return sort_spans(file.documents)


def sort_spans(documents):
    return [(doc_id, text, sorted(spans)) for doc_id, text, spans in strip_places(documents)]


def test_what_doccano_exported_is_what_we_had_written():
    assert read_sorted(RECORDED) == sort_spans(make_hostile_documents(RECORDED_DOCUMENTS, nested=True))


def trip(folder, source):
    """Have doccano import a file and export it."""
    target = folder / "exported.jsonl"
    command = [PYTHON, ROOT / "tests" / "doccano_trip.py", folder, source, target]
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, env={**os.environ, "PYTHONPATH": ""}
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    return target


needs_doccano = pytest.mark.skipif(PYTHON is None, reason="DOCCANO_PYTHON names no Python with doccano: make doccano")


@needs_doccano
def test_doccano_imports_and_exports_a_thousand_hostile_documents(tmp_path):
    documents = make_hostile_documents(nested=True)
    source = tmp_path / "ours.jsonl"
    source.write_text(write_doccano(documents).content)
    assert read_sorted(trip(tmp_path, source)) == sort_spans(documents)


@needs_doccano
def test_doccano_imports_and_exports_relations(tmp_path):
    theirs, ours = tmp_path / "theirs.jsonl", tmp_path / "ours.jsonl"
    theirs.write_text("".join(json.dumps(record) + "\n" for record in RELATIONS))
    ours.write_text(write_doccano(read_documents(theirs, "spans").documents).content)
    exported = read_documents(trip(tmp_path, ours), "spans").documents
    assert strip_places(exported) == strip_places(read_documents(theirs, "spans").documents)
    [relation] = exported[0].meta["relations"]
    joined = {span.span_id: exported[0].text[span.start : span.end] for span in exported[0].spans}
    assert (joined[str(relation["from_id"])], joined[str(relation["to_id"])], relation["type"]) == (
        "Anna",
        "Rome",
        "left",
    )
