"""The splits of a data set, and the names by which they go elsewhere."""

import re
from pathlib import Path

SPLITS = ("train", "validation", "test")
REPLAY = "replay"
"""Old labelled data, which a model that is trained further learns from again"""
OLD_TEST = "old_test"
"""Labelled data that such a model is scored on before and after"""
SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "dev": "validation",
    "devel": "validation",
    "valid": "validation",
    "validation": "validation",
    "val": "validation",
    "test": "test",
    "testing": "test",
}
"""What a split may be called -> the split"""


def find_split(path: Path) -> str:
    """Tell from a file's name, else from its folder's, which split it holds; without either, return the file's name.

    >>> find_split(Path("emerging.dev.conll")), find_split(Path("data/test/a.txt")), find_split(Path("a.txt"))
    ('validation', 'test', 'a.txt')
    """
    for name in (path.name, path.parent.name):
        for part in re.split(r"[^a-z]+", name.lower()):
            if part in SPLIT_NAMES:
                return SPLIT_NAMES[part]
    return path.name
