"""A Label Studio that runs imports what `convert` writes, and its exports are the same documents again.

`make label-studio` makes its environment and runs these tests.
"""

import json
from dataclasses import replace

import pytest
from running_label_studio import CONFIG_OF_LABELS, NEEDS_PROGRAM, run_label_studio
from span_documents import FILE, make_hostile_documents, strip_places

from token_classification.commands.convert import write_conversion
from token_classification.data.convert import Choices, convert_files
from token_classification.data.formats import read_sentences
from token_classification.data.formats.label_studio import write_label_studio
from token_classification.data.formats.recognise import recognise_format
from token_classification.data.formats.span_files import read_documents
from token_classification.data.formats.text_spans import write_text_spans
from token_classification.data.inputs import keep_inputs
from token_classification.data.spans.document import Prediction, Span, SpanDocument

pytestmark = [pytest.mark.slow, NEEDS_PROGRAM]

PLAIN = (
    SpanDocument("Anna 😀 Lee left 東京 .", (Span(0, 10, "PER"), Span(16, 18, "LOC")), FILE, 1, "a"),
    SpanDocument("  nobody\r\n here", (), FILE, 2, "b"),
    SpanDocument("in Bern é 𝔘", (Span(3, 7, "LOC"), Span(8, 9, "PER"), Span(10, 11, "PER")), FILE, 3, "c"),
)
"""Documents whose words Label Studio finds as we do"""


@pytest.fixture(scope="module")
def label_studio(tmp_path_factory):
    with run_label_studio(tmp_path_factory.mktemp("label-studio")) as running:
        yield running


def import_documents(label_studio, folder, documents):
    """Convert a file of documents for Label Studio, import it, and return the number of the project."""
    source, tasks = folder / "in.jsonl", folder / "tasks.json"
    source.write_bytes(write_text_spans(documents).content.encode())
    with keep_inputs():
        written = convert_files([source], tasks, Choices("label_studio")).written
        write_conversion(written, tasks, [source])
    project, _ = label_studio.create_project([], CONFIG_OF_LABELS)
    assert label_studio.import_file(project, tasks)["task_count"] == len(documents)
    return project


def save(folder, content):
    path = folder / "export"
    path.write_bytes(content)
    return path


def read_back(path):
    assert recognise_format(path) == "label_studio"
    file = read_documents(path, "label_studio")
    assert file.problems == []
    return file


@pytest.mark.parametrize("kind", ["JSON", "JSON_MIN"])
def test_annotations_come_back_as_they_were(label_studio, tmp_path, kind):
    documents = make_hostile_documents(300, nested=True)
    project = import_documents(label_studio, tmp_path, documents)
    stored = {task["data"]["doc_id"]: task for task in json.loads(label_studio.export(project, "JSON"))}
    for document in documents:
        task = stored[document.doc_id]
        assert task["data"]["text"] == document.text
        regions = [region["value"] for region in task["annotations"][0]["result"]]
        marked = [(region["start"], region["end"], *region["labels"], region["text"]) for region in regions]
        assert marked == [(*span[:3], document.text[span.start : span.end]) for span in document.spans]
    file = read_back(save(tmp_path, label_studio.export(project, kind)))
    assert file.notes == []
    assert strip_places(file.documents) == strip_places(documents)


def test_a_later_annotation_counts_more_than_the_imported_one(label_studio, tmp_path):
    project = import_documents(label_studio, tmp_path, PLAIN)
    first, *_ = json.loads(label_studio.export(project, "JSON"))
    region = first["annotations"][0]["result"][1]
    label_studio.ask(f"tasks/{first['id']}/annotations", {"result": [region], "lead_time": 1.0})
    file = read_back(save(tmp_path, label_studio.export(project, "JSON")))
    assert [span[:3] for span in file.documents[0].spans] == [PLAIN[0].spans[1][:3]]
    assert "1 tasks have several annotations" in file.notes[0]


def test_predictions_come_back_with_their_scores(label_studio, tmp_path):
    scores = (0.125, 0.5, 1.0)
    documents = [
        replace(
            document,
            spans=tuple(span._replace(score=scores[place % 3]) for place, span in enumerate(document.spans)),
        )
        for document in make_hostile_documents(300, nested=True)
    ]
    project = import_documents(label_studio, tmp_path, documents)
    numbers_only = read_back(save(tmp_path, label_studio.export(project, "JSON")))
    assert not numbers_only.is_labelled
    assert "300 tasks have predictions, of which this export has only the numbers" in numbers_only.notes[0]
    minimal = read_back(save(tmp_path, label_studio.export(project, "JSON_MIN")))
    assert not minimal.is_labelled
    wanted = {"serialization_options": {"predictions": {"only_id": False}}}
    snapshot = label_studio.ask(f"projects/{project}/exports", wanted)
    assert snapshot["status"] == "completed"
    content = label_studio.request(f"projects/{project}/exports/{snapshot['id']}/download?exportType=JSON")
    file = read_back(save(tmp_path, content))
    assert strip_places(file.documents) == strip_places(documents)
    assert [[span.score for span in document.spans] for document in file.documents] == [
        [span.score for span in document.spans] for document in documents
    ]


def test_what_a_model_proposes_arrives_with_its_name_and_score(label_studio, tmp_path):
    tasks = tmp_path / "tasks.json"
    proposed = [replace(document, prediction=Prediction("ner-1", 0.25)) for document in PLAIN]
    write_conversion(write_label_studio(proposed), tasks, [])
    project, _ = label_studio.create_project([], CONFIG_OF_LABELS)
    assert label_studio.import_file(project, tasks)["prediction_count"] == len(PLAIN)
    stored = label_studio.ask(f"predictions?task__project={project}")
    assert [(one["model_version"], one["score"]) for one in stored] == [("ner-1", 0.25)] * len(PLAIN)
    marked = [[(one["value"]["start"], one["value"]["end"]) for one in each["result"]] for each in stored]
    assert marked == [[span[:2] for span in document.spans] for document in PLAIN]


def test_what_it_exports_as_conll_are_the_same_words_and_tags(label_studio, tmp_path):
    project = import_documents(label_studio, tmp_path, PLAIN)
    sentences = read_sentences(save(tmp_path, label_studio.export(project, "CONLL2003")))
    assert sentences.tokens == [
        ["Anna", "😀", "Lee", "left", "東京", "."],
        ["nobody", "here"],
        ["in", "Bern", "é", "𝔘"],
    ]
    assert sentences.tags == [
        ["B-PER", "I-PER", "I-PER", "O", "B-LOC", "O"],
        ["O", "O"],
        ["O", "B-LOC", "B-PER", "B-PER"],
    ]
