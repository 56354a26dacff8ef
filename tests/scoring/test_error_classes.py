"""Pairs of gold and predicted entities: each entity in one pair, the classes as they are defined."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tagged_splits import list_corpora, perturb, read_labelled

from token_classification.data.entities import Entity, find_entities
from token_classification.data.schemes import Scheme, recognise_scheme
from token_classification.scoring.error_classes import (
    ErrorClass,
    find_overlaps,
    find_scored_entities,
    pair_entities,
    pair_sentences,
)

TAGS = st.sampled_from(["O", "O", *(f"{prefix}-{kind}" for prefix in "BIES" for kind in ("PER", "LOC"))])
SENTENCES = st.lists(st.tuples(TAGS, TAGS), min_size=1, max_size=10)


def pair(gold: str, predicted: str) -> list[tuple]:
    """Class and places of each pair, from tags with blanks between them."""
    return [
        (str(error), gold and tuple(gold), predicted and tuple(predicted))
        for gold, predicted, error in pair_entities(find_entities(gold.split()), find_entities(predicted.split()))
    ]


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        ("B-PER I-PER O", "B-PER I-PER O", [("correct", ("PER", 0, 2), ("PER", 0, 2))]),
        ("B-PER I-PER O", "B-LOC I-LOC O", [("type", ("PER", 0, 2), ("LOC", 0, 2))]),
        ("B-PER I-PER O", "B-PER O O", [("boundary", ("PER", 0, 2), ("PER", 0, 1))]),
        ("B-PER I-PER O", "O B-LOC I-LOC", [("type+boundary", ("PER", 0, 2), ("LOC", 1, 3))]),
        ("B-PER O O", "O O O", [("missed", ("PER", 0, 1), None)]),
        ("O O O", "O B-PER O", [("spurious", None, ("PER", 1, 2))]),
        (
            "B-PER O B-LOC",
            "O B-PER O",
            [
                ("missed", ("PER", 0, 1), None),
                ("spurious", None, ("PER", 1, 2)),
                ("missed", ("LOC", 2, 3), None),
            ],
        ),
        # One predicted entity over two gold ones stands for one of them: that of its type.
        (
            "B-PER I-PER B-LOC",
            "B-LOC I-LOC I-LOC",
            [("missed", ("PER", 0, 2), None), ("boundary", ("LOC", 2, 3), ("LOC", 0, 3))],
        ),
        # Of two with its type: the one with more common words; of equal ones the left.
        (
            "B-PER B-PER I-PER",
            "B-PER I-PER I-PER",
            [("missed", ("PER", 0, 1), None), ("boundary", ("PER", 1, 3), ("PER", 0, 3))],
        ),
        (
            "B-PER B-PER",
            "B-PER I-PER",
            [("boundary", ("PER", 0, 1), ("PER", 0, 2)), ("missed", ("PER", 1, 2), None)],
        ),
        # A correct pair is never given up for another.
        (
            "B-PER I-PER B-LOC",
            "B-PER B-LOC B-LOC",
            [
                ("boundary", ("PER", 0, 2), ("PER", 0, 1)),
                ("spurious", None, ("LOC", 1, 2)),
                ("correct", ("LOC", 2, 3), ("LOC", 2, 3)),
            ],
        ),
    ],
)
def test_classes(gold: str, predicted: str, expected: list[tuple]) -> None:
    assert pair(gold, predicted) == expected


def check_sums(gold: list[list[str]], predicted: list[list[str]], scheme: Scheme) -> Counter[ErrorClass]:
    """Every entity of both sides is in one pair, and the classes sum up."""
    counts = Counter()
    for gold_tags, predicted_tags, row in zip(gold, predicted, pair_sentences(gold, predicted, scheme), strict=True):
        sides = (find_scored_entities(gold_tags, scheme), find_scored_entities(predicted_tags, scheme))
        assert sorted(p.gold for p in row if p.gold) == sorted(sides[0])
        assert sorted(p.predicted for p in row if p.predicted) == sorted(sides[1])
        correct = {p.gold for p in row if p.error == ErrorClass.CORRECT}
        assert correct == set(sides[0]) & set(sides[1])
        counts.update(p.error for p in row)
        counts["gold"] += len(sides[0])
        counts["predicted"] += len(sides[1])
    matched = sum(counts[error] for error in list(ErrorClass)[:4])
    assert matched + counts[ErrorClass.MISSED] == counts["gold"]
    assert matched + counts[ErrorClass.SPURIOUS] == counts["predicted"]
    assert sum(counts[error] for error in ErrorClass) == counts["gold"] + counts[ErrorClass.SPURIOUS]
    return counts


@given(st.lists(SENTENCES, min_size=1, max_size=4))
def test_the_classes_sum_up(sentences: list[list[tuple[str, str]]]) -> None:
    gold, predicted = ([[row[side] for row in sentence] for sentence in sentences] for side in (0, 1))
    check_sums(gold, predicted, Scheme.IOBES)


@given(st.lists(SENTENCES, min_size=1, max_size=4))
def test_plain_tags_are_right_or_of_another_type(sentences: list[list[tuple[str, str]]]) -> None:
    gold, predicted = ([[row[side] for row in sentence] for sentence in sentences] for side in (0, 1))
    counts = check_sums(gold, predicted, Scheme.PLAIN)
    assert counts["gold"] == sum(map(len, gold)) == counts[ErrorClass.CORRECT] + counts[ErrorClass.TYPE]


@pytest.mark.real_data
@pytest.mark.parametrize("name", list_corpora())
def test_the_classes_sum_up_on_every_corpus(name: str, real_data) -> None:
    sentences = read_labelled(real_data / name)
    scheme = recognise_scheme(sentences.tags)
    counts = check_sums(sentences.tags, perturb(sentences.tags), scheme)
    classes = [ErrorClass.CORRECT, ErrorClass.TYPE] if scheme == Scheme.PLAIN else list(ErrorClass)
    assert all(counts[error] > 5 for error in classes)


@given(SENTENCES)
def test_every_overlap_is_found(sentence: list[tuple[str, str]]) -> None:
    gold, predicted = (find_entities([row[side] for row in sentence]) for side in (0, 1))
    expected = {
        (g, p, len(common))
        for g, one in enumerate(gold)
        for p, other in enumerate(predicted)
        if (common := {*range(one.start, one.end)} & {*range(other.start, other.end)})
    }
    assert set(find_overlaps(gold, predicted)) == expected


def test_a_long_sentence_is_looked_through_once() -> None:
    class Counted(list):
        looked_at = 0

        def __getitem__(self, place: int) -> Entity:
            self.looked_at += 1
            return super().__getitem__(place)

    size = 2_000
    gold = [Entity("PER", 3 * place, 3 * place + 2) for place in range(size)]
    predicted = Counted(Entity("PER", 3 * place + 1, 3 * place + 3) for place in range(size))
    assert [overlap for *_, overlap in find_overlaps(gold, predicted)] == [1] * size
    assert predicted.looked_at <= 8 * size
