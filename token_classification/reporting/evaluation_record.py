"""`report.json`: an evaluation and the course of the training, as plain numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from token_classification.reporting.confusion import DRAWN_TAGS, fill_matrix
from token_classification.reporting.evaluation import Evaluation, checksum_gold
from token_classification.scoring.intervals import CONFIDENCE, REPLICATES, SEED


@dataclass(frozen=True)
class TrainingCourse:
    """What the Trainer logged, as points (optimizer step, value)."""

    losses: list[tuple[float, float]]
    f1: list[tuple[float, float]]

    def __bool__(self) -> bool:
        """Return whether there is a line to draw."""
        return len(self.losses) > 1 or len(self.f1) > 1


def read_course(log_history: Sequence[Mapping[str, float]]) -> TrainingCourse:
    """Pick the training loss and the F1 of evaluations from the Trainer's log; its closing summary has neither."""
    return TrainingCourse(
        losses=[(record["step"], record["loss"]) for record in log_history if "loss" in record],
        f1=[(record["step"], record["eval_f1"]) for record in log_history if "eval_f1" in record],
    )


def build_record(evaluation: Evaluation, course: TrainingCourse) -> dict[str, Any]:
    """Collect everything but the sentences, ready for JSON."""
    split, sentences = evaluation.split, evaluation.split.sentences
    return {
        "model": split.model,
        "split": split.name,
        "source": split.source,
        "sentences": len(sentences),
        "words": sum(map(len, sentences.tokens)),
        "sha256_of_words_and_gold": checksum_gold(sentences),
        "scheme": str(split.scheme),
        "intervals": {
            "method": "percentile bootstrap over sentences",
            "confidence": CONFIDENCE,
            "replicates": REPLICATES,
            "seed": SEED,
        },
        "micro": asdict(evaluation.micro),
        "macro_f1": asdict(evaluation.macro),
        "strict": evaluation.strict and asdict(evaluation.strict),
        "accuracy": asdict(evaluation.accuracy),
        "types": {name: asdict(row) for name, row in evaluation.types.items()},
        "errors": {"total": evaluation.error_totals, "types": evaluation.errors},
        "confusions": [asdict(confusion) for confusion in evaluation.confusions],
        "slices": [
            {"name": part.name, "groups": {name: asdict(row) for name, row in part.groups.items()}}
            for part in evaluation.slices
        ],
        "tags": evaluation.tags,
        "tag_confusions": _describe_confusions(evaluation),
        "training": asdict(course),
    }


def _describe_confusions(evaluation: Evaluation) -> dict[str, Any]:
    """Return the whole matrix, or where many tags make nearly all of it zero, only the pairs that occur."""
    names, confusions = evaluation.tag_names, evaluation.tag_confusions
    if len(names) <= DRAWN_TAGS:
        return {"names": names, "counts": fill_matrix(names, confusions).tolist()}
    return {"names": names, "pairs": [[*pair, number] for pair, number in sorted(confusions.items())]}
