"""Our scores are conlleval's: an oracle written from its rules, held itself to recorded answers of the original."""

import random

import pytest
from conlleval_oracle import ChunkCounts, find_chunks, score_conlleval_file, score_with_conlleval

from token_classification.data.entities import find_entities
from token_classification.data.formats import read_sentences
from token_classification.data.schemes import Scheme, recognise_scheme
from token_classification.scoring.error_classes import ErrorClass, pair_sentences
from token_classification.scoring.metrics import score_tags, type_scores

RECORDED = [
    (
        "B-PER I-PER O I-LOC B-LOC I-PER|I-PER B-PER I-LOC",
        "I-PER I-PER O I-LOC I-LOC I-PER|I-PER I-PER B-LOC",
        (55.56, 60.00, 42.86, 50.00),
        {"LOC": (50.00, 33.33, 40.00, 2), "PER": (66.67, 50.00, 57.14, 3)},
    ),
    (
        "I-NP I-NP E-NP I-NP E-NP O|E-NP E-VP O I-VP",
        "I-NP I-NP I-NP E-NP I-NP O|E-NP I-VP O E-VP",
        (50.00, 60.00, 60.00, 60.00),
        {"NP": (33.33, 33.33, 33.33, 3), "VP": (100.00, 100.00, 100.00, 2)},
    ),
    (
        "B I I O B B O|I I B I",
        "B I I O B I O|I I I I",
        (81.82, 33.33, 20.00, 25.00),
        {"": (33.33, 20.00, 25.00, 3)},
    ),
    (
        "B-A-B I-A-B O B-A|O O O",
        "B-A-B I-A-B O B-A-B|O I-A O",
        (71.43, 33.33, 50.00, 40.00),
        {"A": (0.00, 0.00, 0.00, 1), "A-B": (50.00, 100.00, 66.67, 2)},
    ),
]
"""Gold, prediction, and what conlleval.pl of 2004-01-26 prints: accuracy, precision, recall, FB1; also by type, with
the number of chunks found. Sentences stand between bars."""

STYLES = {
    Scheme.IOB2: "BI",
    # E closes an entity, as in IOE1 and IOE2.
    Scheme.IOBES: "IE",
}


def draw_tags(seed: int, prefixes: str) -> tuple[list[list[str]], list[list[str]]]:
    """Random gold and predicted tags of some sentences, most of them illegal; six of ten words are right."""
    draw = random.Random(seed)
    choices = ["O", "O", *(f"{prefix}-{kind}" for prefix in prefixes for kind in ("PER", "LOC", "AB-C"))]
    gold = [draw.choices(choices, k=draw.randint(1, 12)) for _ in range(draw.randint(1, 8))]
    predicted = [[tag if draw.random() < 0.6 else draw.choice(choices) for tag in tags] for tags in gold]
    return gold, predicted


def compute_scores(counts: ChunkCounts) -> tuple[float, float, float]:
    """Precision, recall and F1 in percent."""
    return counts.precision, counts.recall, counts.f1


def round_percent(counts: ChunkCounts) -> tuple[float, float, float]:
    """Precision, recall and F1 as conlleval prints them."""
    return tuple(round(score, 2) for score in compute_scores(counts))


@pytest.mark.parametrize(("gold", "predicted", "overall", "types"), RECORDED)
def test_the_oracle_prints_what_the_original_printed(gold, predicted, overall, types):
    sentences = zip(gold.split("|"), predicted.split("|"), strict=True)
    rows = [
        f"word POS {a} {b}\n" if a else "\n"
        for g, p in sentences
        for a, b in zip([*g.split(), ""], [*p.split(), ""], strict=True)
    ]
    scores = score_conlleval_file(rows)
    assert (round(scores.accuracy, 2), *round_percent(scores.overall)) == overall
    assert {kind: (*round_percent(counts), counts.found) for kind, counts in scores.types.items()} == types


@pytest.mark.parametrize("scheme", STYLES)
@pytest.mark.parametrize("seed", range(50))
def test_scores_of_random_tags_are_those_of_conlleval(scheme, seed):
    gold, predicted = draw_tags(seed, STYLES[scheme])
    expected = score_with_conlleval(gold, predicted)
    scores = score_tags(gold, predicted, scheme)
    ours = [scores[f"overall_{name}"] for name in ("accuracy", "precision", "recall", "f1")]
    overall = expected.overall
    assert ours == pytest.approx(
        [value / 100 for value in (expected.accuracy, overall.precision, overall.recall, overall.f1)]
    )
    assert {kind: row["number"] for kind, row in type_scores(scores).items()} == {
        kind: counts.gold for kind, counts in expected.types.items()
    }
    for kind, counts in expected.types.items():
        assert [scores[kind][name] for name in ("precision", "recall", "f1")] == pytest.approx(
            [value / 100 for value in (counts.precision, counts.recall, counts.f1)]
        )


@pytest.mark.parametrize("prefixes", ["BI", "I", "BIE", "BIES"])
@pytest.mark.parametrize("seed", range(25))
def test_files_of_bare_tags_are_scored_as_conlleval_does(tmp_path, prefixes, seed):
    path = tmp_path / "predictions.conll"
    draw = random.Random(seed)
    path.write_text(
        "".join(
            "".join(f"w{place}\t{gold}\t{predicted}\n" for place, (gold, predicted) in enumerate(pairs)) + "\n"
            for pairs in [draw_bare_pairs(draw, prefixes) for _ in range(draw.randint(2, 20))]
        )
    )
    gold, predicted = (read_sentences(path, "0", column).tags for column in ("1", "2"))
    expected = score_conlleval_file(path.read_text().splitlines())
    scores = score_tags(gold, predicted, recognise_scheme(gold, {tag for tags in predicted for tag in tags}))
    assert [scores[f"overall_{name}"] for name in ("accuracy", "precision", "recall", "f1")] == pytest.approx(
        [value / 100 for value in (expected.accuracy, *compute_scores(expected.overall))]
    )
    assert set(type_scores(scores)) == {"_"}
    assert (scores["_"]["number"], scores["_"]["f1"]) == (expected.overall.gold, scores["overall_f1"])
    pairs = [pair for row in pair_sentences(gold, predicted, recognise_scheme(gold)) for pair in row]
    assert sum(pair.error == ErrorClass.CORRECT for pair in pairs) == expected.overall.correct


def draw_bare_pairs(draw: random.Random, prefixes: str) -> list[tuple[str, str]]:
    """Gold and predicted tags of a sentence that has an entity."""
    choices = ["O", "O", "O", *prefixes]
    gold = ["O", draw.choice(prefixes), *draw.choices(choices, k=draw.randint(0, 12))]
    return [(tag, tag if draw.random() < 0.7 else draw.choice(choices)) for tag in gold]


@pytest.mark.parametrize("prefixes", ["BI", "I", "IE", "BIES"])
@pytest.mark.parametrize("seed", range(20))
def test_entities_are_the_chunks_of_conlleval(prefixes, seed):
    for tags in draw_tags(seed, prefixes)[0]:
        entities = [(entity.start, entity.end - 1, entity.type) for entity in find_entities(tags)]
        assert entities == find_chunks(tags)


def test_tags_that_end_with_e_are_scored_as_iobes():
    assert recognise_scheme([["I-NP", "E-NP", "O"], ["E-VP"]]) == Scheme.IOBES
