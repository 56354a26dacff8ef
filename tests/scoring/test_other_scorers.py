"""Our scores and error classes beside those of seqscore and nervaluate."""

import random
from collections import Counter

import pytest
from tagged_splits import make_sentences, perturb

from token_classification.data.schemes import Scheme
from token_classification.scoring.error_classes import ErrorClass, pair_sentences
from token_classification.scoring.metrics import score_tags

KINDS = ("PER", "LOC", "AB-C")
SCHEMAS = ("strict", "exact", "partial", "ent_type")
VERDICTS = {
    ErrorClass.CORRECT: ("correct", "correct", "correct", "correct"),
    ErrorClass.TYPE: ("incorrect", "correct", "correct", "incorrect"),
    ErrorClass.BOUNDARY: ("incorrect", "incorrect", "partial", "correct"),
    ErrorClass.TYPE_AND_BOUNDARY: ("incorrect", "incorrect", "partial", "incorrect"),
    ErrorClass.MISSED: ("missed",) * 4,
    ErrorClass.SPURIOUS: ("spurious",) * 4,
}
"""What each class of ours is under the four schemata of SemEval-2013 task 9.1, in the order of `SCHEMAS`."""

SCENARIOS = [
    ("O B-LOC I-LOC O", "O B-LOC I-LOC O", ErrorClass.CORRECT),
    ("O O O O", "O B-ORG I-ORG O", ErrorClass.SPURIOUS),
    ("O B-LOC I-LOC O", "O O O O", ErrorClass.MISSED),
    ("O O B-LOC I-LOC O", "O O B-ORG I-ORG O", ErrorClass.TYPE),
    ("O B-PER I-PER O", "B-PER I-PER I-PER O", ErrorClass.BOUNDARY),
    ("O B-PER I-PER O", "B-ORG I-ORG I-ORG O", ErrorClass.TYPE_AND_BOUNDARY),
]
"""Scenarios I to VI of nervaluate's README."""


def draw_legal(draw: random.Random, words: int) -> list[str]:
    """Legal IOB2 tags: what a corpus has."""
    tags: list[str] = []
    while len(tags) < words:
        kind, length = draw.choice(KINDS), draw.randint(1, 3)
        tags += draw.choice([["O"] * length, [f"B-{kind}", *[f"I-{kind}"] * (length - 1)]])
    return tags[:words]


def draw_files(seed: int) -> tuple[list[list[str]], list[list[str]]]:
    """Legal gold, and predictions of which a third are any tags, in any order."""
    draw = random.Random(seed)
    choices = ["O", *(f"{prefix}-{kind}" for prefix in "BI" for kind in KINDS)]
    gold = [draw_legal(draw, draw.randint(1, 12)) for _ in range(draw.randint(2, 10))]
    return gold, [[draw.choice(choices) if draw.random() < 0.35 else tag for tag in tags] for tags in gold]


@pytest.mark.parametrize(("repair", "score"), [("conlleval", "overall"), ("discard", "strict")])
@pytest.mark.parametrize("seed", range(40))
def test_f1_is_seqscores_conlleval_repair_and_strict_f1_its_discard_repair(seed, repair, score):
    scoring = pytest.importorskip("seqscore.scoring")
    gold, predicted = draw_files(seed)
    counts, accuracy = scoring.score_label_sequences(predicted, gold, "BIO", repair=repair)
    scores = score_tags(gold, predicted, Scheme.IOB2)
    ours = [scores[f"{score}_{name}"] for name in ("precision", "recall", "f1")]
    assert ours == pytest.approx([counts.precision, counts.recall, counts.f1])
    assert scores["overall_accuracy"] == pytest.approx(accuracy.accuracy)
    if score == "overall":
        for kind, row in counts.type_scores.items():
            assert [scores[kind][name] for name in ("precision", "recall", "f1", "number")] == pytest.approx(
                [row.precision, row.recall, row.f1, row.total_ref]
            )


def count_verdicts(gold: list[list[str]], predicted: list[list[str]]) -> dict[str, Counter[str]]:
    """Our pairs, counted under each of the four schemata."""
    counts = {schema: Counter() for schema in SCHEMAS}
    for row in pair_sentences(gold, predicted, Scheme.IOB2):
        for pair in row:
            for schema, verdict in zip(SCHEMAS, VERDICTS[pair.error], strict=True):
                counts[schema][verdict] += 1
    return counts


@pytest.mark.parametrize(("gold", "predicted", "expected"), SCENARIOS, ids=[row[2] for row in SCENARIOS])
def test_the_scenarios_of_nervaluate_are_our_classes(gold, predicted, expected):
    [[pair]] = pair_sentences([gold.split()], [predicted.split()], Scheme.IOB2)
    assert pair.error == expected


def test_the_scenarios_are_counted_as_documented():
    gold, predicted = ([row[side].split() for row in SCENARIOS] for side in (0, 1))
    counts = count_verdicts(gold, predicted)
    verdicts = ("correct", "incorrect", "partial", "missed", "spurious")
    assert {schema: [row[verdict] for verdict in verdicts] for schema, row in counts.items()} == {
        "ent_type": [2, 2, 0, 1, 1],
        "partial": [2, 0, 2, 1, 1],
        "exact": [2, 2, 0, 1, 1],
        "strict": [1, 3, 0, 1, 1],
    }


def count_with_nervaluate(gold: list[list[str]], predicted: list[list[str]]) -> dict[str, Counter[str]]:
    """The same counts, by nervaluate."""
    kinds = sorted({tag[2:] for side in (gold, predicted) for tags in side for tag in tags} - {""})
    evaluator = pytest.importorskip("nervaluate").Evaluator(gold, predicted, tags=kinds, loader="list")
    overall = evaluator.evaluate()["overall"]
    verdicts = ("correct", "incorrect", "partial", "missed", "spurious")
    return {
        schema: +Counter({verdict: getattr(overall[schema], verdict) for verdict in verdicts}) for schema in SCHEMAS
    }


def draw_slots(seed: int) -> tuple[list[list[str]], list[list[str]]]:
    """Slots of five words with at most one entity on each side, so that there is no choice which ones to pair."""
    draw = random.Random(seed)

    def draw_entity() -> tuple[list[str], set[int]]:
        if draw.random() < 0.2:
            return ["O"] * 5, set()
        kind, start = draw.choice(KINDS), draw.randint(0, 3)
        end = draw.randint(start + 1, 4)
        tags = ["O"] * start + [f"B-{kind}", *[f"I-{kind}"] * (end - start - 1)] + ["O"] * (5 - end)
        return tags, set(range(start, end))

    gold, predicted = [], []
    while len(gold) < 6:
        sides = [draw_entity(), draw_entity()]
        # What does not overlap in one slot could overlap nothing: missed and spurious at once is another case.
        if not sides[0][1] or not sides[1][1] or sides[0][1] & sides[1][1]:
            gold.append(sides[0][0])
            predicted.append(sides[1][0])
    return [gold[0] + gold[1], *gold[2:]], [predicted[0] + predicted[1], *predicted[2:]]


@pytest.mark.parametrize("seed", range(60))
def test_counts_of_the_four_schemata_are_those_of_nervaluate(seed):
    gold, predicted = draw_slots(seed)
    assert count_verdicts(gold, predicted) == count_with_nervaluate(gold, predicted)


def test_correct_ones_are_those_of_nervaluate_where_many_entities_overlap():
    gold = make_sentences(8).tags
    predicted = perturb(gold)
    ours, theirs = count_verdicts(gold, predicted)["strict"], count_with_nervaluate(gold, predicted)["strict"]
    assert ours["correct"] == theirs["correct"]
