"""From the predictions of a split to its results: tags, scores and the ledger of its words."""

from dataclasses import asdict, dataclass

import numpy as np

from token_classification.alignment.align import AlignedSplit
from token_classification.data.labels import LabelSet
from token_classification.scoring.metrics import Row, flatten_scores, score_tags, type_scores
from token_classification.scoring.predict import WordPredictions, name_predictions


@dataclass(frozen=True)
class SplitResults:
    """What a model makes of a split."""

    tags: list[list[str]]
    """Predicted tags: one per word, a list per sentence, in input order"""
    scores: np.ndarray
    """float32, (words,): probability of each predicted tag"""
    metrics: dict[str, float | int]
    """Result name without prefix (`f1`, `loss`, `words` ...) -> plain number"""
    types: dict[str, Row]
    """Entity type (or plain tag) -> precision, recall, f1, number; empty without gold"""


def evaluate_split(
    predictions: WordPredictions, split: AlignedSplit, label_set: LabelSet, with_types: bool = False
) -> SplitResults:
    """Name the predicted labels and score them against all of the gold tags."""
    tags = name_predictions(predictions, label_set.names, split.sentence_starts)
    metrics: dict[str, float | int] = {}
    types: dict[str, Row] = {}
    if split.gold is not None:
        scores = score_tags(split.gold, tags, label_set.scheme)
        types = type_scores(scores)
        metrics = flatten_scores(scores, with_types)
        if predictions.loss is not None:
            metrics["loss"] = predictions.loss
    if predictions.repaired is not None:
        metrics["illegal_sequences_repaired"] = predictions.repaired
    counts = {name.replace("sub_tokens", "subtokens"): count for name, count in asdict(split.ledger).items()}
    return SplitResults(tags, predictions.scores, metrics | counts | {"samples": len(tags)}, types)
