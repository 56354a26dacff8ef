"""Data sets as `datasets` saves them."""

from pathlib import Path

from conftest import SENTENCES
from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value


def save_conll2003(folder: Path) -> None:
    """A data set of that name and with its columns."""
    names = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
    features = Features({"tokens": List(Value("string")), "ner_tags": List(ClassLabel(names=names))})
    rows = {
        "tokens": [words.split() for words, _ in SENTENCES],
        "ner_tags": [[names.index(tag) for tag in tags.split()] for _, tags in SENTENCES],
    }
    split = Dataset.from_dict(rows, features=features)
    DatasetDict({"train": split, "validation": split, "test": split}).save_to_disk(str(folder))
