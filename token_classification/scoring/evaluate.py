"""From the predictions of a split to its results: tags, scores and the ledger of its words."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np

from token_classification.alignment.align import AlignedSplit
from token_classification.data.labels import LabelSet
from token_classification.data.levels import LabelLevels, Labels
from token_classification.scoring.metrics import Row, flatten_scores, score_tags, type_scores
from token_classification.scoring.nested import score_levels, score_loosely
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
    levels: dict[str, "SplitResults"] = field(default_factory=dict)
    """Level of nested entities -> its results. `tags` and `scores` are then theirs alone, and the metrics those of all
    levels together, with those of each under `{level}_f1` ..."""
    log_probabilities: np.ndarray | None = None
    """float32, (words, labels): those of all labels, if the prediction loop kept them"""


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
    counted = metrics | _count(split)
    return SplitResults(tags, predictions.scores, counted, types, log_probabilities=predictions.log_probabilities)


def evaluate_levels(
    predictions: Sequence[WordPredictions], split: AlignedSplit, labels: Labels, with_types: bool = False
) -> SplitResults:
    """Name the predicted labels of each level and score them against its gold tags, and all levels together.

    Args:
        predictions: Those of each level.
        split: Of a model with one level, or with `levels`.
        labels: The labels of the model.
        with_types: As in `evaluate_split`.
    """
    if not isinstance(labels, LabelLevels):
        [only] = predictions
        return evaluate_split(only, split, labels, with_types)
    levels = {
        name: evaluate_split(found, split.levels[name], level, with_types)
        for (name, level), found in zip(labels.sets.items(), predictions, strict=True)
    }
    counts = _count(split)
    metrics: dict[str, float | int] = {}
    types: dict[str, Row] = {}
    gold = {name: level.gold for name, level in split.levels.items() if level.gold is not None}
    if gold:
        tags = {name: results.tags for name, results in levels.items()}
        scores = score_levels(gold, tags, labels.scheme)
        types = type_scores(scores)
        metrics = flatten_scores(scores, with_types) | score_loosely(gold, tags)
        losses = [results.metrics["loss"] for results in levels.values() if "loss" in results.metrics]
        metrics |= {"loss": sum(losses)} if losses else {}
    for level, results in levels.items():
        metrics |= {f"{level}_{name}": value for name, value in results.metrics.items() if name not in counts}
    return SplitResults([], np.zeros(0, dtype=np.float32), metrics | counts, types, levels)


def name_results(results: Mapping[str, SplitResults]) -> dict[str, SplitResults]:
    """Name the results of splits for tables: `test`, and with levels `test, outer` ... behind it."""
    named = {}
    for split, result in results.items():
        named[split] = result
        named |= {name_level(split, level): own for level, own in result.levels.items()}
    return named


def name_level(split: str, level: str) -> str:
    """Name a level of a split for people; that of a single one is empty."""
    return f"{split}, {level}" if level else split


def _count(split: AlignedSplit) -> dict[str, int]:
    """Count the sentences and words of a split, under the names of the result files."""
    counts = {name.replace("sub_tokens", "subtokens"): count for name, count in asdict(split.ledger).items()}
    return counts | {"samples": len(split.sentence_starts) - 1}
