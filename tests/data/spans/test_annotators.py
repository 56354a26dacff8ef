"""Of texts with the labels of several people one person's are read, or what most of them marked: said, and counted."""

import json
from pathlib import Path

import pytest

from token_classification.data.formats import read_sentences
from token_classification.data.formats.recognise import recognise_format
from token_classification.data.formats.span_files import read_documents
from token_classification.data.spans.annotators import MAJORITY, take_majority
from token_classification.data.spans.document import Answer, Span, SpanDocument, SpanFile
from token_classification.errors import DataError

TEXT = "😀 Anna left Bern."
ANNA, BERN, LEFT = (2, 6, "PER"), (12, 16, "LOC"), (7, 11, "VERB")
ANSWERS = {"ann@a.org": (ANNA, BERN), "bob@a.org": (ANNA, LEFT), "cho@a.org": (ANNA, BERN)}
"""Annotator -> spans of the text"""


def make_region(start, end, label):
    value = {"start": start, "end": end, "text": TEXT[start:end], "labels": [label]}
    return {"id": f"x{start}", "from_name": "label", "to_name": "text", "type": "labels", "value": value}


def make_label_studio(answers):
    annotations = [
        {"id": number, "completed_by": {"id": number, "email": name}, "result": [make_region(*span) for span in spans]}
        for number, (name, spans) in enumerate(answers.items(), 1)
    ]
    other = {
        "id": 2,
        "data": {"text": "Otto"},
        "annotations": [{"completed_by": {"id": 9, "email": "z"}, "result": []}],
    }
    return json.dumps([{"id": 1, "data": {"text": TEXT}, "annotations": annotations}, other])


def make_minimal(answers):
    records = [
        {
            "id": 1,
            "text": TEXT,
            "label": [make_region(*span)["value"] for span in spans],
            "annotator": name,
            "annotation_id": number,
        }
        for number, (name, spans) in enumerate(answers.items())
    ]
    return json.dumps([*records, {"id": 2, "text": "Otto", "annotator": "z", "annotation_id": 9}])


def make_prodigy(answers):
    records = [
        {
            "text": TEXT,
            "_input_hash": 5,
            "_task_hash": number,
            "_annotator_id": name,
            "_session_id": f"names-{name}",
            "_timestamp": 1000 - number,
            "spans": [dict(zip(("start", "end", "label"), span, strict=True)) for span in spans],
            "answer": "accept",
        }
        for number, (name, spans) in enumerate(answers.items())
    ]
    ignored = {**records[0], "_annotator_id": "w", "answer": "ignore", "spans": []}
    other = {"text": "Otto", "_input_hash": 6, "_annotator_id": "z", "spans": [], "answer": "accept"}
    return "".join(json.dumps(record) + "\n" for record in [*records, ignored, other])


def make_doccano(answers):
    spans = [
        {"start_offset": start, "end_offset": end, "label": label, "user": name}
        for name, marked in answers.items()
        for start, end, label in marked
    ]
    return "".join(
        json.dumps(record) + "\n"
        for record in (
            {"id": 1, "text": TEXT, "annotations": spans},
            {
                "id": 2,
                "text": "Otto",
                "annotations": [{"start_offset": 0, "end_offset": 4, "label": "PER", "user": "z"}],
            },
            {"id": 3, "text": "nothing", "annotations": []},
        )
    )


MAKERS = {
    "label_studio": make_label_studio,
    "label_studio minimal": make_minimal,
    "prodigy": make_prodigy,
    "spans": make_doccano,
}


@pytest.fixture(params=MAKERS)
def file_format(request):
    return request.param


def save(folder, file_format, answers=ANSWERS):
    path = folder / "a.file"
    path.write_text(MAKERS[file_format](answers), encoding="utf-8")
    assert recognise_format(path) == file_format.split()[0]
    return path


def read(folder, file_format, annotator, answers=ANSWERS):
    return read_documents(save(folder, file_format, answers), file_format.split()[0], annotator=annotator)


def find_spans(file):
    return {document.text: [span[:3] for span in document.spans] for document in file.documents}


def test_the_labels_of_one_annotator_are_read(tmp_path, file_format):
    file = read(tmp_path, file_format, "bob@a.org")
    assert find_spans(file)[TEXT] == [ANNA, LEFT]
    assert "Otto" not in find_spans(file)
    assert "left out" in file.notes[-1]


def test_an_annotator_who_is_not_there_is_refused(tmp_path, file_format):
    with pytest.raises(DataError, match=r"no annotator 'bop@a\.org'; accepted: .*'bob@a\.org'.*; did you mean bob@a"):
        read(tmp_path, file_format, "bop@a.org")


def test_without_a_choice_the_message_says_what_to_type(tmp_path, file_format):
    (note,) = [note for note in read(tmp_path, file_format, None).notes if "several" in note]
    assert "1 t" in note
    assert "for the labels of one of them: --annotator NAME (there are 'ann@a.org'" in note
    assert note.endswith("for what more than half of them marked: --annotator majority")


def test_a_majority_keeps_what_more_than_half_marked_and_names_the_rest(tmp_path, file_format):
    file = read(tmp_path, file_format, MAJORITY)
    assert find_spans(file)[TEXT] == [ANNA, BERN]
    assert "Otto" in find_spans(file)
    note = file.notes[-1]
    assert (
        "texts have several annotators; of their spans 2, which more than half of them marked, are kept, and 1" in note
    )
    place = f"{tmp_path}/a.file:1: "
    assert note.split("\n")[1].startswith(place)
    assert "VERB 'left' (characters 7 to 11): 1 of 3 annotators ('bob@a.org')" in note


def test_a_tie_is_no_majority_and_is_named(tmp_path, file_format):
    answers = {"ann@a.org": (ANNA, BERN), "bob@a.org": (ANNA, (*BERN[:2], "PER"))}
    file = read(tmp_path, file_format, MAJORITY, answers)
    assert find_spans(file)[TEXT] == [ANNA]
    assert "are kept, and 2 are left out, 2 of which half of them marked" in file.notes[-1]
    assert file.notes[-1].count("1 of 2 annotators") == file.notes[-1].count(", a tie") == 2


def test_a_run_learns_what_most_marked_and_says_so(tmp_path, caplog):
    sentences = read_sentences(save(tmp_path, "label_studio"), annotator=MAJORITY)
    assert sentences.tags == [["O", "B-PER", "O", "B-LOC", "O"], ["O"]]
    assert "1 of 2 texts have several annotators" in caplog.text


def test_the_number_of_an_annotator_names_them_too(tmp_path):
    assert find_spans(read(tmp_path, "label_studio", "2"))[TEXT] == [ANNA, LEFT]


def test_a_session_of_prodigy_names_an_annotator(tmp_path):
    assert find_spans(read(tmp_path, "prodigy", "names-bob@a.org"))[TEXT] == [ANNA, LEFT]


def test_an_annotator_of_two_annotations_has_one_vote_the_newer_one(tmp_path):
    path = save(tmp_path, "label_studio")
    tasks = json.loads(path.read_text(encoding="utf-8"))
    first, _, third = tasks[0]["annotations"]
    third |= {"completed_by": first["completed_by"], "updated_at": "2024-02-02", "result": []}
    path.write_text(json.dumps(tasks), encoding="utf-8")
    file = read_documents(path, "label_studio", annotator=MAJORITY)
    assert find_spans(file)[TEXT] == []
    assert file.notes[-1].count("1 of 2 annotators ('bob@a.org'), a tie") == 2
    assert file.notes[0].endswith("1 answers with a newer one of the same annotator have no vote")


def test_the_newest_example_of_an_annotator_of_prodigy_has_the_vote(tmp_path):
    path = save(tmp_path, "prodigy", {"ann@a.org": (ANNA,), "bob@a.org": (ANNA,)})
    first, *others = path.read_text(encoding="utf-8").splitlines(keepends=True)
    newer = json.dumps({**json.loads(first), "_timestamp": 2000, "spans": []}) + "\n"
    path.write_text("".join([newer, first, *others]), encoding="utf-8")
    file = read_documents(path, "prodigy", annotator=MAJORITY)
    assert find_spans(file)[TEXT] == []
    assert file.notes[-2].endswith("1 answers with a newer one of the same annotator have no vote")


def test_what_is_of_one_annotator_is_not_said_of_a_majority(tmp_path):
    voted, alone = read(tmp_path, "prodigy", MAJORITY).documents
    assert voted.meta == {"_input_hash": 5}
    assert alone.meta["_annotator_id"] == "z"


def test_other_files_say_that_nobody_is_chosen(tmp_path, caplog):
    path = tmp_path / "a.conll"
    path.write_text("Anna\tB-PER\n", encoding="utf-8")
    assert read_sentences(path, annotator="ann").tags == [["B-PER"]]
    assert "a.conll: --annotator 'ann' is not used" in caplog.text


def test_offsets_of_another_unit_are_converted_before_the_vote(tmp_path):
    def shift(span):
        return (span[0] + 1, span[1] + 1, span[2])

    answers = {name: tuple(map(shift, spans)) for name, spans in ANSWERS.items()}
    file = read(tmp_path, "prodigy", MAJORITY, answers)
    assert find_spans(file)[TEXT] == [ANNA, BERN]
    assert "offsets count UTF-16 units" in file.notes[-2]
    assert "VERB 'left' (characters 7 to 11)" in file.notes[-1]


def test_where_no_text_has_several_annotators_all_spans_stay(tmp_path, file_format):
    file = read(tmp_path, file_format, MAJORITY, {"ann@a.org": (ANNA, BERN)})
    assert find_spans(file)[TEXT] == [ANNA, BERN]
    assert file.notes[-1].endswith("no text has several annotators; all spans are kept")


def test_words_that_annotators_disagree_on_are_found_by_the_rule():
    spans = (Span(0, 4, "PER"),)
    whole, halves = ((0, 8),), ((0, 4), (4, 8))
    documents = [
        SpanDocument("Annalena", spans, Path("a"), 1, words=words, answer=Answer(0, name))
        for name, words in (("a", whole), ("b", halves))
    ]
    (document,) = take_majority(SpanFile(Path("a"), documents)).documents
    assert (document.words, document.answer, document.spans) == (None, None, spans)
