"""`calibration.json`: what makes probabilities of a model's scores, and its operating points.

Like the model's folder, it may come from strangers.
"""

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from token_classification.errors import UserError
from token_classification.inference.export_record import hash_answering_files
from token_classification.output_text import dump_json, make_printable, quote_path
from token_classification.scoring.calibration import RAW, RAW_SCORES, LabelMaps, ScoreMap
from token_classification.scoring.drift import SCORE_BINS, find_drift

logger = logging.getLogger(__name__)

CALIBRATION_FILE = "calibration.json"


@dataclass(frozen=True)
class OperatingPoint:
    """Thresholds under a name."""

    thresholds: dict[str, float]
    """Label -> lowest score"""
    notes: dict[str, Any] = field(default_factory=dict)
    """For people: what was promised, and what remained above the thresholds"""
    proposals: dict[str, float] = field(default_factory=dict)
    """Label -> lowest score of entities that are proposed below the winning tags; of other labels none are"""


@dataclass(frozen=True)
class Calibration:
    """What was fitted for a model as it is in its folder, with one backend and one decoder."""

    backend: str
    decoder: str
    model_sha256: str
    """Checksum of the files on which the model's answers depend"""
    entities: LabelMaps
    words: ScoreMap
    proposals: LabelMaps = RAW_SCORES
    """What makes scores of the marginals of proposals"""
    operating_points: dict[str, OperatingPoint] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    """For people: the data, the method, how many entities, errors before and after"""
    scores: Sequence[int] = ()
    """How many entities of the data have which calibrated score (`count_scores`); empty: an earlier version's"""

    @property
    def digest(self) -> str:
        """Short checksum of the maps: answers of the same model differ where it does."""
        maps = [asdict(self.entities), asdict(self.words)]
        maps += [] if self.proposals == RAW_SCORES else [asdict(self.proposals)]
        return hashlib.sha256(json.dumps(maps, sort_keys=True).encode()).hexdigest()[:8]

    def dump(self) -> str:
        """Return the content of `calibration.json`."""
        return dump_json(
            {
                "backend": self.backend,
                "decoder": self.decoder,
                "model_sha256": self.model_sha256,
                "entities": _dump_maps(self.entities),
                "words": asdict(self.words),
                "proposals": _dump_maps(self.proposals),
                "operating_points": {name: asdict(point) for name, point in self.operating_points.items()},
                "scores": list(self.scores),
                "notes": self.notes,
            }
        )


UNCALIBRATED = Calibration("", "", "", RAW_SCORES, RAW)


def open_calibration(folder: Path, backend: str, decoder: str) -> Calibration | None:
    """Read the calibration of a model that runs with a backend and a decoder; None: there is none that fits.

    Raises:
        UserError: the file is broken.
    """
    calibration = read_calibration(folder)
    if calibration is None:
        return None
    reason = None
    if (calibration.backend, calibration.decoder) != (backend, decoder):
        reason = f"fitted for {calibration.backend} and {calibration.decoder}, not for {backend} and {decoder}"
    elif calibration.model_sha256 != hash_answering_files(folder):
        reason = "fitted for another model than the one that is in this folder now"
    if reason is None:
        return calibration
    logger.warning(
        "%s: %s, so scores are not calibrated; fit it again: token_classification calibrate",
        folder / CALIBRATION_FILE,
        reason,
    )
    return None


def describe_drift(calibration: Calibration, counts: Sequence[int], source: str) -> str | None:
    """Say that scores are spread otherwise than on the data of a calibration, and what to do; None: they are not.

    Args:
        calibration: That of the model.
        counts: Of the calibrated scores of the entities in some texts, see `count_scores`.
        source: Where the texts are from.
    """
    drift = find_drift(calibration.scores, counts) if calibration.scores else None
    if drift is None:
        return None
    fitted = make_printable(str(calibration.notes.get("data", {}).get("source", "the data of the calibration")))
    return (
        f"{source}: scores are spread otherwise than on {fitted}, on which they were calibrated (distance "
        f"{drift.distance:.2f}; {drift.mean_here:.2f} on average instead of {drift.mean_there:.2f}), so promised "
        "precision and recall may not hold; with labelled texts of this kind: token_classification calibrate -m MODEL "
        "--data FILE"
    )


def find_operating_point(model: str, calibration: Calibration | None, name: str) -> OperatingPoint:
    """Return an operating point of a model.

    Raises:
        UserError: it has none of that name.
    """
    points = {} if calibration is None else calibration.operating_points
    if name in points:
        return points[name]
    found = f"accepted are {', '.join(points)}" if points else "the model has no operating points"
    raise UserError(
        f"operating_point {make_printable(name)}: {found}; to find them on labelled data: "
        f"token_classification calibrate -m {quote_path(model)}"
    )


def read_calibration(folder: Path) -> Calibration | None:
    """Read `calibration.json`; None if the folder has none.

    Raises:
        UserError: the file is broken.
    """
    path = folder / CALIBRATION_FILE
    if not path.is_file():
        return None
    try:
        return _build(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        problem = make_printable(f"{type(error).__name__}: {error!s:.200}")
        raise UserError(
            f"{path}: not a calibration ({problem}); accepted: the file as `token_classification calibrate` wrote it; "
            "calibrate again, or delete it to get scores as the model gives them"
        ) from None


def _build(content: Mapping[str, Any]) -> Calibration:
    points = {str(name): _read_point(point) for name, point in content["operating_points"].items()}
    notes = dict(content["notes"])
    dict(notes.get("data", {}))
    return Calibration(
        backend=str(content["backend"]),
        decoder=str(content["decoder"]),
        model_sha256=str(content["model_sha256"]),
        entities=_read_maps(content["entities"]),
        words=_read_map(content["words"]),
        proposals=_read_maps(content["proposals"]) if "proposals" in content else RAW_SCORES,
        operating_points=points,
        notes=notes,
        scores=_read_counts(content.get("scores", [])),
    )


def _read_maps(content: Mapping[str, Any]) -> LabelMaps:
    return LabelMaps(
        _read_map(content["shared"]), {str(label): _read_map(one) for label, one in content["own"].items()}
    )


def _read_point(content: Mapping[str, Any]) -> OperatingPoint:
    notes = dict(content["notes"])
    for row in notes.get("rows", ()):
        if row.get("bound") is not None:
            _read_share(row["target"])
            _read_share(row["threshold"])
            if notes["kind"] not in ("precision", "recall") or not isinstance(row["of"], str | None):
                raise ValueError(f"{notes['kind']!r:.30} of {row['of']!r:.30}: accepted are precision and recall")
    return OperatingPoint(_read_shares(content["thresholds"]), notes, _read_shares(content.get("proposals", {})))


def _read_map(content: Mapping[str, Any]) -> ScoreMap:
    slope, offset = _read_number(content["slope"]), _read_number(content["offset"])
    if slope <= 0:
        raise ValueError(f"slope {slope}: accepted is a positive number, which keeps the order of scores")
    return ScoreMap(slope, offset)


def _read_shares(content: Mapping[str, Any]) -> dict[str, float]:
    return {str(label): _read_share(value) for label, value in content.items()}


def _read_share(value: object) -> float:
    share = _read_number(value)
    if not 0 <= share <= 1:
        raise ValueError(f"threshold {share}: accepted is a number from 0 to 1")
    return share


def _read_counts(content: object) -> list[int]:
    if isinstance(content, list) and len(content) in (0, SCORE_BINS):
        counts = [count for count in content if type(count) is int and count >= 0]
        if counts == content:
            return counts
    raise ValueError(f"scores {content!r:.60}: accepted are {SCORE_BINS} counts")


def _read_number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise ValueError(f"{value!r:.60}: accepted is a number")
    return float(value)


def _dump_maps(maps: LabelMaps) -> dict[str, Any]:
    return {
        "shared": asdict(maps.shared),
        "own": {label: asdict(score_map) for label, score_map in maps.own.items()},
    }
