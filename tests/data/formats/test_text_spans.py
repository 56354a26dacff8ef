"""Texts with spans as JSON: the shapes of doccano, our own, and what is wrong in a record, by line."""

import json

import pytest

from token_classification.data.formats import read_sentences
from token_classification.data.formats.recognise import recognise_format
from token_classification.data.formats.span_files import read_documents
from token_classification.data.formats.text_spans import read_text_spans, write_text_spans
from token_classification.data.problems import BrokenFileError
from token_classification.errors import DataError

TEXT = "Anna Smith left Rome."
LISTS = [[0, 10, "PER"], [16, 20, "LOC"]]
OBJECTS = [{"start": start, "end": end, "label": label} for start, end, label in LISTS]
OFFSETS = [{"id": 7, "start_offset": start, "end_offset": end, "label": label} for start, end, label in LISTS]
TAGS = [["B-PER", "I-PER", "O", "B-LOC", "O"]]


def write(folder, *records, name="a.jsonl"):
    path = folder / name
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")
    return path


@pytest.mark.parametrize("column", ["entities", "spans", "label", "labels", "annotations", "data"])
@pytest.mark.parametrize("spans", [LISTS, OBJECTS, OFFSETS], ids=["lists", "objects", "offsets"])
@pytest.mark.parametrize("text", ["text", "data"])
def test_training_reads_every_shape(tmp_path, text, column, spans):
    if text == column:
        pytest.skip("one field can't be both")
    path = write(tmp_path, {"id": 3, text: TEXT, column: spans}, {"id": 4, text: "Left.", column: []})
    sentences = read_sentences(path)
    assert sentences.tokens == [["Anna", "Smith", "left", "Rome", "."], ["Left", "."]]
    assert sentences.tags == [*TAGS, ["O", "O"]]
    assert sentences.lines == [1, 2]
    assert sentences.doc_ids == ["3", "4"]


def test_a_list_of_records_is_read_as_lines_are(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"text": TEXT, "label": LISTS}], indent=1), encoding="utf-8")
    assert read_sentences(path).tags == TAGS


def test_indented_records_are_read_one_behind_another(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("\n".join([json.dumps({"text": TEXT, "label": LISTS}, indent=2)] * 2), encoding="utf-8")
    sentences = read_sentences(path)
    assert sentences.tags == TAGS * 2
    assert sentences.lines == [1, 16]


def test_a_mark_and_windows_line_ends_change_no_offset(tmp_path):
    path = tmp_path / "a.jsonl"
    lines = [json.dumps({"text": "Anna\r\nleft Rome", "label": [[0, 4, "PER"], [11, 15, "LOC"]]})]
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join([*lines, *lines]).encode())
    assert read_sentences(path).tags == [["B-PER", "O", "B-LOC"]] * 2


def test_another_column_with_spans_is_said_aloud_and_can_be_chosen(tmp_path, caplog):
    path = write(tmp_path, {"text": TEXT, "entities": LISTS[:1], "labels": LISTS[1:]})
    assert read_sentences(path).tags == [["B-PER", "I-PER", "O", "O", "O"]]
    assert "'labels' holds some, too: for those, --label_column_name labels" in caplog.text
    assert read_sentences(path, label_column="labels").tags == [["O", "O", "O", "B-LOC", "O"]]


def test_fields_beside_text_and_spans_stay_with_the_document(tmp_path):
    relations = [{"id": 0, "from_id": 7, "to_id": 8, "type": "left"}]
    path = write(tmp_path, {"id": 5, "text": TEXT, "entities": OFFSETS, "relations": relations, "Comments": []})
    [document] = read_text_spans(path).documents
    assert document.meta == {"id": 5, "relations": relations, "Comments": []}
    assert [span.span_id for span in document.spans] == ["7", "7"]
    written = write_text_spans([document])
    assert json.loads(written.content) == {
        **{"id": 5, "text": TEXT, "relations": relations, "Comments": []},
        "spans": [{**item, "id": "7"} for item in OBJECTS],
    }


def test_scores_and_words_are_kept(tmp_path):
    record = {"doc_id": "a", "text": "superman", "spans": [{"start": 0, "end": 5, "label": "X", "score": 0.5}]}
    path = write(tmp_path, {**record, "word_offsets": [[0, 5], [5, 8]]})
    file = read_documents(path, "spans")
    assert file.documents[0].spans[0].score == 0.5
    assert json.loads(write_text_spans(file.documents).content) == {**record, "word_offsets": [[0, 5], [5, 8]]}
    assert read_sentences(path).tags == [["B-X", "O"]]


BROKEN = {
    "a text that is none": ({"text": 7, "label": []}, "'text' is a number ('7'); accepted: a text"),
    "half a character": ({"text": "\ud83d", "label": []}, "'text' holds half a character"),
    "no spans": (
        {"text": "a"},
        "'label' is not there (the record has 'text'); accepted: a list of spans, [] for none",
    ),
    "null": ({"text": "a", "label": None}, "'label' is null; accepted: a list of spans"),
    "two numbers": ({"text": "a", "label": [[0, 1]]}, "span 1 of 'label': a list; accepted: [start, end, \"label\"]"),
    "an offset as text": ({"text": "a", "label": [["0", 1, "X"]]}, "its start is text ('0'), not a whole number"),
    "no label": ({"text": "a", "label": [[0, 1, ""]]}, "its label is text ('')"),
    "behind the end": ({"text": "a", "label": [[0, 2, "X"]]}, "the span X 0 to 2 is not in the text (of 1 char"),
    "words in disorder": (
        {"text": "a b", "label": [], "word_offsets": [[2, 3], [0, 1]]},
        "token 2 (0 to 1) is not behind the one before it",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_wrong_is_named_with_its_line_and_document(tmp_path, case):
    record, said = BROKEN[case]
    path = write(tmp_path, {"id": "x", "text": TEXT, "label": LISTS})
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"id": "y", **record}) + "\n")
    with pytest.raises(BrokenFileError) as raised:
        read_sentences(path)
    assert f"{path}:2: document 'y': " in str(raised.value)
    assert said.split("(the record")[0] in str(raised.value)
    assert raised.value.sentences.tags[0] == TAGS[0]  # the doctor goes on with what can be read


def test_numbers_of_labels_are_refused_with_what_to_type(tmp_path):
    annotations = [{"label": 2, "start_offset": 0, "end_offset": 4, "user": 1}]
    path = write(tmp_path, {"id": 1, "text": TEXT, "annotations": annotations, "meta": {}})
    with pytest.raises(DataError) as raised:
        read_sentences(path)
    assert "its label is the number 2; accepted: names of labels" in str(raised.value)
    assert ".annotations[]?.label |= " in str(raised.value)


def test_a_cut_word_stops_training_with_all_places(tmp_path):
    path = write(tmp_path, {"text": TEXT, "label": [[0, 8, "PER"]]}, {"text": TEXT, "label": [[17, 20, "LOC"]]})
    with pytest.raises(BrokenFileError) as raised:
        read_sentences(path)
    assert [problem.line for problem in raised.value.problems] == [1, 2]
    assert "--align expand (makes it 'Anna Smith'), or contract ('Anna')" in str(raised.value)


def test_a_file_without_any_spans_has_no_tags(tmp_path):
    path = write(tmp_path, {"text": TEXT, "_id": 1})
    assert read_text_spans(path).is_labelled is False


def test_utf16_offsets_are_converted_aloud(tmp_path, caplog):
    path = write(tmp_path, {"text": "😀 " + TEXT, "label": [[3, 13, "PER"]]})
    assert read_sentences(path).tags == [["O", "B-PER", "I-PER", "O", "O", "O"]]
    assert "offsets count UTF-16 units" in caplog.text


def test_a_folder_with_blanks_is_quoted_in_what_to_type(tmp_path):
    folder = tmp_path / "my data"
    folder.mkdir()
    with pytest.raises(DataError, match=r"convert '.*my data/a.jsonl' NEW.jsonl --to jsonl --align"):
        read_sentences(write(folder, {"text": TEXT, "label": [[0, 8, "PER"]]}))


def test_recognised_by_content_whatever_the_name(tmp_path):
    assert recognise_format(write(tmp_path, {"text": TEXT, "label": LISTS}, name="a.txt")) == "spans"
