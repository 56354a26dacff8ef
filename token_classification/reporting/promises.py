"""Operating points on a labelled split: thresholds that keep what was promised, or a message that none do."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np

from token_classification.errors import UserError
from token_classification.inference.calibration_record import OperatingPoint
from token_classification.inference.outcomes import SplitOutcomes
from token_classification.scoring.operating_points import (
    Choice,
    OutOfReach,
    find_balanced,
    find_complete,
    find_precise,
)

Kind = Literal["precision", "recall"]
BALANCED = "balanced"


@dataclass(frozen=True)
class Promise:
    """What an operating point is to keep."""

    name: str
    """Of the operating point"""
    kind: Kind
    target: float | Mapping[str, float]
    """Least share: of all entities together, or label -> that of its entities"""


@dataclass(frozen=True)
class ScoredSplit:
    """The answers to a labelled split with calibrated scores."""

    outcomes: SplitOutcomes
    scores: np.ndarray
    """float64, (n,): of the entities that the tags mark"""
    proposal_scores: np.ndarray
    """float64, (n,): of the entities that may be proposed beside them"""


def find_balance(split: ScoredSplit) -> OperatingPoint:
    """Find the threshold of the highest F1."""
    outcomes = split.outcomes
    choice = find_balanced(split.scores, outcomes.entities, outcomes.gold.total())
    return OperatingPoint(
        dict.fromkeys(outcomes.labels, choice.threshold), {"kind": "f1", "rows": [_note(choice, None, None)]}
    )


def find_point(promise: Promise, split: ScoredSplit) -> OperatingPoint:
    """Find the thresholds that keep a promise.

    Raises:
        UserError: there are none.
    """
    outcomes, target = split.outcomes, promise.target
    if not isinstance(target, Mapping):
        choice = _search(promise, None, target, split)
        choices = dict.fromkeys(outcomes.labels, choice)
        rows = [_note(choice, None, target)]
    else:
        unknown = sorted(set(target) - set(outcomes.labels))
        if unknown:
            raise UserError(
                f"min_{promise.kind} {unknown[0]}: the model has no such label; accepted are "
                f"{', '.join(outcomes.labels)}."
            )
        choices = {label: _search(promise, label, share, split) for label, share in target.items()}
        rows = [_note(choice, label, target[label]) for label, choice in choices.items()]
    return OperatingPoint(
        {label: choice.threshold for label, choice in choices.items()},
        {"kind": promise.kind, "rows": rows},
        {label: choice.proposed for label, choice in choices.items() if choice.proposed is not None},
    )


def _note(choice: Choice, label: str | None, target: float | None) -> dict[str, Any]:
    return asdict(choice) | {"of": label, "target": target}


def _search(promise: Promise, label: str | None, target: float, split: ScoredSplit) -> Choice:
    """Find the threshold for the entities of a label; None: for all of them.

    Raises:
        UserError: there is none.
    """
    outcomes = split.outcomes
    entities, proposals = outcomes.entities, replace(outcomes.proposals, scores=split.proposal_scores)
    scores, gold = split.scores, outcomes.gold.total()
    if label is not None:
        chosen, gold = entities.labels == label, outcomes.gold[label]
        scores, entities = scores[chosen], entities.select(chosen)
        proposals = proposals.select(proposals.labels == label)
    if promise.kind == "precision":
        found, beside = find_precise(scores, entities, gold, target), ""
    else:
        found = find_complete(scores, entities, gold, target, proposals)
        beside = f", {int(proposals.right.sum()):,} more proposed beside them"
    if isinstance(found, OutOfReach):
        name = f"{target:g}" if label is None else f"{label}={target:g}"
        raise UserError(
            f"min_{promise.kind} {name}: can't be promised with a confidence of 95 % ({gold:,} entities to find, "
            f"{len(scores):,} found, {int(entities.right.sum()):,} right{beside}); accepted is at most "
            f"{math.floor(found.best * 1000) / 1000}; type that, or calibrate on more data"
        )
    return found
