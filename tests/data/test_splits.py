"""Which split a file holds."""

from pathlib import Path

import pytest

from token_classification.data.splits import SPLIT_NAMES, SPLITS, find_split


@pytest.mark.parametrize(
    ("path", "split"),
    [
        ("train.conll", "train"),
        ("wnut17train.conll", "train"),
        ("emerging.dev.conll", "validation"),
        ("en_ewt-ud-test.conllu", "test"),
        ("text_valid.txt", "validation"),
        ("VAL.jsonl", "validation"),
        ("test/part-1.txt", "test"),
        ("contest.txt", "contest.txt"),
        ("train/dev.txt", "validation"),
    ],
)
def test_the_split_is_told_from_the_name(path, split):
    assert find_split(Path(path)) == split


def test_every_name_means_a_split():
    assert set(SPLIT_NAMES.values()) == set(SPLITS)
    assert all(SPLIT_NAMES[split] == split for split in SPLITS)
