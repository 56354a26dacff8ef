"""Punctuation and blanks."""

import random

from token_classification.data.entities import Entity
from token_classification.data.perturbations.layout import (
    MARKS,
    add_punctuation,
    drop_punctuation,
    join_words,
    split_words,
)

WORDS = ["Anna", "Smith", ",", "of", "Yahoo", "!", ",", "left", "(", "today", ")", "."]
ENTITIES = [Entity("PER", 0, 2), Entity("ORG", 4, 6)]
CHANCE = random.Random(0)


def test_punctuation_outside_of_entities_is_dropped():
    words, entities = drop_punctuation(WORDS, ENTITIES, CHANCE)
    assert words == ["Anna", "Smith", "of", "Yahoo", "!", "left", "today"]
    assert entities == [Entity("PER", 0, 2), Entity("ORG", 3, 5)]
    assert drop_punctuation(["...", "!"], [], CHANCE) == (["...", "!"], [])
    assert drop_punctuation(["!"], [Entity("ORG", 0, 1)], CHANCE) == (["!"], [Entity("ORG", 0, 1)])
    assert drop_punctuation(["$", "5", "."], [], CHANCE)[0] == ["$", "5"]


def test_marks_are_added_between_and_never_inside_of_entities():
    added = [add_punctuation(WORDS, ENTITIES, random.Random(seed)) for seed in range(300)]
    assert all(words[entity.start : entity.end] == ["Anna", "Smith"] for words, [entity, _] in added)
    more = [len(words) - len(WORDS) for words, _ in added]
    assert 0.08 < sum(more) / len(added) / (len(WORDS) - 2) < 0.12
    assert {word for words, _ in added for word in words} - set(WORDS) == set(MARKS) - set(WORDS)


def test_all_blanks_that_may_go():
    assert join_words(WORDS, ENTITIES, CHANCE, 1.0) == (
        ["AnnaSmith", ",of", "Yahoo!", ",left(today)."],
        [Entity("PER", 0, 1), Entity("ORG", 2, 3)],
    )


def test_words_are_split_between_letters_or_digits():
    words = ["Anna", "e\u0301e\u0301", "the", "a-b-c-d", "2021"]
    split, entities = split_words(words, [Entity("PER", 0, 1)], random.Random(3), 1.0)
    assert "".join(split) == "".join(words)
    assert len(split) == len(words) + 2
    assert entities == [Entity("PER", 0, 2)]
    parts = {tuple(split_words(["Anna"], [], random.Random(seed), 1.0)[0]) for seed in range(50)}
    assert parts == {("A", "nna"), ("An", "na"), ("Ann", "a")}


def test_rates_are_shares():
    many = ["words"] * 20_000
    assert 0.09 < 1 - len(join_words(many, [], random.Random(1), 0.1)[0]) / len(many) < 0.11
    assert 0.09 < len(split_words(many, [], random.Random(1), 0.1)[0]) / len(many) - 1 < 0.11
