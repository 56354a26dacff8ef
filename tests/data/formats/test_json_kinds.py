"""What records of JSON are is told by their fields."""

import pytest

from token_classification.data.formats.json_kinds import find_json_kind

SPAN = {"start": 0, "end": 4, "label": "PER"}


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        ({"text": "Anna", "label": [[0, 4, "PER"]]}, "spans"),
        ({"data": "Anna", "label": [[0, 4, "PER"]]}, "spans"),
        ({"text": "Anna", "labels": [[0, 4, "PER"]]}, "spans"),
        ({"text": "Anna", "entities": [SPAN]}, "spans"),
        (
            {"text": "Anna", "entities": [{"start_offset": 0, "end_offset": 4, "label": "PER"}], "relations": []},
            "spans",
        ),
        ({"text": "Anna", "annotations": [{"start_offset": 0, "end_offset": 4, "label": 3}]}, "spans"),
        ({"text": "Anna", "spans": []}, "spans"),
        ({"text": "Anna", "data": [[0, 4, "PER"]]}, "spans"),
        ({"text": "Anna", "tokens": [{"text": "Anna", "start": 0, "end": 4, "id": 0}], "spans": [SPAN]}, "prodigy"),
        ({"text": "Anna", "spans": [SPAN], "answer": "accept"}, "prodigy"),
        ({"text": "Anna", "_input_hash": 1}, "prodigy"),
        ({"tokenized_text": ["Anna"], "ner": [[0, 0, "person"]]}, "gliner"),
        ({"tokens": ["Anna"], "ner_tags": ["B-PER"]}, None),
        ({"tokens": ["Anna"], "text": "Anna", "tags": ["B-PER"], "entities": [SPAN]}, None),
        ({"text": "Anna", "label": ["positive"]}, None),
        ({"text": "Anna", "label": "positive"}, None),
        ({"text": "Anna"}, None),
        ({"text": "Anna", "label": [{"start": 0, "end": 4, "text": "Anna", "labels": ["PER"]}]}, "label_studio"),
        ({"id": 1, "data": {"body": "Anna"}, "annotations": []}, "label_studio"),
        ({"id": 1, "text": "Anna", "annotator": 1, "annotation_id": 1}, "label_studio"),
        ({"id": 1}, None),
    ],
)
def test_fields_tell(record, kind):
    assert find_json_kind([record]) == kind


def test_records_without_spans_leave_the_answer_to_later_ones():
    empty = {"text": "left", "label": []}
    assert find_json_kind([empty, {"text": "Anna", "label": [[0, 4, "PER"]]}]) == "spans"
    assert find_json_kind([empty, {"text": "Anna", "label": [], "tokens": ["Anna"]}]) is None
    assert find_json_kind([]) is None
    assert find_json_kind(["text"]) is None
