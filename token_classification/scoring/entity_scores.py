"""The scores of entities: a local `evaluate.Metric` around the installed seqeval, so that nothing is downloaded."""

import warnings

import datasets
import evaluate
from seqeval import metrics as seqeval_metrics

from token_classification.data.schemes import OUTSIDE, Scheme, Tags
from token_classification.scoring.strict_entities import SEQEVAL_SCHEMES, keep_legal, respell_as_iobes


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
            predictions, references = respell_as_iobes(predictions), respell_as_iobes(references)
        lenient = _report(references, predictions)
        strict = _report(references, keep_legal(predictions, scheme), mode="strict", scheme=SEQEVAL_SCHEMES[scheme])
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
