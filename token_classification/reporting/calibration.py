"""A model's scores on labelled data: how far they are probabilities, what makes them so, which thresholds keep what.

`calibrate_split` computes, `write_calibration` leaves `calibration.json` and `calibration.html` in the model's folder.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from token_classification.data.results_folder import claim_files
from token_classification.data.whole_files import write_whole
from token_classification.errors import UserError
from token_classification.inference.calibration_record import (
    CALIBRATION_FILE,
    Calibration,
    read_calibration,
)
from token_classification.inference.export_record import hash_answering_files
from token_classification.inference.outcomes import SplitOutcomes
from token_classification.output_text import make_printable_lines
from token_classification.reporting.promises import BALANCED, Promise, ScoredSplit, find_balance, find_point
from token_classification.reporting.web_page import SHARED, build_web_page
from token_classification.scoring.calibration import (
    LEAST_OUTCOMES,
    RAW_SCORES,
    Fit,
    LabelMaps,
    Reliability,
    fit_maps,
    measure_reliability,
)
from token_classification.scoring.drift import count_scores
from token_classification.text_tables import format_table

logger = logging.getLogger(__name__)

CALIBRATION_PAGE = "calibration.html"
CALIBRATION_FILES = (CALIBRATION_FILE, CALIBRATION_PAGE)
LEAST_ENTITIES = 50
"""Entities that a map is fitted on, at least: an error of calibration is not seen in fewer"""
CURVE_POINTS = 200


@dataclass(frozen=True)
class CalibrationRequest:
    """For what a calibration is fitted, and which operating points it gets besides `balanced`."""

    backend: str
    decoder: str
    model_sha256: str
    data: dict[str, Any]
    """About the labelled data, for the record"""
    promises: Sequence[Promise] = field(default=())


def build_request(
    folder: Path, backend: str, decoder: str, data: dict[str, Any], promises: Sequence[Promise] = ()
) -> CalibrationRequest:
    """Return for what a calibration is fitted: the model as it is in its folder now."""
    return CalibrationRequest(backend, decoder, hash_answering_files(folder), data, promises)


def calibrate_split(outcomes: SplitOutcomes, request: CalibrationRequest) -> Calibration:
    """Fit what makes probabilities of the scores of a split, and find the operating points.

    Raises:
        UserError: too few entities, or a promise that can't be kept.
    """
    entities, words = outcomes.entities, outcomes.words
    if len(entities.scores) < LEAST_ENTITIES or entities.right.all() or not entities.right.any():
        raise UserError(
            f"{request.data['source']}: the model finds {len(entities.scores):,} entities in it, "
            f"{np.count_nonzero(entities.right):,} of which are right; accepted are {LEAST_ENTITIES} and more, right "
            "and wrong ones among them; calibrate on more data"
        )
    fit, word_fit = fit_maps(entities), fit_maps(words, ("raw", "temperature", "platt"))
    proposals = fit_proposals(outcomes)
    scored = ScoredSplit(outcomes, fit.maps.apply(entities), proposals.apply(outcomes.proposals))
    points = {BALANCED: find_balance(scored)}
    points |= {promise.name: find_point(promise, scored) for promise in request.promises}
    notes = {
        "data": request.data,
        "method": fit.method,
        "refused": fit.refused,
        "held_out_log_loss": fit.losses,
        "entities": _describe(
            measure_reliability(entities, entities.scores), measure_reliability(entities, fit.held_out)
        ),
        "words": _describe(measure_reliability(words, words.scores), measure_reliability(words, word_fit.held_out)),
        "proposals": {"count": len(outcomes.proposals.scores), "right": int(outcomes.proposals.right.sum())},
        "types": _count_types(outcomes, fit),
    }
    return Calibration(
        backend=request.backend,
        decoder=request.decoder,
        model_sha256=request.model_sha256,
        entities=fit.maps,
        words=word_fit.maps.shared,
        proposals=proposals,
        operating_points=points,
        notes=notes,
        scores=count_scores(scored.scores),
    )


def fit_proposals(outcomes: SplitOutcomes) -> LabelMaps:
    """Fit what makes probabilities of the marginals of proposals; without right and wrong ones they stay as they are.

    They have maps of their own: a marginal says of all words together how probable it is that they are an entity, the
    score of an entity how probable the tag of one of its words is.
    """
    right = outcomes.proposals.right
    return fit_maps(outcomes.proposals).maps if right.any() and not right.all() else RAW_SCORES


def keep_points(new: Calibration, folder: Path) -> Calibration:
    """Return a calibration with the operating points of an earlier one that are as good as they were."""
    try:
        old = read_calibration(folder)
    except UserError as error:
        logger.warning("The earlier calibration is replaced. %s", error)
        return new
    if old is None:
        return new
    others = {name: point for name, point in old.operating_points.items() if name not in new.operating_points}
    is_same = (old.digest, old.model_sha256, old.backend, old.decoder, old.notes.get("data")) == (
        new.digest,
        new.model_sha256,
        new.backend,
        new.decoder,
        new.notes["data"],
    )
    if others and not is_same:
        logger.warning(
            "Operating points of the earlier calibration are gone, because scores or data are others now: %s.",
            ", ".join(others),
        )
    kept = others if is_same else {}
    return replace(new, operating_points=kept | new.operating_points)


def store_calibration(folder: Path, calibration: Calibration, outcomes: SplitOutcomes) -> Calibration:
    """Write a calibration into the folder of its model, and return it with the operating points that it kept.

    Raises:
        UserError: the folder can't be written to.
    """
    calibration = keep_points(calibration, folder)
    write_calibration(folder, calibration, outcomes)
    return calibration


def write_calibration(folder: Path, calibration: Calibration, outcomes: SplitOutcomes) -> None:
    """Write the record, and the page that shows it.

    Raises:
        UserError: the folder can't be written to.
    """
    claim_files(folder, CALIBRATION_FILES)
    page = {
        **calibration.notes,
        "backend": calibration.backend,
        "decoder": calibration.decoder,
        "points": {name: asdict(point) for name, point in calibration.operating_points.items()},
        "curve": _draw_curve(calibration, outcomes),
        "tagged": float(outcomes.entities.right.sum() / outcomes.gold.total()),
    }
    write_whole(folder / CALIBRATION_PAGE, build_web_page(SHARED, "calibration", "Calibration report", page).text)
    write_whole(folder / CALIBRATION_FILE, calibration.dump())


def format_calibration(calibration: Calibration) -> str:
    """Return a table of errors before and after, and the operating points, for the terminal."""
    rows = [["", "", "ECE", "95 % interval", "Brier", "AUC"]]
    for name in ("entities", "words"):
        for when in ("before", "after"):
            row = calibration.notes[name][when]
            ece, auc = row["ece"], row["auc"]
            rows.append(
                [
                    name,
                    when,
                    f"{ece['value']:.3f}",
                    f"{ece['low']:.3f} to {ece['high']:.3f}",
                    f"{row['brier']['value']:.4f}",
                    "" if auc is None else f"{auc:.3f}",
                ]
            )
    points = [["operating point", "precision", "recall", "promised", "threshold"]]
    for name, point in calibration.operating_points.items():
        points += [
            [
                name if place == 0 else "",
                f"{row['precision']:.3f}",
                f"{row['recall']:.3f}",
                _name_promise(point.notes["kind"], row),
                f"{row['threshold']:.3f}"
                if row.get("proposed") is None
                else f"0, beside the tags {row['proposed']:.3f}",
            ]
            for place, row in enumerate(point.notes["rows"])
        ]
    tables = format_table(rows, left=(0, 1)), format_table(points, left=(0, 3))
    return make_printable_lines("\n\n".join([f"Map: {calibration.notes['method']}", *tables]))


def _name_promise(kind: str, row: Mapping[str, Any]) -> str:
    if row["bound"] is None:
        return ""
    return f"{kind} {row['target']:g}" if row["of"] is None else f"{kind} {row['of']}={row['target']:g}"


def tell_fallbacks(calibration: Calibration) -> None:
    """Say which labels have no map of their own, and what was not accepted."""
    notes = calibration.notes
    if notes["refused"]:
        logger.warning("%s: not accepted, because it would reverse the order of scores.", ", ".join(notes["refused"]))
    if notes["method"] == "raw":
        logger.warning("No map is better than the scores as they are: they stay.")
    shared = [label for label, counts in notes["types"].items() if counts["gold"] and not counts["own_map"]]
    if notes["method"] == "platt_by_type" and shared:
        logger.warning(
            "The map of all entities is used for %s: a map of their own needs %s right and %s wrong entities.",
            ", ".join(shared),
            LEAST_OUTCOMES,
            LEAST_OUTCOMES,
        )


def _describe(before: Reliability, after: Reliability) -> dict[str, Any]:
    return {"before": asdict(before), "after": asdict(after)}


def _count_types(outcomes: SplitOutcomes, fit: Fit) -> dict[str, dict[str, Any]]:
    entities = outcomes.entities
    labels = sorted(set(outcomes.gold) | set(entities.labels.tolist()))
    return {
        label: {
            "gold": outcomes.gold[label],
            "predicted": int((entities.labels == label).sum()),
            "right": int(entities.right[entities.labels == label].sum()),
            "own_map": label in fit.maps.own,
        }
        for label in labels
    }


def _draw_curve(calibration: Calibration, outcomes: SplitOutcomes) -> list[list[float]]:
    """Return threshold, precision and recall at some thresholds, highest first, of what the tags mark.

    Behind all of that follow the thresholds of what may be proposed beside it.
    """
    sides = (
        (calibration.entities.apply(outcomes.entities), outcomes.entities),
        (calibration.proposals.apply(outcomes.proposals), outcomes.proposals),
    )
    curve, hits, kept = [], 0, 0
    for scores, side in sides:
        order = np.argsort(-scores, kind="stable")
        right = np.cumsum(side.right[order])
        for place in np.unique(np.linspace(0, len(order) - 1, CURVE_POINTS).astype(np.int64)) if len(order) else ():
            found = float(right[place] + hits)
            curve.append([float(scores[order[place]]), found / (place + 1 + kept), found / outcomes.gold.total()])
        hits, kept = hits + int(side.right.sum()), kept + len(order)
    return curve
