"""What a calibrated model promises and what it keeps: on data with gold tags, or as far as scores alone tell."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from token_classification.data.labels import LabelSet
from token_classification.data.levels import Labels
from token_classification.data.load import Corpus, describe_files
from token_classification.errors import UserError
from token_classification.inference.calibration_record import Calibration, describe_drift, open_calibration
from token_classification.inference.outcomes import SplitOutcomes, collect_outcomes
from token_classification.scoring.drift import count_scores
from token_classification.scoring.evaluate import SplitResults

logger = logging.getLogger(__name__)


def compare_promises(
    model: Path, backend: str, decoder: str, corpus: Corpus, labels: Labels, results: Mapping[str, SplitResults]
) -> None:
    """Log what the calibration of a model promises beside what it keeps on each split; nothing if it has none.

    Args:
        model: The folder of the model.
        backend: What it ran with.
        decoder: How its tags were chosen.
        corpus: The splits.
        labels: What the model knows.
        results: What it makes of the splits.
    """
    if not isinstance(labels, LabelSet):
        return
    try:
        calibration = open_calibration(model, backend, decoder)
    except UserError as error:
        logger.warning("%s", error)
        return
    if calibration is None:
        return
    about = describe_files(corpus)
    for split, result in results.items():
        fitted = calibration.notes.get("data", {})
        if fitted and all(about[split].get(name) == value for name, value in fitted.items()):
            continue  # it was fitted on that
        gold = corpus.splits[split].tags
        # Without gold tags only the scores are looked at.
        outcomes = collect_outcomes(result.tags if gold is None else gold, result.tags, result.scores, labels)
        if len(outcomes.entities.scores):
            compare_split(calibration, corpus.sources[split], outcomes, has_gold=gold is not None)


def compare_split(calibration: Calibration, source: str, outcomes: SplitOutcomes, *, has_gold: bool) -> None:
    """Log what a calibration promises beside what it keeps on a split."""
    scores = calibration.entities.apply(outcomes.entities)
    drift = describe_drift(calibration, count_scores(scores), source)
    if drift is not None:
        logger.warning("%s", drift)
    if not has_gold:
        return
    right = outcomes.entities.right
    logger.info(
        "%s: by their calibrated scores %.1f %% of %s entities are right; %.1f %% are.",
        source,
        100 * scores.mean(),
        f"{len(scores):,}",
        100 * right.mean(),
    )
    for name, point in calibration.operating_points.items():
        for row in point.notes.get("rows", ()):
            # What is proposed beside the tags is not among these entities.
            if row.get("bound") is None or row.get("proposed") is not None:
                continue
            kind, target = point.notes["kind"], row["target"]
            found = measure_promise(kind, row, scores, outcomes)
            if found is None:
                continue
            say = logger.info if found >= target else logger.warning
            of = "" if row["of"] is None else f" of {row['of']}"
            say("%s: %s promises a %s%s of %g; here it is %.3f.", source, name, kind, of, target, found)


def measure_promise(kind: str, row: Mapping[str, Any], scores: np.ndarray, outcomes: SplitOutcomes) -> float | None:
    """Return the precision or recall above a threshold of an operating point; None: there is nothing to count."""
    of_label = True if row["of"] is None else outcomes.entities.labels == row["of"]
    kept = (scores >= row["threshold"]) & of_label
    gold = outcomes.gold.total() if row["of"] is None else outcomes.gold[row["of"]]
    total = int(kept.sum()) if kind == "precision" else gold
    return float(outcomes.entities.right[kept].sum() / total) if total else None
