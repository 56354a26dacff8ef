"""Header lines and swapped columns."""

from pathlib import Path

import pytest

from token_classification.checking.files import read_file
from token_classification.checking.layout_mistakes import find_swapped_columns, looks_like_tags
from token_classification.data.sentences import Sentences

WORDS = [["Anna", "left", "Berlin"], ["Globex", "grew"]]
CONLL = "Anna\tB-PER\nleft\tO\nBerlin\tI-LOC\n\nGlobex\tB-ORG\ngrew\tO\n"


def write(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_a_header_goes_and_the_rest_stays(tmp_path):
    reading = read_file(write(tmp_path, "a.conll", "token\tner\n" + CONLL), "train")
    assert (reading.sentences.tokens, reading.sentences.lines) == (WORDS, [2, 6])
    tagged_again = read_file(write(tmp_path, "b.conll", "word\tNER\n\nner\tNER\n"), "train")
    assert tagged_again.problems == []


@pytest.mark.parametrize(
    ("items", "expected"), [("B-PER O O", True), ("O O", False), ("B I O", True), ("Anna left O", False)]
)
def test_what_looks_like_tags(items, expected):
    assert looks_like_tags([items.split()]) == expected


def test_columns_are_swapped_only_where_the_tags_are_no_tags():
    tags, words = [["B-PER", "O"]], [["Anna", "left"]]
    assert find_swapped_columns(Sentences(tags, words, [3]), Path("a")).line == 3
    assert find_swapped_columns(Sentences(tags, tags, [3]), Path("a")) is None
    assert find_swapped_columns(Sentences(words, tags, [3]), Path("a")) is None
