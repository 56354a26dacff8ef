"""Tables whose rows are words, or whose cells are lists, are tagged as the sentences that they hold."""

import csv

import pytest

from token_classification.inference.read_records import read_records
from token_classification.inference.records import BadRecord, Record

HEADER = "sentence_id,word,tag\n"


def read(folder, text, **settings):
    (folder / "a.csv").write_text(text)
    return list(read_records(str(folder / "a.csv"), **settings))


def test_rows_of_words_become_sentences(tmp_path):
    first, second = read(tmp_path, HEADER + '1,Anna,B-PER\n1,left,O\n\n2,"In, or",O\n,Paris,B-LOC\n')
    assert first == Record(2, ["Anna", "left"], {"sentence_id": "1", "tokens": ["Anna", "left"]}, ["B-PER", "O"])
    assert (second.line, second.text, second.gold) == (5, ["In, or", "Paris"], ["O", "B-LOC"])


def test_quotes_may_be_words(tmp_path):
    (record,) = read(tmp_path, HEADER.replace(",", "\t") + '1\t"\tO\n1\tYes\tO\n')
    assert record.text == ['"', "Yes"]


@pytest.mark.parametrize("broken", ["1,left\n", "1,left,\n"])
def test_a_broken_row_makes_a_bad_record_of_its_sentence(tmp_path, broken):
    rows = HEADER + "0,Hi,O\n1,Anna,B-PER\n" + broken + "1,.,O\n2,In,O\n"
    records = read(tmp_path, rows)
    assert [record.line for record in records] == [2, 4, 6]
    assert [isinstance(record, BadRecord) for record in records] == [False, True, False]


def test_a_broken_row_between_two_sentences_may_be_of_either(tmp_path):
    records = read(tmp_path, HEADER + "1,Anna,B-PER\nleft,O\n2,In,O\n3,Hi,O\n")
    assert [isinstance(record, BadRecord) for record in records] == [True, True, False]
    assert [record.line for record in records] == [3, 3, 5]
    assert [record.line for record in read(tmp_path, HEADER + "1,Anna\n")] == [2]


def test_cells_of_lists_are_lists_of_words(tmp_path):
    text = 'tokens;ner_tags\n[\'Anna\', \'left\'];["B-PER", "O"]\n["In"];O\nIn Paris;O\n'
    first, second, third = read(tmp_path, text)
    assert (first.text, first.gold) == (["Anna", "left"], ["B-PER", "O"])
    assert (second.text, second.gold) == (["In"], None)
    assert isinstance(third, BadRecord)


def test_texts_that_look_like_lists_stay_texts(tmp_path):
    assert [record.text for record in read(tmp_path, "id,text\n1,['a']\n")] == ["['a']"]


def test_reading_leaves_the_limit_of_the_module_alone(tmp_path):
    limit = csv.field_size_limit()
    (record,) = read(tmp_path, "id,text\n1," + "x" * 2 * limit + "\n")
    assert len(record.text) == 2 * limit
    assert csv.field_size_limit() == limit
