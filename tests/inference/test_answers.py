"""Answers as bytes: every format holds words and tags, and what one can't hold is a bad record of its own."""

import gzip
import json

import pytest

from token_classification.inference.answers import Answer, encode_answers
from token_classification.inference.predictor import TaggedText
from token_classification.inference.records import Record

ENTITY = {"start": 0, "end": 4, "label": "PER", "score": 0.5, "text": "Anna"}


def answer(text: str | list[str], gold: list[str] | None = None, **fields: object) -> Answer:
    """The answer to a text that begins with Anna."""
    joined = text if isinstance(text, str) else " ".join(text)
    tagged = TaggedText(joined, [(0, 4), (5, 9)], ["B-PER", "O"], [0.5, 0.5])
    return Answer(Record(3, text, {"text": text, **fields}, gold), tagged, [ENTITY])


def test_json_lines_keep_the_fields_of_the_record():
    encoded, written, bad = encode_answers(
        [answer("Anna left", id="é"), answer(["Anna", "left"], ["O", "O"])], "jsonl"
    )
    assert list(map(json.loads, encoded.splitlines())) == [
        {"text": "Anna left", "id": "é", "entities": [ENTITY]},
        {
            "input_text": ["Anna", "left"],
            "gold": ["O", "O"],
            "text": "Anna left",
            "tags": ["B-PER", "O"],
            "entities": [ENTITY],
        },
    ]
    assert "é".encode() in encoded
    assert (len(written), bad) == (2, [])


def test_conll_has_a_word_a_line_with_gold_between():
    encoded, _, _ = encode_answers([answer("Anna left"), answer(["Anna", "left"], ["O", "B-X"])], "conll")
    assert encoded.decode() == "Anna\tB-PER\nleft\tO\n\nAnna\tO\tB-PER\nleft\tB-X\tO\n\n"


def test_chunks_of_gzip_can_be_joined():
    chunks = [encode_answers([answer("Anna left")], "jsonl.gz")[0] for _ in range(2)]
    assert chunks[0] == chunks[1]
    assert len(gzip.decompress(b"".join(chunks)).splitlines()) == 2


@pytest.mark.parametrize(("output_format", "is_bad"), [("parquet", True), ("jsonl", False), ("conll", False)])
def test_half_a_character_is_too_much_for_parquet_only(output_format, is_bad):
    encoded, written, bad = encode_answers([answer("Anna left", half="\ud800"), answer("Anna left")], output_format)
    assert [record.line for record in bad] == [3] * is_bad
    assert len(written) == 2 - is_bad
    assert b"Anna" in encoded
