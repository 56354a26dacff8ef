"""Records: where their text is, what makes them bad, and that results take the place of no field."""

import pytest

from token_classification.inference.records import (
    MOST_LEVELS,
    BadRecord,
    Record,
    RecordError,
    add_results,
    check_levels,
    make_record,
)


@pytest.mark.parametrize(
    ("fields", "column", "text"),
    [
        ({"text": "Anna", "tokens": ["x"]}, None, "Anna"),
        ({"tokens": ["Anna"], "words": ["x"]}, None, ["Anna"]),
        ({"text": "x", "title": "Anna"}, "title", "Anna"),
        ({"text": ""}, None, ""),
    ],
)
def test_the_text_is_where_it_is_asked_for_else_in_the_first_usual_field(fields, column, text):
    assert make_record(1, fields, column) == Record(1, text, fields)


@pytest.mark.parametrize(
    ("fields", "column", "reason"),
    [
        ({"title": "Anna"}, None, "no 'text' (the record has 'title'); choose"),
        ({"text": "Anna"}, "title", "no 'title' (the record has 'text')"),
        ({}, None, "the record has nothing"),
        ({"text": None}, None, "'text' is null"),
        ({"text": 5}, None, "'text' is of type int"),
        ({"tokens": ["Anna", 5]}, None, "'tokens' is of type list; accepted: a text, or a list of words"),
    ],
)
def test_a_record_without_a_text_says_why(fields, column, reason):
    record = make_record(7, fields, column)
    assert isinstance(record, BadRecord)
    assert record.line == 7
    assert reason in record.reason


def test_nesting_is_counted_without_recursion():
    value: list = []
    for _ in range(MOST_LEVELS - 2):
        value = [value]
    check_levels({"a": value})
    for _ in range(100_000):
        value = [value]
    with pytest.raises(RecordError, match="nested deeper than"):
        check_levels(value)
    while value:  # Python would free so deep a list by recursion
        value = value.pop()


def test_no_field_takes_the_place_of_another():
    record = Record(1, "Anna", {"entities": 1, "input_entities": 2, "text": "Anna"})
    assert add_results(record, {"entities": []}) == {
        "input_input_entities": 1,
        "input_entities": 2,
        "text": "Anna",
        "entities": [],
    }
