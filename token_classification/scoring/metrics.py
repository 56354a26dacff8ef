"""The one definition of each score: seqeval for entities, plain counts for tags without prefix (POS).

Nothing is downloaded: the metric is a local `evaluate.Metric` around the installed seqeval.
"""

import warnings
from collections import Counter
from collections.abc import Sequence

import datasets
import evaluate
from seqeval import metrics as seqeval_metrics
from seqeval import scheme as seqeval_schemes

from token_classification.data.scheme_conversion import Entity
from token_classification.data.schemes import IOBES_SPELLING, OUTSIDE, Scheme

Tags = Sequence[Sequence[str]]

SEQEVAL_SCHEMES = {
    Scheme.IOB1: seqeval_schemes.IOB1,
    Scheme.IOB2: seqeval_schemes.IOB2,
    Scheme.IOBES: seqeval_schemes.IOBES,
    # BILOU tags are respelt as IOBES first: seqeval's default mode does not know L- and U- (user_pains section 4).
    Scheme.BILOU: seqeval_schemes.IOBES,
}


class EntityScores(evaluate.Metric):
    """Entity-level precision, recall and F1 of seqeval, in its default mode (as conlleval counts) and strictly.

    `compute(predictions=..., references=..., scheme=...)` takes lists of tag lists and gives
    `{type: {precision, recall, f1, number}, ..., overall_{precision,recall,f1,accuracy}, macro_f1, strict_...}`:
    the names of the `seqeval` metric of the evaluate library, all fractions from 0 to 1.
    """

    def __init__(self):
        # Nothing is written to the shared metric cache, which other processes may use at the same time.
        super().__init__(keep_in_memory=True)

    def _info(self) -> evaluate.MetricInfo:
        tags = datasets.Sequence(datasets.Value("string"))
        return evaluate.MetricInfo(
            description="Entity-level scores of sequence labelling.",
            citation="",
            features=datasets.Features({"predictions": tags, "references": tags}),
        )

    def _compute(self, predictions: Tags, references: Tags, scheme: Scheme) -> dict:
        if scheme in (Scheme.IOBES, Scheme.BILOU):
            predictions, references = _respell(predictions), _respell(references)
        lenient = _report(references, predictions)
        strict = _report(references, _keep_legal(predictions, scheme), mode="strict", scheme=SEQEVAL_SCHEMES[scheme])
        overall, macro = lenient.pop("micro avg"), lenient.pop("macro avg")
        lenient.pop("weighted avg")
        accuracy = float(seqeval_metrics.accuracy_score(references, predictions)) if any(references) else 0.0
        return {
            **{entity_type: _name_counts(scores) for entity_type, scores in lenient.items()},
            "overall_precision": float(overall["precision"]),
            "overall_recall": float(overall["recall"]),
            "overall_f1": float(overall["f1-score"]),
            "overall_accuracy": accuracy,
            "macro_f1": float(macro["f1-score"]),
            "strict_precision": float(strict["micro avg"]["precision"]),
            "strict_recall": float(strict["micro avg"]["recall"]),
            "strict_f1": float(strict["micro avg"]["f1-score"]),
        }


def score_tags(gold: Tags, predicted: Tags, scheme: Scheme) -> dict:
    """Score predicted tags; the same sentences and words on both sides.

    Returns:
        `overall_precision/recall/f1/accuracy`, `macro_f1`, and per type (entity type, or tag for plain tags)
        `{precision, recall, f1, number}`; for entity schemes also `strict_precision/recall/f1`. Plain floats and ints.
    """
    if scheme == Scheme.PLAIN:
        return score_plain_tags(gold, predicted)
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


def find_strict_entities(sentences: Tags, scheme: Scheme) -> list[list[Entity]]:
    """The entities of each sentence whose tags are legal in the scheme, as seqeval's strict mode finds them."""
    if scheme in (Scheme.IOBES, Scheme.BILOU):
        sentences = _respell(sentences)
    found = seqeval_schemes.Entities(_keep_legal(sentences, scheme), SEQEVAL_SCHEMES[scheme])
    return [[Entity(*entity.to_tuple()[1:]) for entity in row] for row in found.entities]


def flatten_scores(scores: dict, with_types: bool) -> dict[str, float]:
    """Scores under the names of the result files: `f1`, `strict_f1` ...; with types also `PER_f1`, `overall_f1` ..."""
    flat = {name.removeprefix("overall_"): value for name, value in scores.items() if not isinstance(value, dict)}
    if with_types:
        flat |= {name: value for name, value in scores.items() if name.startswith("overall_")}
        flat |= {f"{kind}_{name}": value for kind, row in type_scores(scores).items() for name, value in row.items()}
    return flat


def type_scores(scores: dict) -> dict[str, dict]:
    """Only the per-type rows of the scores."""
    return {kind: row for kind, row in scores.items() if isinstance(row, dict)}


def _report(gold: Tags, predicted: Tags, **options) -> dict:
    """Give seqeval's report; where neither side has an entity, which seqeval can't average, all zeros."""
    if all(tag == OUTSIDE for side in (gold, predicted) for tags in side for tag in tags):
        empty = {"precision": 0.0, "recall": 0.0, "f1-score": 0.0, "support": 0}
        return {average: dict(empty) for average in ("micro avg", "macro avg", "weighted avg")}
    with warnings.catch_warnings():
        # Without any entity of the strict scheme seqeval takes the mean of nothing; only its micro average is used.
        warnings.filterwarnings("ignore", category=RuntimeWarning, module="numpy")
        return seqeval_metrics.classification_report(gold, predicted, output_dict=True, zero_division=0, **options)


def _name_counts(row: dict) -> dict:
    return {
        "precision": float(row["precision"]),
        "recall": float(row["recall"]),
        "f1": float(row["f1-score"]),
        "number": int(row["support"]),
    }


def _score_counts(correct: int, predicted: int, gold: int) -> dict:
    precision, recall = _divide(correct, predicted), _divide(correct, gold)
    return {"precision": precision, "recall": recall, "f1": _divide(2 * correct, predicted + gold), "number": gold}


def _divide(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _keep_legal(sentences: Tags, scheme: Scheme) -> list[list[str]]:
    """Tags that the scheme does not have (a model of another scheme wrote them) can't be part of a strict entity."""
    prefixes = "BI" if scheme in (Scheme.IOB1, Scheme.IOB2) else "BIES"
    return [[tag if tag[1:2] == "-" and tag[0] in prefixes else OUTSIDE for tag in tags] for tags in sentences]


def _respell(sentences: Tags) -> list[list[str]]:
    return [[IOBES_SPELLING.get(tag[0], tag[0]) + tag[1:] for tag in tags] for tags in sentences]
