import json

import pytest

from token_classification.data.formats.json_lines import read_json, read_json_lines
from token_classification.errors import DataError

RECORD = {"tokens": ["EU", "rejects"], "ner_tags": ["B-ORG", "O"]}


def read_as_lines(tmp_path, *records, **columns):
    path = tmp_path / "a.jsonl"
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records))
    return read_json_lines(path, **columns)


def read_as_json(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_text(text)
    return read_json(path)


@pytest.mark.parametrize(
    ("columns", "record", "tags"),
    [
        ({}, {"ner_tags": ["A"], "tags": ["B"], "labels": ["C"], "tokens": ["w"], "words": ["x"]}, ["A"]),
        ({}, {"tags": ["B"], "labels": ["C"], "words": ["w"]}, ["B"]),
        ({}, {"labels": ["C"], "Tokens": ["w"]}, ["C"]),
        ({"task": "pos"}, {"ner_tags": ["A"], "pos_tags": ["D"], "tokens": ["w"]}, ["D"]),
        ({"text_column": "x", "label_column": "y"}, {"x": ["w"], "y": ["E"], "tokens": [], "tags": []}, ["E"]),
        ({}, {"tokens": ["w"], "ner_tags": [7]}, ["7"]),
    ],
)
def test_columns_are_found(tmp_path, columns, record, tags):
    sentences = read_as_lines(tmp_path, record, **columns)
    assert (sentences.tokens, sentences.tags) == ([["w"]], [tags])


@pytest.mark.parametrize("label_column", [None, "ner_tags"])
def test_without_tags_the_file_is_unlabelled(tmp_path, label_column):
    sentences = read_as_lines(tmp_path, {"tokens": ["a"]}, {"tokens": ["b"]}, label_column=label_column)
    assert (sentences.tokens, sentences.tags, sentences.doc_ids) == ([["a"], ["b"]], None, None)


def test_documents_and_empty_records_are_kept(tmp_path):
    sentences = read_as_lines(tmp_path, {"tokens": ["a"], "doc_id": 7}, {"tokens": [], "doc_id": "x"})
    assert (sentences.tokens, sentences.doc_ids) == ([["a"], []], ["7", "x"])


@pytest.mark.parametrize("column", ["ner_tag", "ner"])
def test_mistyped_tag_column_is_not_taken_for_unlabelled(tmp_path, column):
    with pytest.raises(DataError, match=rf"no column '{column}' \(columns found: 'tokens', 'ner_tags'\).* ner_tags$"):
        read_as_lines(tmp_path, RECORD, label_column=column)


@pytest.mark.parametrize(("column", "missing"), [(None, "of words"), ("tokens", "'tokens'")])
def test_missing_word_column_lists_the_columns_found(tmp_path, column, missing):
    with pytest.raises(DataError, match=rf"a\.jsonl:1: no column {missing} \(columns found: 'text', 'spans'\)"):
        read_as_lines(tmp_path, {"text": "EU rejects", "spans": []}, text_column=column)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tokens": None}, "'tokens' is null, not a list of words"),
        ({"tokens": "EU rejects"}, r"'tokens' is text \('EU rejects'\), not a list of words"),
        ({"tokens": ["EU", 7]}, r"word 2 of 'tokens' is a number \('7'\)"),
        ({"tokens": ["EU", ["a"]]}, "word 2 of 'tokens' is a list"),
        ({"tokens": ["EU", "\ud800"]}, "word 2 of 'tokens' holds half a character"),
        ({"ner_tags": ["O", None]}, "tag 2 of 'ner_tags' is null"),
        ({"ner_tags": ["O", True]}, "tag 2 of 'ner_tags' is true or false"),
        ({"ner_tags": ["O", 0.5]}, "tag 2 of 'ner_tags' is a number"),
        ({"ner_tags": ["O", ""]}, "tag 2 of 'ner_tags' is empty"),
        ({"ner_tags": ["O"]}, "2 words but 1 tags"),
        ({"doc_id": None}, "no 'doc_id'"),
    ],
)
def test_unsound_record_is_named_by_its_line(tmp_path, change, message):
    first = RECORD | {"doc_id": 1}
    with pytest.raises(DataError, match=rf"a\.jsonl:2: {message}"):
        read_as_lines(tmp_path, first, first | change)


def test_tags_in_some_records_only_are_a_problem(tmp_path):
    with pytest.raises(DataError, match=r"a\.jsonl:2: no 'ner_tags' \(the record has 'tokens'\)"):
        read_as_lines(tmp_path, RECORD, {"tokens": ["a"]})


def test_document_in_some_unlabelled_records_only_is_a_problem(tmp_path):
    with pytest.raises(DataError, match=r"a\.jsonl:2: no 'doc_id'"):
        read_as_lines(tmp_path, {"tokens": ["a"], "doc_id": 1}, {"tokens": ["a"]})


def test_every_broken_line_is_named(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(f'{json.dumps(RECORD)}\n\n{{"tokens": ["a",]}}\n["a"]\n')
    with pytest.raises(DataError) as error:
        read_json_lines(path)
    first, second = str(error.value).split("\n")
    assert "a.jsonl:3: not JSON (" in first
    assert 'a.jsonl:4: not a record (a list); accepted: {"tokens"' in second


def test_records_of_a_list_know_their_lines(tmp_path):
    sentences = read_as_json(tmp_path, json.dumps([RECORD, RECORD], indent=1))
    assert sentences.lines == [2, 12]
    sentences = read_as_json(tmp_path, json.dumps({"version": [], "rows": [RECORD, RECORD]}, indent=1))
    assert sentences.lines == [4, 14]
    assert sentences.tokens == [RECORD["tokens"]] * 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[\n{"tokens": ["a"]}\n{"tokens": ["b"]}]', r":3: not JSON \(Expecting ','"),
        ('[\n{"tokens": ["a"]}] x', r":2: not JSON \(Extra data"),
        ('[\n{"tokens": ["a"]},\n', r":3: not JSON \(Expecting value"),
        ('[{"tokens": ["a"]},\n7]', r":2: not a record \(7\)"),
        ('{"data": [{"tokens": ["a"]}]\n x', r":2: not JSON \(Expecting ','"),
        ('{"data": [{"tokens": ["a"]}]}\n x', r":2: not JSON \(Extra data"),
        ('{"data": [\n{"tokens": 7}]}', r":2: 'tokens' is a number"),
        ('{"a": 1, "b": []}', r":1: no lists of records in the object \(keys found: 'a', 'b'\)"),
        ('{"a": [{}], "b": [{}]}', r":1: 2 lists of records"),
        ("[]", r":1: no words"),
        ('[{"tokens": []}]', r":1: no words"),
    ],
)
def test_broken_json_is_named_by_its_line(tmp_path, text, message):
    with pytest.raises(DataError, match=rf"a\.json{message}"):
        read_as_json(tmp_path, text)
