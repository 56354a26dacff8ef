"""`infer --to`: what a tool reads back is what the model found, in order, with what the tool has a place for."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT, SENTENCES
from span_documents import require_packages

from token_classification import Predictor
from token_classification.data.formats.recognise import recognise_format
from token_classification.data.formats.span_files import SPAN_WRITERS, read_documents
from token_classification.errors import UserError
from token_classification.inference.bulk import BulkSettings, tag_file
from token_classification.inference.tool_documents import refuse_labels

TEXTS = [text for text, _ in SENTENCES]
MODEL = "ner-1f0c2a9b"
LABEL_STUDIO = os.environ.get("LABEL_STUDIO")
DOCCANO = os.environ.get("DOCCANO_PYTHON")


@pytest.fixture(scope="module")
def predictor(tagger_folder) -> Predictor:
    return Predictor.from_pretrained(tagger_folder)


def write_texts(path: Path, texts=TEXTS) -> Path:
    path.write_text("".join(json.dumps({"doc_id": f"d{n}", "text": text}) + "\n" for n, text in enumerate(texts)))
    return path


def tag(predictor, source: Path, folder: Path, tagger_folder: Path, tool: str) -> Path:
    """Tag a file for a tool; gives the path of the result."""
    folder.mkdir()
    settings = BulkSettings(str(source), folder, tool, model_version=MODEL)
    tag_file(predictor, settings, tagger_folder)
    return folder / settings.files.output_name


def list_spans(predictor, texts=TEXTS) -> list[list[tuple]]:
    return [[(found["start"], found["end"], found["label"]) for found in predictor(text)] for text in texts]


@pytest.mark.parametrize("tool", SPAN_WRITERS)
def test_a_tool_reads_back_the_texts_the_ids_and_the_spans(predictor, tagger_folder, tmp_path, tool):
    require_packages(tool)
    target = tag(predictor, write_texts(tmp_path / "in.jsonl"), tmp_path / "out", tagger_folder, tool)
    file = read_documents(target, recognise_format(target))
    assert file.problems == []
    assert [document.text for document in file.documents] == TEXTS
    assert [document.doc_id for document in file.documents] == [f"d{number}" for number in range(8)]
    found = [[span[:3] for span in document.spans] for document in file.documents]
    assert found == list_spans(predictor)
    assert any(found)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {target.name, "predictions.progress.json"}


def test_label_studio_gets_predictions_with_version_scores_and_ids_that_stay(predictor, tagger_folder, tmp_path):
    source = write_texts(tmp_path / "in.jsonl")
    tasks = json.loads(tag(predictor, source, tmp_path / "a", tagger_folder, "label_studio").read_text())
    expected = predictor(TEXTS)
    for task, entities, tagged in zip(tasks, expected, predictor.tag_texts(TEXTS), strict=True):
        assert set(task) == {"data", "predictions"}
        [prediction] = task["predictions"]
        assert prediction["model_version"] == MODEL
        assert prediction["score"] == pytest.approx(min(tagged.scores), abs=1e-5)
        scores = [region["score"] for region in prediction["result"]]
        assert scores == pytest.approx([entity["score"] for entity in entities], abs=1e-5)
    ids = [[region["id"] for region in task["predictions"][0]["result"]] for task in tasks]
    assert all(len(set(some)) == len(some) for some in ids)
    # A model that finds less calls the others the same.
    few = Predictor.from_pretrained(tagger_folder, threshold={"PER": 1.0})
    again = json.loads(tag(few, source, tmp_path / "b", tagger_folder, "label_studio").read_text())
    kept = [
        [region["id"] for region in task["predictions"][0]["result"] if region["value"]["labels"] != ["PER"]]
        for task in tasks
    ]
    assert [[region["id"] for region in task["predictions"][0]["result"]] for task in again] == kept
    assert sum(map(len, kept)) < sum(map(len, ids))


@pytest.mark.parametrize("spans", [[], [{"start": 0, "end": 4, "label": "PER"}]])
def test_examples_of_prodigy_came_with_labels_only_if_they_have_spans(
    predictor, tagger_folder, tmp_path, caplog, spans
):
    example = json.dumps({"text": TEXTS[0], "spans": spans, "_input_hash": 8}) + "\n"
    (tmp_path / "in.jsonl").write_text(example * 2)
    tag(predictor, tmp_path / "in.jsonl", tmp_path / "out", tagger_folder, "prodigy")
    assert ("came with labels" in caplog.text) == bool(spans)


def test_prodigy_gets_scores_sources_and_no_answer(predictor, tagger_folder, tmp_path):
    """Not even that of the file that was tagged, whose spans the model's take the place of."""
    example = {"text": TEXTS[0], "spans": [], "answer": "accept", "_task_hash": 7, "_input_hash": 8, "meta": {"n": 1}}
    (tmp_path / "in.jsonl").write_text(json.dumps(example) + "\n")
    target = tag(predictor, tmp_path / "in.jsonl", tmp_path / "out", tagger_folder, "prodigy")
    record = json.loads(target.read_text())
    assert set(record) == {"text", "tokens", "spans", "meta"}
    assert record["meta"] == {"n": 1}
    [expected] = predictor(TEXTS[:1])
    assert [(span["start"], span["end"], span["label"]) for span in record["spans"]] == list_spans(predictor)[0]
    assert [span["score"] for span in record["spans"]] == pytest.approx([entity["score"] for entity in expected])
    assert {span["source"] for span in record["spans"]} == {MODEL}
    assert all({"token_start", "token_end"} <= span.keys() for span in record["spans"])


def test_what_a_tool_has_no_place_for_is_counted(predictor, tagger_folder, tmp_path, caplog):
    source = tmp_path / "in.jsonl"
    rows = [{"id": n, "text": text, "label": [[0, 1, "X"]] * (n % 2)} for n, text in enumerate(TEXTS)]
    source.write_text("".join(map("{}\n".format, map(json.dumps, rows))))
    target = tag(predictor, source, tmp_path / "out", tagger_folder, "doccano")
    count = sum(map(len, list_spans(predictor)))
    assert f"{count} scores of spans are left out" in caplog.text
    assert f"the model's name ({MODEL}) is left out" in caplog.text
    assert "4 documents came with labels; the model's are written in their place" in caplog.text
    records = [json.loads(line) for line in target.read_text().splitlines()]
    assert [set(record) for record in records] == [{"id", "text", "label"}] * 8
    assert [[tuple(span) for span in record["label"]] for record in records] == list_spans(predictor)


@pytest.mark.parametrize(
    ("rows", "column"),
    [
        ([{"tokens": TEXTS[0].split(), "ner_tags": ["O"] * 9, "page": [1]}], "tokens"),
        ([{"tokenized_text": TEXTS[0].split(), "ner": [[0, 1, "PER"]], "page": [1]}], "tokenized_text"),
        ([{"text": TEXTS[0], "entities": [], "relations": [], "word_offsets": [[0, 4]], "page": [1]}], "text"),
    ],
)
def test_fields_stay_and_labels_go(predictor, tagger_folder, tmp_path, rows, column):
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    target = tag(predictor, tmp_path / "in.jsonl", tmp_path / "out", tagger_folder, "label_studio")
    [task] = json.loads(target.read_text())
    assert task["data"] == {"text": TEXTS[0], "page": [1]}
    assert [
        (region["value"]["start"], region["value"]["end"], *region["value"]["labels"])
        for region in task["predictions"][0]["result"]
    ] == list_spans(predictor)[0]


def test_a_document_that_a_tool_cannot_hold_costs_no_other(predictor, tagger_folder, tmp_path):
    source = write_texts(tmp_path / "in.jsonl", [TEXTS[0], "", "half \ud800", TEXTS[3]])
    target = tag(predictor, source, tmp_path / "out", tagger_folder, "webanno")
    assert sorted(path.name for path in target.iterdir()) == ["d0.tsv", "d3.tsv"]
    errors = [json.loads(line) for line in (tmp_path / "out" / "predictions.errors.jsonl").read_text().splitlines()]
    assert [error["line"] for error in errors] == [2, 3]
    assert "a document without any text can't be held" in errors[0]["reason"]
    assert "half a character" in errors[1]["reason"]


def test_labels_that_a_tool_cannot_hold_are_refused_before_the_work():
    refuse_labels(["PER", "New Label"], "label_studio")
    with pytest.raises(UserError, match=r"brat: .*New Label.*brat can't hold a label with a blank"):
        refuse_labels(["PER", "New Label"], "brat")


def test_brat_gets_a_folder_in_place_of_what_a_killed_run_left(predictor, tagger_folder, tmp_path):
    source = write_texts(tmp_path / "in.jsonl")
    whole = tag(predictor, source, tmp_path / "whole", tagger_folder, "brat")
    (tmp_path / "out" / "predictions.partial").mkdir(parents=True)
    (tmp_path / "out" / "predictions.partial" / "old.txt").write_text("old")
    settings = BulkSettings(str(source), tmp_path / "out", "brat", model_version=MODEL)
    tag_file(predictor, settings, tagger_folder)
    assert read_folder(tmp_path / "out" / "predictions") == read_folder(whole)
    assert not list((tmp_path / "out").glob("*.partial"))


def read_folder(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


CHECK = """
import json, sys
from label_studio_sdk.label_interface import LabelInterface
interface = LabelInterface(sys.argv[1])
count = 0
for task in json.load(open(sys.argv[2], encoding="utf-8")):
    assert interface.validate_task({"data": task["data"]}), task
    for item in task["predictions"]:
        assert interface.validate_prediction(item, return_errors=True) == [], item
        count += len(item["result"])
print(count)
"""


@pytest.mark.skipif(LABEL_STUDIO is None, reason="LABEL_STUDIO names no label-studio; type: make label-studio")
def test_label_studio_itself_finds_nothing_wrong_with_the_predictions(predictor, tagger_folder, tmp_path):
    target = tag(predictor, write_texts(tmp_path / "in.jsonl"), tmp_path / "out", tagger_folder, "label_studio")
    labels = "".join(f'<Label value="{label}"/>' for label in ("PER", "LOC", "ORG"))
    config = f'<View><Labels name="label" toName="text">{labels}</Labels><Text name="text" value="$text"/></View>'
    python = Path(LABEL_STUDIO or "").parent / "python"
    done = subprocess.run([python, "-c", CHECK, config, target], check=True, capture_output=True, text=True)
    assert int(done.stdout) == sum(map(len, list_spans(predictor)))


@pytest.mark.skipif(DOCCANO is None, reason="DOCCANO_PYTHON names no Python with doccano: make doccano")
def test_doccano_itself_imports_the_predictions(predictor, tagger_folder, tmp_path):
    target = tag(predictor, write_texts(tmp_path / "in.jsonl"), tmp_path / "out", tagger_folder, "doccano")
    exported = tmp_path / "exported.jsonl"
    command = [DOCCANO, ROOT / "tests" / "doccano_trip.py", tmp_path, target, exported]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": ""})
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    file = read_documents(exported, recognise_format(exported))
    assert [sorted(span[:3] for span in document.spans) for document in file.documents] == list_spans(predictor)


def test_spacy_itself_loads_the_predictions(predictor, tagger_folder, tmp_path):
    require_packages("spacy")
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    target = tag(predictor, write_texts(tmp_path / "in.jsonl"), tmp_path / "out", tagger_folder, "spacy")
    docs = list(DocBin().from_disk(target).get_docs(Vocab()))
    assert [doc.text for doc in docs] == TEXTS
    found = [[(entity.start_char, entity.end_char, entity.label_) for entity in doc.ents] for doc in docs]
    assert found == list_spans(predictor)
