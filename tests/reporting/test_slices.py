"""Slices: which group an entity falls into."""

import pytest

from token_classification.data.entities import Entity
from token_classification.data.schemes import Scheme
from token_classification.data.sentences import Sentences
from token_classification.reporting.slices import SliceRule, count_mentions, join_sides, list_slice_rules
from token_classification.scoring.error_classes import EntityPair, ErrorClass

TRAIN = Sentences(
    [["New", "York", "Times", "in", "Paris"], ["Paris", "left"], *[["Anna"]] * 100],
    [["B-ORG", "I-ORG", "I-ORG", "O", "B-LOC"], ["B-PER", "O"], *[["B-PER"]] * 100],
    list(range(102)),
)
TEST = Sentences(
    [["Anna", "saw", "New", "York"], ["Paris"] + ["x"] * 40, ["Ford", "and", "Ford"]],
    [["B-PER", "O", "B-LOC", "I-LOC"], ["B-LOC"] + ["O"] * 40, ["B-PER", "O", "B-ORG"]],
    [1, 6, 48],
)


def list_rules(train: Sentences | None = TRAIN) -> dict[str, SliceRule]:
    """The rules by name."""
    mentions = None if train is None else count_mentions(train, Scheme.IOB2)
    rules = list_slice_rules(TEST, Scheme.IOB2, count_mentions(TEST, Scheme.IOB2), mentions)
    return {rule.name: rule for rule in rules}


@pytest.mark.parametrize(
    ("name", "number", "entity", "group"),
    [
        ("entity length", 0, Entity("PER", 0, 1), "1 word"),
        ("entity length", 0, Entity("LOC", 2, 4), "2 words"),
        ("entity length", 1, Entity("LOC", 0, 9), "4 or more"),
        ("sentence length", 0, Entity("PER", 0, 1), "1 to 10 words"),
        ("sentence length", 1, Entity("LOC", 0, 1), "41 or more"),
        ("entity text", 0, Entity("PER", 0, 1), "seen with this type"),
        ("entity text", 0, Entity("LOC", 0, 1), "seen with another type only"),
        # A part of a name that was learnt is not that name.
        ("entity text", 0, Entity("LOC", 2, 4), "not in the training data"),
        ("types of the same text in gold", 0, Entity("PER", 0, 1), "one type at most"),
        ("types of the same text in gold", 1, Entity("LOC", 0, 1), "several types"),
        ("types of the same text in gold", 2, Entity("PER", 0, 1), "several types"),
        ("types of the same text in gold", 0, Entity("PER", 1, 2), "one type at most"),
        ("entities of the type in the training data", 0, Entity("PER", 0, 1), "100 to 999"),
        ("entities of the type in the training data", 0, Entity("LOC", 0, 1), "1 to 99"),
        ("entities of the type in the training data", 0, Entity("NEW", 0, 1), "none"),
    ],
)
def test_groups(name: str, number: int, entity: Entity, group: str) -> None:
    rule = list_rules()[name]
    assert rule.find_group(number, entity) == group
    assert group in rule.groups


def test_without_training_data_nothing_is_said_about_them() -> None:
    assert [name for name in list_rules(None) if "train" in name or "text of" in name] == []
    assert list_rules(None)["entities of the type in this split"].find_group(0, Entity("PER", 0, 1)) == "1 to 99"


def test_pairs_show_both_texts_where_they_differ() -> None:
    gold, predicted = Entity("LOC", 2, 4), Entity("LOC", 3, 4)
    words = TEST.tokens[0]
    assert join_sides(words, EntityPair(gold, predicted, ErrorClass.BOUNDARY)) == "New York → York"
    assert join_sides(words, EntityPair(gold, gold, ErrorClass.CORRECT)) == "New York"
    assert join_sides(words, EntityPair(None, predicted, ErrorClass.SPURIOUS)) == "York"
