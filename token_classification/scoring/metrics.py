"""The one definition of each score: seqeval's for entities, plain counts for tags without prefix (POS).

Entities are counted here, because `seqeval.metrics` imports scikit-learn and takes much longer. The tests hold every
number to seqeval's, to the last bit.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import chain

import numpy as np

from token_classification.data.entities import Entity, find_entities
from token_classification.data.schemes import OUTSIDE, Scheme, Tags, name_type
from token_classification.scoring.strict_entities import find_strict_entities

SHARES = ("precision", "recall", "f1")
OVERALL = (*SHARES, "accuracy")
STRICT = tuple(f"strict_{name}" for name in SHARES)
PER_TYPE = (*SHARES, "number")

Row = dict[str, float]
"""`precision`, `recall`, `f1` (fractions from 0 to 1) and `number` (an int) of a type"""
Scores = dict[str, float | Row]
"""A `Row` per type (entity type, or tag for plain tags), and numbers of the whole"""


def score_tags(gold: Tags, predicted: Tags, scheme: Scheme) -> Scores:
    """Score predicted tags; both sides have the same sentences and words.

    Returns:
        A row per type, `overall_precision/recall/f1/accuracy` (names of the evaluate library's `seqeval` metric) and
        `macro_f1`; for entity schemes also `strict_precision/recall/f1`. Plain floats and ints.
    """
    if scheme == Scheme.PLAIN:
        return score_plain_tags(gold, predicted)
    strict = score_strict_entities(gold, predicted, scheme)
    return score_lenient_entities(gold, predicted) | {f"strict_{name}": strict[f"overall_{name}"] for name in SHARES}


def score_lenient_entities(gold: Tags, predicted: Tags) -> Scores:
    """Score the entities of seqeval's default mode, which counts as conlleval does; names as in `score_tags`."""
    return _score_entities(gold, predicted, *([*map(find_entities, side)] for side in (gold, predicted)))


def score_strict_entities(gold: Tags, predicted: Tags, scheme: Scheme) -> Scores:
    """Score the entities of seqeval's strict mode, those legal in the scheme; names as in `score_tags`."""
    return _score_entities(gold, predicted, *(find_strict_entities(side, scheme) for side in (gold, predicted)))


def _score_entities(
    gold: Tags,
    predicted: Tags,
    gold_entities: Sequence[Sequence[Entity]],
    predicted_entities: Sequence[Sequence[Entity]],
) -> Scores:
    """Score the entities found in the tags."""
    gold_counts = Counter(entity.type for entity in chain.from_iterable(gold_entities))
    predicted_counts = Counter(entity.type for entity in chain.from_iterable(predicted_entities))
    correct = Counter(
        entity.type
        for ours, theirs in zip(gold_entities, predicted_entities, strict=True)
        for entity in set(ours).intersection(theirs)
    )
    types = {
        kind: _score_as_seqeval(correct[kind], predicted_counts[kind], gold_counts[kind])
        for kind in sorted(gold_counts | predicted_counts)
    }
    overall = _score_as_seqeval(correct.total(), predicted_counts.total(), gold_counts.total())
    equal = [g == p for row in zip(gold, predicted, strict=True) for g, p in zip(*row, strict=True)]
    return {
        **types,
        **{f"overall_{name}": overall[name] for name in SHARES},
        "overall_accuracy": _divide(sum(equal), len(equal)),
        "macro_f1": float(np.mean([row["f1"] for row in types.values()])) if types else 0.0,
    }


def score_plain_tags(gold: Tags, predicted: Tags) -> Scores:
    """Score each tag by counts of words; the micro averages over all tags equal the accuracy."""
    pairs = Counter(
        (g, p) for g_tags, p_tags in zip(gold, predicted, strict=True) for g, p in zip(g_tags, p_tags, strict=True)
    )
    gold_counts, predicted_counts = Counter(chain.from_iterable(gold)), Counter(chain.from_iterable(predicted))
    per_tag = {
        tag: _score_counts(pairs[tag, tag], predicted_counts[tag], gold_counts[tag])
        for tag in sorted(gold_counts | predicted_counts)
    }
    words = gold_counts.total()
    accuracy = _divide(sum(pairs[tag, tag] for tag in per_tag), words)
    return {
        **per_tag,
        "overall_precision": accuracy,
        "overall_recall": accuracy,
        "overall_f1": accuracy,
        "overall_accuracy": accuracy,
        "macro_f1": _divide(sum(scores["f1"] for scores in per_tag.values()), len(per_tag)),
    }


def flatten_scores(scores: Scores, with_types: bool) -> dict[str, float]:
    """Name the scores as the result files do: `f1`, `strict_f1` ...; with types also `PER_f1`, `overall_f1` ..."""
    whole = {name: value for name, value in scores.items() if not isinstance(value, dict)}
    flat = {name.removeprefix("overall_"): value for name, value in whole.items()}
    if with_types:
        flat |= {name: value for name, value in whole.items() if name.startswith("overall_")}
        flat |= {f"{kind}_{name}": value for kind, row in type_scores(scores).items() for name, value in row.items()}
    return flat


def list_metrics(gold: Tags, scheme: Scheme, with_types: bool) -> list[str]:
    """List `loss` and the names that `flatten_scores` returns for this gold whatever a model predicts."""
    names = ["loss", *OVERALL, "macro_f1"]
    if scheme != Scheme.PLAIN:
        names += STRICT
    if with_types:
        tags = {tag for row in gold for tag in row}
        kinds = tags if scheme == Scheme.PLAIN else {name_type(tag) for tag in tags if tag != OUTSIDE}
        names += [f"overall_{name}" for name in OVERALL]
        names += [f"{kind}_{name}" for kind in sorted(kinds) for name in PER_TYPE]
    return names


def type_scores(scores: Scores) -> dict[str, Row]:
    """Return only the rows of the types."""
    return {kind: row for kind, row in scores.items() if isinstance(row, dict)}


def _score_as_seqeval(correct: int, predicted: int, gold: int) -> Row:
    precision, recall = _divide(correct, predicted), _divide(correct, gold)
    # Mathematically the F1 of `_score_counts`; the last bit is that of seqeval.
    f1 = _divide(2 * precision * recall, precision + recall)
    return {"precision": precision, "recall": recall, "f1": f1, "number": gold}


def _score_counts(correct: int, predicted: int, gold: int) -> Row:
    precision, recall = _divide(correct, predicted), _divide(correct, gold)
    return {"precision": precision, "recall": recall, "f1": _divide(2 * correct, predicted + gold), "number": gold}


def _divide(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
