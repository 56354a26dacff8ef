"""Label Studio's exports are read, and what it imports is written."""

import json
import subprocess
from pathlib import Path

import pytest
from running_label_studio import CONFIG_OF_LABELS, NEEDS_PROGRAM, PROGRAM
from span_documents import make_hostile_documents, strip_places

from token_classification.data.formats import read_sentences
from token_classification.data.formats.label_studio import write_label_studio
from token_classification.data.formats.recognise import recognise_format
from token_classification.data.formats.span_files import read_documents
from token_classification.data.spans.document import Span, SpanDocument
from token_classification.errors import DataError

TEXT = "Anna left Bern."


def make_region(start, end, *labels, text=TEXT, name="label", target="text", **more):
    value = {"start": start, "end": end, "text": text[start:end], "labels": [*labels]}
    return {"id": f"x{start}", "from_name": name, "to_name": target, "type": "labels", "value": value, **more}


def make_task(*annotations, number=1, **more):
    return {"id": number, "data": {"text": TEXT, "source": "a"}, "annotations": [*annotations], **more}


def annotate(*regions, **more):
    return {"id": 1, "result": [*regions], "was_cancelled": False, "ground_truth": False, "completed_by": 1, **more}


ANNA, BERN = make_region(0, 4, "PER"), make_region(10, 14, "LOC")


def read(folder, *tasks, **columns):
    path = folder / "export.json"
    path.write_text(json.dumps(tasks), encoding="utf-8")
    assert recognise_format(path) == "label_studio"
    return read_documents(path, "label_studio", **columns)


def list_spans(file):
    return [[(*span[:3], span.score) for span in document.spans] for document in file.documents]


def test_an_export_is_read_for_training(tmp_path):
    path = tmp_path / "a"
    path.write_text(json.dumps([make_task(annotate(ANNA, BERN))]), encoding="utf-8")
    sentences = read_sentences(path)
    assert sentences.tokens == [["Anna", "left", "Bern", "."]]
    assert sentences.tags == [["B-PER", "O", "B-LOC", "O"]]
    assert sentences.doc_ids == ["1"]


def test_fields_of_the_task_stay_and_come_back(tmp_path):
    task = make_task(annotate(make_region(0, 4, "PER", name="ner", target="body")))
    task["data"] = {"body": TEXT, "source": "a", "doc_id": 7}
    file = read(tmp_path, task)
    assert file.notes == []
    (back,) = json.loads(write_label_studio(file.documents).content)
    annotation = {"ground_truth": False, "result": task["annotations"][0]["result"]}
    assert back == {"data": task["data"], "annotations": [annotation]}


def test_completions_of_old_versions_are_annotations(tmp_path):
    task = {"id": 1, "data": {"text": TEXT}, "completions": [{"id": 1, "result": [ANNA], "created_at": 1600000000}]}
    assert list_spans(read(tmp_path, task)) == [[(0, 4, "PER", None)]]


@pytest.mark.parametrize(
    ("annotations", "start"),
    [
        ([annotate(ANNA, updated_at="2024-01-02"), annotate(BERN, updated_at="2024-01-01")], 0),
        ([annotate(ANNA, updated_at="2024-01-01"), annotate(BERN, updated_at="2024-01-02")], 10),
        ([annotate(ANNA, ground_truth=True), annotate(BERN, updated_at="2024-01-02")], 0),
        ([annotate(ANNA), annotate(BERN)], 10),
    ],
    ids=["the newest", "not the first", "the ground truth", "the last without a time"],
)
def test_of_several_annotations_one_is_read_aloud(tmp_path, annotations, start):
    file = read(tmp_path, make_task(*annotations))
    assert [span.start for span in file.documents[0].spans] == [start]
    (note,) = file.notes
    assert "1 tasks have several annotations; the ground truth of each is read, or else the newest" in note
    assert note.endswith(
        "--annotator NAME (there are '1'); for what more than half of them marked: --annotator majority"
    )


def test_skipped_and_unlabelled_tasks_are_left_out_aloud(tmp_path):
    skipped = annotate(ANNA, was_cancelled=True)
    tasks = [make_task(annotate(ANNA)), make_task(skipped, number=2), make_task(number=3)]
    file = read(tmp_path, *tasks, make_task(skipped, annotate(), number=4))
    assert [document.doc_id for document in file.documents] == ["1", "4"]
    assert list_spans(file) == [[(0, 4, "PER", None)], []]
    assert [note.split(": ")[1] for note in file.notes] == [
        "1 tasks that were skipped (cancelled) are left out",
        "1 tasks that nobody has annotated are left out",
    ]


def test_tasks_that_wait_for_labels_have_none_and_get_none(tmp_path):
    file = read(tmp_path, make_task(), {"data": {"text": "b"}})
    assert (file.is_labelled, len(file.documents)) == (False, 2)
    waiting = SpanDocument(TEXT, (), Path("a"), 1, is_labelled=False)
    assert json.loads(write_label_studio([waiting]).content) == [{"data": {"text": TEXT}}]


def test_predictions_are_read_where_nobody_annotated_with_scores(tmp_path):
    old = {"model_version": "v1", "result": [BERN], "created_at": "2024-01-01"}
    new = {"model_version": "v2", "result": [{**ANNA, "score": 0.75}], "created_at": "2024-02-01"}
    file = read(tmp_path, make_task(predictions=[new, old]))
    assert list_spans(file) == [[(0, 4, "PER", 0.75)]]
    assert (
        "nobody has annotated a task; read are the predictions of 1 (model: v1, v2); of several the newest"
        in (file.notes[0])
    )
    (back,) = json.loads(write_label_studio(file.documents).content)
    assert back["predictions"] == [{"result": new["result"]}]
    assert "annotations" not in back


def test_an_annotation_counts_more_than_predictions_and_their_ids(tmp_path):
    predicted = make_task(annotate(BERN), predictions=[{"result": [{**ANNA, "score": 0.5}]}])
    assert list_spans(read(tmp_path, predicted)) == [[(10, 14, "LOC", None)]]
    assert list_spans(read(tmp_path, make_task(annotate(BERN), predictions=[17]))) == [[(10, 14, "LOC", None)]]


def test_a_region_of_two_labels_is_two_spans_and_one_region_again(tmp_path):
    region = make_region(0, 4, "PER", "NAME")
    file = read(tmp_path, make_task(annotate(region)))
    assert list_spans(file) == [[(0, 4, "PER", None), (0, 4, "NAME", None)]]
    assert json.loads(write_label_studio(file.documents).content)[0]["annotations"][0]["result"] == [region]


def test_other_tags_and_other_kinds_of_regions_are_named(tmp_path):
    choice = {"id": "c", "from_name": "mood", "to_name": "text", "type": "choices", "value": {"choices": ["good"]}}
    relation = {"type": "relation", "from_id": "x0", "to_id": "x10", "direction": "right"}
    task = make_task(annotate(ANNA, BERN, make_region(5, 9, "VERB", name="pos"), choice, relation))
    file = read(tmp_path, task)
    assert list_spans(file) == [[(0, 4, "PER", None), (10, 14, "LOC", None)]]
    assert "labels of 'label' on 'text' are read; 1 of 'pos' on 'text' are left out" in file.notes[0]
    assert "what marks no span is left out: 1 choices, 1 relation" in file.notes[1]
    assert list_spans(read(tmp_path, task, label_column="pos")) == [[(5, 9, "VERB", None)]]


def test_the_text_is_found_or_asked_for(tmp_path):
    task = make_task(annotate(ANNA))
    task["data"] = {"headline": "x", "article": TEXT}
    with pytest.raises(DataError, match="no column of texts"):
        read(tmp_path, task)
    assert read(tmp_path, task, text_column="article").documents[0].text == TEXT
    with pytest.raises(DataError, match="no column 'body'"):
        read(tmp_path, task, text_column="body")
    with pytest.raises(DataError, match="no column 'tags'"):
        read(tmp_path, task, text_column="article", label_column="tags")


HYPER = {"start": "/p[1]/text()[1]", "end": "/p[1]/text()[1]", "startOffset": 0, "endOffset": 4}


@pytest.mark.parametrize(
    ("region", "said"),
    [
        (make_region(0, 4), "region x0: it has no label"),
        (
            {**ANNA, "value": {**HYPER, "hypertextlabels": ["PER"]}},
            "its startOffset 0 counts inside of /p[1]",
        ),
        ({**ANNA, "value": {"start": 0.5, "end": 4, "labels": ["PER"]}}, "its start is a number"),
        (make_region(0, 4, 7), "its label is a number"),
        (make_region(0, 40, "PER"), "is not in the text"),
        ({**ANNA, "value": {**ANNA["value"], "text": "Otto"}}, "is not what the file says stands there ('Otto')"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, region, said):
    file = read(tmp_path, make_task(annotate(region)), make_task(annotate(ANNA), number=2))
    (problem,) = file.problems
    assert "document '1': " in str(problem)
    assert said in str(problem)


BROKEN = [
    {"data": 7},
    {"data": {"text": 7}, "annotations": [annotate()]},
    {"data": {"text": "a"}, "annotations": [{"result": 1}]},
]


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_task_is_a_problem(tmp_path, broken):
    file = read(tmp_path, make_task(annotate(ANNA)), broken)
    assert (len(file.documents), len(file.problems)) == (1, 1)


def test_line_ends_as_the_editor_spells_them_and_utf16_units_are_recognised(tmp_path):
    text = "😀 Anna\nLee"
    region = {"from_name": "l", "to_name": "t", "type": "labels"}
    value = {"start": 3, "end": 11, "text": "Anna\\nLee", "labels": ["PER"]}
    task = {"id": 1, "data": {"text": text}, "annotations": [annotate({**region, "value": value})]}
    file = read(tmp_path, task)
    assert [text[start:end] for start, end, *_ in file.documents[0].spans] == ["Anna\nLee"]
    assert "offsets count UTF-16 units" in file.notes[0]


def make_minimal(number, annotator, *items, **more):
    record = {"id": number, "text": TEXT, "source": "a", "annotator": annotator, "annotation_id": annotator}
    return {**record, **({"label": [*items]} if items else {}), **more}


def test_json_min_has_a_record_for_each_annotation(tmp_path):
    first = make_minimal(1, 1, ANNA["value"], updated_at="2024-01-02")
    second = make_minimal(1, 2, BERN["value"], updated_at="2024-01-01")
    file = read(tmp_path, make_minimal(9, 1), first, second)
    assert [(document.doc_id, document.meta) for document in file.documents] == [
        ("9", {"source": "a"}),
        ("1", {"source": "a"}),
    ]
    assert list_spans(file) == [[], [(0, 4, "PER", None)]]
    assert "--annotator NAME (there are '1', '2')" in file.notes[0]


def test_tasks_of_json_min_without_an_annotation_wait_for_labels(tmp_path):
    waiting = make_minimal(2, None, annotation_id=None, created_at=None)
    file = read(tmp_path, make_minimal(1, 1, ANNA["value"]), waiting, make_minimal(3, 1))
    assert [document.doc_id for document in file.documents] == ["1", "3"]
    assert "1 tasks that nobody has annotated are left out" in file.notes[0]
    assert not read(tmp_path, waiting).is_labelled


def test_predictions_that_are_only_numbers_are_said(tmp_path):
    file = read(tmp_path, make_task(predictions=[17]), make_task(number=2))
    assert not file.is_labelled
    assert "1 tasks have predictions, of which this export has only the numbers; for them all" in file.notes[0]


def test_ids_of_regions_stay_unique(tmp_path):
    spans = (Span(0, 4, "PER", None, "r1"), Span(5, 9, "V", None, "r1"), Span(10, 14, "LOC"), Span(10, 14, "LOC"))
    written = write_label_studio([SpanDocument(TEXT, spans, Path("a"), 1)])
    ids = [region["id"] for region in json.loads(written.content)[0]["annotations"][0]["result"]]
    assert (len(set(ids)), ids[0]) == (4, "r1")


def test_a_field_of_the_name_of_the_text_is_left_out_aloud():
    written = write_label_studio([SpanDocument(TEXT, (), Path("a"), 1, meta={"text": "other"})])
    assert json.loads(written.content)[0]["data"] == {"text": TEXT}
    assert "the field 'text' of 1 documents is left out" in written.notes[0]


CONVERT = """
import json, sys
from label_studio_sdk.converter import Converter
from label_studio_sdk.label_interface import LabelInterface
config, tasks, folder = sys.argv[1:]
interface = LabelInterface(config)
for task in json.load(open(tasks, encoding="utf-8")):
    assert interface.validate_task({"data": task["data"]}), task
    assert all(interface.validate_annotation(item) for item in task["annotations"]), task
    assert all(interface.validate_prediction({**item, "score": 1.0}) for item in task["annotations"]), task
exported = [{"id": number, **task} for number, task in enumerate(json.load(open(tasks, encoding="utf-8")))]
for task in exported:
    for item in task["annotations"]:
        item.update(id=1, completed_by={"id": 1, "email": "a@b.c"}, created_at="", updated_at="", lead_time=1.0)
json.dump(exported, open(tasks + ".exported", "w", encoding="utf-8"))
converter = Converter(config, folder)
converter.convert_to_json_min(tasks + ".exported", folder, is_dir=False)
"""


@NEEDS_PROGRAM
def test_label_studio_takes_what_is_written_and_its_own_exports_are_read(tmp_path):
    documents = make_hostile_documents(nested=True)
    tasks = tmp_path / "tasks.json"
    tasks.write_bytes(write_label_studio(documents).content.encode())
    python = Path(PROGRAM or "").parent / "python"
    subprocess.run([python, "-c", CONVERT, CONFIG_OF_LABELS, tasks, tmp_path / "out"], check=True)
    exported = read_documents(Path(f"{tasks}.exported"), "label_studio")
    minimal = tmp_path / "out" / "result.json"
    assert recognise_format(minimal) == "label_studio"
    for file in (exported, read_documents(minimal, "label_studio")):
        assert (file.problems, file.notes) == ([], [])
        assert strip_places(file.documents) == strip_places(documents)
