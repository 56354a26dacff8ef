"""GLiNER's training data: words, and spans with an inclusive end."""

import json

import pytest

from token_classification.data.formats import read_sentences
from token_classification.data.formats.gliner import read_gliner, write_gliner
from token_classification.data.formats.recognise import recognise_format
from token_classification.data.formats.span_files import read_documents
from token_classification.errors import DataError

RECORD = {
    "tokenized_text": ["State", "University", "of", "New", "York", "!"],
    "ner": [[0, 1, "org"], [3, 4, "place name"]],
}
TAGS = ["B-org", "I-org", "O", "B-place name", "I-place name", "O"]


def write(folder, content, name="a.json"):
    path = folder / name
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.mark.parametrize("content", [[RECORD], RECORD], ids=["a list", "a line"])
def test_ends_are_inclusive(tmp_path, content):
    path = write(tmp_path, content)
    assert recognise_format(path) == "gliner"
    sentences = read_sentences(path)
    assert sentences.tokens == [RECORD["tokenized_text"]]
    assert sentences.tags == [TAGS]


def test_nested_spans_are_read(tmp_path):
    record = {**RECORD, "ner": [[0, 4, "org"], [3, 4, "place"]]}
    file = read_gliner(write(tmp_path, [record]))
    assert [file.documents[0].text[start:end] for start, end, *_ in file.documents[0].spans] == [
        "State University of New York",
        "New York",
    ]
    assert json.loads(write_gliner(file.documents).content) == [record]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tokenized_text": "State"}, "'tokenized_text' is text ('State'); accepted: a list of words"),
        ({"tokenized_text": ["a", ""]}, "word 2 of 'tokenized_text' is text ('')"),
        ({"tokenized_text": ["a", 7]}, "word 2 of 'tokenized_text' is a number"),
        ({"tokenized_text": ["\ud83d"]}, "half a character"),
        ({"ner": None}, "'ner' is null; accepted: a list of [first, last, label]"),
        ({"ner": [[0, 1]]}, "span 1 is [0, 1]; accepted: [first word, last word"),
        ({"ner": [[0, 6, "org"]]}, "but the words are 0 to 5; accepted: first and last word, both inclusive"),
        ({"ner": [[2, 1, "org"]]}, "but the words are 0 to 5"),
        ({"ner": [[0, 1, 3]]}, "span 1 is [0, 1, 3]"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path, change, said):
    path = write(tmp_path, [RECORD, {**RECORD, **change}])
    with pytest.raises(DataError) as raised:
        read_sentences(path)
    assert f"{path}:1: " in str(raised.value)  # both records stand in one line
    assert said in str(raised.value)


def test_texts_lose_what_is_between_words_aloud(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "Anna  left.", "label": [[0, 4, "PER"]]}\n', encoding="utf-8")
    written = write_gliner(read_documents(path, "spans").documents)
    assert json.loads(written.content) == [{"tokenized_text": ["Anna", "left", "."], "ner": [[0, 0, "PER"]]}]
    assert "1 texts have something else than one blank between two words" in written.notes[0]


def test_a_cut_word_is_a_problem(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "superman", "label": [[0, 5, "X"]]}\n', encoding="utf-8")
    assert len(write_gliner(read_documents(path, "spans").documents).problems) == 1
