"""The scores of nested entities are those of GermEval 2014's own scorer, whose answers are recorded here."""

import random
from pathlib import Path

import pytest

from token_classification.data.entities import find_entities
from token_classification.data.formats import read_sentences
from token_classification.data.scheme_conversion import spell_entity
from token_classification.data.schemes import OUTSIDE, Scheme
from token_classification.scoring.metrics import SHARES, score_tags, type_scores
from token_classification.scoring.nested import score_levels, score_loosely

GERMEVAL = Path(__file__).parents[3] / "shared" / "data" / "germeval2014"
CASES = {
    "inner entities in outer ones": (
        ("B-ORG I-ORG O|B-PER O B-LOCpart O", "O B-LOC O|O O B-LOC O"),
        ("B-ORG I-ORG O|B-PER O B-LOC O", "O B-LOC O|B-PER O O O"),
        [(78.57, 60.00, 60.00, 60.00), (80.00, 80.00, 80.00), (85.71, 66.67, 66.67, 66.67), (71.43, 50.0, 50.0, 50.0)],
    ),
    "an entity on the wrong level is wrong": (
        ("B-ORG I-ORG I-ORG O|O O", "O O B-LOC O|O O"),
        ("B-LOC O B-LOC O|O O", "B-ORG I-ORG I-ORG O|B-OTH O"),
        [(41.67, 0.00, 0.00, 0.00), (), (50.00, 0.00, 0.00, 0.00), (33.33, 0.00, 0.00, 0.00)],
    ),
    "variants of a type": (
        ("B-LOCderiv O B-ORGpart O|B-PER I-PER O", "O O B-LOC O|O O O"),
        ("B-LOC O B-ORG O|B-PERpart I-PERpart O", "O O B-LOCderiv O|O O O"),
        [(64.29, 0.00, 0.00, 0.00), (100.00, 100.00, 100.00), (42.86, 0.00, 0.00, 0.00), (85.71, 0.00, 0.00, 0.00)],
    ),
    "borders": (
        ("B-OTH I-OTH I-OTH B-OTH O|O B-PER O", "O B-PER I-PER O O|O O O"),
        ("B-OTH I-OTH O B-OTH O|O B-PER O", "O B-PER I-PER I-PER O|O O O"),
        [(87.50, 50.00, 50.00, 50.00), (), (87.50, 66.67, 66.67, 66.67), (87.50, 0.00, 0.00, 0.00)],
    ),
    "nothing found": (
        ("B-PER O|O O", "O O|O O"),
        ("O O|O O", "O O|O O"),
        [(87.50, 0.00, 0.00, 0.00), (), (75.00, 0.00, 0.00, 0.00), (100.00, 0.00, 0.00, 0.00)],
    ),
}
"""Outer and inner tags of gold, those of the prediction, and what `nereval.perl` of 2014-05-19 prints: accuracy,
precision, recall and FB1 of its metrics 1, 2 (without accuracy; none where we leave it out), 3.1 and 3.2"""
SPOILT = {
    "dev": [
        (97.93, 65.74, 67.67, 66.69),
        (73.95, 76.13, 75.02),
        (96.55, 70.49, 67.61, 69.02),
        (99.31, 35.71, 68.40, 46.93),
    ],
    "test": [
        (98.02, 65.81, 68.15, 66.96),
        (73.77, 76.39, 75.06),
        (96.75, 70.64, 68.27, 69.44),
        (99.28, 35.73, 66.60, 46.51),
    ],
}
"""What it prints for the tags of GermEval's files that `spoil` makes, with the seeds 0 and 1"""
LEVELS = ("outer", "inner")


def read_case(sides: tuple[str, str]) -> dict[str, list[list[str]]]:
    """Return the tags of each level."""
    rows = ([row.split() for row in side.split("|")] for side in sides)
    return dict(zip(LEVELS, rows, strict=True))


def list_scores(gold: dict[str, list[list[str]]], predicted: dict[str, list[list[str]]]) -> list[tuple[float, ...]]:
    """Return in percent what `nereval.perl` prints."""
    overall = [f"overall_{name}" for name in ("accuracy", *SHARES)]
    combined, loose = score_levels(gold, predicted, Scheme.IOB2), score_loosely(gold, predicted)
    levels = [score_tags(gold[level], predicted[level], Scheme.IOB2) for level in LEVELS]
    rows = [
        [combined[name] for name in overall],
        [*loose.values()],
        *([row[name] for name in overall] for row in levels),
    ]
    return [tuple(round(100 * value, 2) for value in row) for row in rows]


def spoil(tags: list[list[str]], seed: int) -> list[list[str]]:
    """Return what a bad model might predict: entities missed, too short, of another type, and spurious."""
    chance = random.Random(seed)
    spoilt = []
    for row in tags:
        predicted = [OUTSIDE] * len(row)
        for kind, start, end in find_entities(row):
            what = chance.random()
            end = end - 1 if 0.1 < what < 0.2 and end - start > 1 else end
            kind = "OTH" if 0.2 < what < 0.3 else f"{kind.removesuffix('part')}part" if 0.3 < what < 0.4 else kind
            if what > 0.1:
                predicted[start:end] = spell_entity(kind, end - start, Scheme.IOB2)
        if chance.random() < 0.1 and predicted[0] == OUTSIDE:
            predicted[0] = "B-LOC"
        if len(row) > 1 and predicted[1].startswith("I-"):
            predicted[0] = "B-" + predicted[1][2:]
        spoilt.append(predicted)
    return spoilt


@pytest.mark.parametrize("case", CASES)
def test_scores_are_those_of_the_shared_tasks_own_scorer(case: str) -> None:
    gold, predicted, expected = CASES[case]
    assert list_scores(read_case(gold), read_case(predicted)) == expected


@pytest.mark.skipif(not GERMEVAL.is_dir(), reason="the corpus is not at ../shared/data")
@pytest.mark.parametrize("split", SPOILT)
def test_scores_on_germeval_are_those_of_its_own_scorer(split: str) -> None:
    gold = {
        level: read_sentences(GERMEVAL / f"{split}.tsv", label_column=column).gold
        for level, column in zip(LEVELS, "23", strict=True)
    }
    spoilt = {level: spoil(tags, seed) for seed, (level, tags) in enumerate(gold.items())}
    assert list_scores(gold, spoilt) == SPOILT[split]
    assert all(score == 100 for row in list_scores(gold, gold) for score in row)


def test_strict_scores_and_types_count_the_entities_of_all_levels() -> None:
    """The tags of a level that are illegal in the scheme count in `f1` alone."""
    gold = read_case(("B-ORG I-ORG O", "B-LOC O O"))
    scores = score_levels(gold, read_case(("I-ORG I-ORG O", "B-LOC O O")), Scheme.IOB2)
    assert (scores["overall_f1"], scores["strict_recall"]) == (1.0, 0.5)
    assert {name: row["number"] for name, row in type_scores(scores).items()} == {"LOC": 1, "ORG": 1}
