"""JSON that may be hostile."""

import json

import pytest

from token_classification.data.formats.json_values import UnreadableJSONError, decode_json, parse_json


@pytest.mark.parametrize("text", ['{"a": 1} 2', "{", "", '{"a" 1}'])
def test_what_is_no_json(text):
    with pytest.raises(json.JSONDecodeError):
        parse_json(text)


@pytest.mark.parametrize(
    ("text", "reason"), [('{"a": {"b": 1, "b": 2}}', "key 'b' twice"), ("9" * 5000, "digits"), ("[" * 10**5, "deep")]
)
def test_what_can_not_be_taken(text, reason):
    with pytest.raises(UnreadableJSONError, match=reason):
        parse_json(text)


def test_values_one_behind_the_other():
    assert decode_json('{"a": 1}, [2]', 10) == ([2], 13)
    assert parse_json(' {"a": [1, null]}\n') == {"a": [1, None]}
