"""Prodigy's JSON lines: tokens are the words, and only accepted examples are read."""

import json
from dataclasses import replace

import pytest

from token_classification.data.formats import read_sentences
from token_classification.data.formats.prodigy import read_prodigy, write_prodigy
from token_classification.data.formats.span_files import read_documents
from token_classification.data.spans.document import SpanDocument
from token_classification.errors import DataError

# As `prodigy db-out` writes an example of ner.manual.
EXAMPLE = {
    "text": "U.S.-based Anna left",
    "meta": {"source": "news"},
    "_input_hash": -1886733041,
    "_task_hash": 1544713413,
    "tokens": [
        {"text": "U.S.-based", "start": 0, "end": 10, "id": 0, "ws": True},
        {"text": "Anna", "start": 11, "end": 15, "id": 1, "ws": True},
        {"text": "left", "start": 16, "end": 20, "id": 2, "ws": False},
    ],
    "spans": [{"start": 11, "end": 15, "token_start": 1, "token_end": 1, "label": "PERSON"}],
    "answer": "accept",
    "_view_id": "ner_manual",
    "_is_binary": False,
    "_timestamp": 1700000000,
}


def write(folder, *records):
    path = folder / "a.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def test_its_tokens_are_the_words(tmp_path):
    sentences = read_sentences(write(tmp_path, EXAMPLE))
    assert sentences.tokens == [["U.S.-based", "Anna", "left"]]
    assert sentences.tags == [["O", "B-PERSON", "O"]]


def test_rejected_and_ignored_examples_are_left_out_and_counted(tmp_path, caplog):
    answers = ["accept", "reject", "ignore", "ignore", "accept"]
    path = write(tmp_path, *({**EXAMPLE, "answer": answer} for answer in answers))
    sentences = read_sentences(path)
    assert sentences.lines == [1, 5]
    assert "1 rejected and 2 ignored examples are left out, 2 accepted ones are read" in caplog.text


def test_examples_of_one_span_are_said_aloud(tmp_path):
    assert (
        "1 examples were accepted for one span"
        in read_prodigy(write(tmp_path, EXAMPLE | {"_view_id": "ner"})).notes[0]
    )


def test_a_choice_of_columns_is_said_not_to_be_used(tmp_path):
    [note] = read_prodigy(write(tmp_path, EXAMPLE), "text", "spans").notes
    assert "--text_column_name text and --label_column_name spans is not used: Prodigy always calls" in note


def test_tokens_of_blanks_are_no_words(tmp_path):
    tokens = [
        {"text": "a", "start": 0, "end": 1},
        {"text": "\n\n", "start": 1, "end": 3},
        {"text": "b", "start": 3, "end": 4},
    ]
    path = write(tmp_path, {"text": "a\n\nb", "tokens": tokens, "spans": []})
    assert read_sentences(path).tokens == [["a", "b"]]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"answer": "maybe"}, "'answer' is text ('maybe'); accepted: accept, reject or ignore"),
        ({"answer": "reject"}, "no example was accepted"),
        ({"tokens": [{"text": "a"}]}, "token 1 has no start and end"),
        (
            {"tokens": [{"start": 4, "end": 9}, {"start": 2, "end": 3}]},
            "token 2 (2 to 3) is not behind the one before",
        ),
        ({"spans": {"start": 0}}, "'spans' is an object; accepted: a list of spans"),
        ({"spans": [{"start": 11, "end": 15}]}, "span 1 of 'spans': its label is null"),
        ({"text": None}, "'text' is null; accepted: a text"),
        ({"spans": [{"start": 11, "end": 14, "label": "X"}]}, "X 'Ann' (characters 11 to 14) cuts a word of 'Anna'"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path, change, said):
    path = write(tmp_path, {**EXAMPLE, "answer": "ignore"}, {**EXAMPLE, **change})
    with pytest.raises(DataError) as raised:
        read_sentences(path)
    assert f"{path}:{1 if 'no example' in said else 2}: " in str(raised.value)
    assert said in str(raised.value)


def test_what_is_read_is_written_again(tmp_path):
    [document] = read_documents(write(tmp_path, EXAMPLE), "prodigy").documents
    assert json.loads(write_prodigy([document]).content) == EXAMPLE


def test_proposed_spans_are_no_answer(tmp_path):
    [document] = read_documents(write(tmp_path, EXAMPLE), "prodigy").documents
    proposed = document.__class__(document.text, (document.spans[0]._replace(score=0.75),), document.path, 1)
    record = json.loads(write_prodigy([proposed]).content)
    assert "answer" not in record
    assert record["spans"][0]["score"] == 0.75
    assert [token["text"] for token in record["tokens"]] == ["U.S.", "-", "based", "Anna", "left"]


def test_a_span_that_cuts_a_token_leaves_the_tokens_to_prodigy(tmp_path):
    path = write(tmp_path, {"text": "superman", "spans": [{"start": 0, "end": 5, "label": "X"}], "answer": "accept"})
    written = write_prodigy(read_documents(path, "prodigy").documents)
    assert "tokens" not in json.loads(written.content)
    assert "1 documents have no tokens because a span begins or ends inside one" in written.notes[0]


def test_a_text_that_waits_for_labels_has_no_answer(tmp_path):
    waiting = SpanDocument("Ada", (), tmp_path, 1, is_labelled=False)
    assert "answer" not in json.loads(write_prodigy([waiting]).content)
    assert json.loads(write_prodigy([replace(waiting, is_labelled=True)]).content)["answer"] == "accept"
