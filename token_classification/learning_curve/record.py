"""The learning curve as a table and as JSON."""

from dataclasses import asdict

from token_classification.learning_curve.fit import REPLICATES, LearningCurve
from token_classification.learning_curve.points import CurveSettings
from token_classification.scoring.intervals import CONFIDENCE, SEED, Score
from token_classification.text_tables import format_table

LAW = "F1(n) = ceiling - loss * n^-exponent, by least squares (Figueroa et al. 2012)"


def format_curve(curve: LearningCurve) -> str:
    """Format the points and the answer, in percent."""
    seeds = range(1, len(curve.points[0].by_seed) + 1)
    rows = [["sentences", "F1", "+-", f"{CONFIDENCE:.0%} interval", *(f"seed {seed}" for seed in seeds)]]
    for point in curve.points:
        values = [f"{100 * value:.2f}" for value in (point.f1.value, point.deviation)]
        interval = f"{100 * point.f1.low:.2f} .. {100 * point.f1.high:.2f}"
        rows.append([f"{point.sentences:,}", *values, interval, *(f"{100 * value:.2f}" for value in point.by_seed)])
    return "\n".join(
        [
            format_table(rows, left=()),
            "",
            f"{LAW}: ceiling {100 * curve.law.ceiling[0]:.1f}, exponent {curve.law.exponent[0]:.2f}",
            f"{curve.more:,} more sentences should bring {describe_gain(curve.gain)}.",
        ]
    )


def describe_gain(gain: Score) -> str:
    """Return what more sentences should bring: `1.20 points of F1 (95 % interval 0.30 .. 2.10)`."""
    low, high = 100 * gain.low, 100 * gain.high
    return f"{100 * gain.value:.2f} points of F1 ({CONFIDENCE:.0%} interval {low:.2f} .. {high:.2f})"


def build_record(curve: LearningCurve, settings: CurveSettings, files: dict[str, str]) -> dict[str, object]:
    """Build the curve for JSON, scores as fractions.

    Args:
        curve: The curve.
        settings: What it was measured with.
        files: Split -> path of its file.
    """
    law = {name: getattr(curve.law, name).item() for name in ("ceiling", "loss", "exponent")}
    return {
        **files,
        "model": settings.encoder,
        "settings": dict(settings.recipe),
        "points": [asdict(point) for point in curve.points],
        "law": {"form": LAW, **law},
        "more": {"sentences": curve.more, "gain": asdict(curve.gain)},
        "intervals": {"confidence": CONFIDENCE, "replicates": REPLICATES, "seed": SEED},
    }
