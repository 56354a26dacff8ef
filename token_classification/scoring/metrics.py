"""The one definition of each score: seqeval for entities, plain counts for tags without prefix (POS)."""

from collections import Counter

from token_classification.data.schemes import OUTSIDE, Scheme, Tags, name_type

OVERALL = ("precision", "recall", "f1", "accuracy")
STRICT = ("strict_precision", "strict_recall", "strict_f1")
PER_TYPE = ("precision", "recall", "f1", "number")


def score_tags(gold: Tags, predicted: Tags, scheme: Scheme) -> dict:
    """Score predicted tags; the same sentences and words on both sides.

    Returns:
        `overall_precision/recall/f1/accuracy`, `macro_f1`, and per type (entity type, or tag for plain tags)
        `{precision, recall, f1, number}`; for entity schemes also `strict_precision/recall/f1`. Plain floats and ints.
    """
    if scheme == Scheme.PLAIN:
        return score_plain_tags(gold, predicted)
    # Here, because evaluate brings scipy.stats along: the first training step and a Predictor don't wait for it.
    from token_classification.scoring.entity_scores import EntityScores

    return EntityScores().compute(predictions=predicted, references=gold, scheme=scheme)


def score_plain_tags(gold: Tags, predicted: Tags) -> dict:
    """Per-tag precision, recall and F1 from counts of words; micro averages over all tags equal the accuracy."""
    pairs = Counter(
        (g, p) for g_tags, p_tags in zip(gold, predicted, strict=True) for g, p in zip(g_tags, p_tags, strict=True)
    )
    gold_counts, predicted_counts = Counter(), Counter()
    for (gold_tag, predicted_tag), count in pairs.items():
        gold_counts[gold_tag] += count
        predicted_counts[predicted_tag] += count
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


def flatten_scores(scores: dict, with_types: bool) -> dict[str, float]:
    """Scores under the names of the result files: `f1`, `strict_f1` ...; with types also `PER_f1`, `overall_f1` ..."""
    flat = {name.removeprefix("overall_"): value for name, value in scores.items() if not isinstance(value, dict)}
    if with_types:
        flat |= {name: value for name, value in scores.items() if name.startswith("overall_")}
        flat |= {f"{kind}_{name}": value for kind, row in type_scores(scores).items() for name, value in row.items()}
    return flat


def list_metrics(gold: Tags, scheme: Scheme, with_types: bool) -> list[str]:
    """Names that `flatten_scores` is sure to give for this gold, whatever a model predicts; `loss` comes with them."""
    names = ["loss", *OVERALL, "macro_f1"]
    if scheme != Scheme.PLAIN:
        names += STRICT
    if with_types:
        tags = {tag for row in gold for tag in row}
        kinds = tags if scheme == Scheme.PLAIN else {name_type(tag) for tag in tags if tag != OUTSIDE}
        names += [f"overall_{name}" for name in OVERALL]
        names += [f"{kind}_{name}" for kind in sorted(kinds) for name in PER_TYPE]
    return names


def type_scores(scores: dict) -> dict[str, dict]:
    """Only the per-type rows of the scores."""
    return {kind: row for kind, row in scores.items() if isinstance(row, dict)}


def _score_counts(correct: int, predicted: int, gold: int) -> dict:
    precision, recall = _divide(correct, predicted), _divide(correct, gold)
    return {"precision": precision, "recall": recall, "f1": _divide(2 * correct, predicted + gold), "number": gold}


def _divide(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
