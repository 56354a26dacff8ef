"""The trials as a picture (SVG): the score of each, and over each setting."""

from collections.abc import Mapping, Sequence
from html import escape
from math import log10

Point = tuple[int, float | None, str, Mapping[str, int | float]]
"""A trial: its number, its F1, how it ended, its settings"""
WIDTH, HEIGHT, LEFT, BELOW, GAP = 300, 190, 46, 36, 16
COLUMNS = 2
SCORED_COLOR, OTHER_COLOR = "#2f5fb3", "#b9bec6"
STYLE = "text{font:11px system-ui,sans-serif;fill:#5f6873}.title{font-weight:600;fill:#1f2328}line{stroke:#e3e4e0}"
DECADES = 1.0
"""Settings whose values span more powers of ten than this are drawn on a logarithmic axis"""


def draw_trials(trials: Sequence[Point]) -> str:
    """Draw a panel with the trials in order, and one for each setting that was searched."""
    points = [(number, 100 * f1, ended, settings) for number, f1, ended, settings in trials if f1 is not None]
    names = list(dict.fromkeys(name for *_, settings in points for name in settings))
    panels = [_draw_panel("trial", [(number, f1, ended) for number, f1, ended, _ in points])]
    panels += [
        _draw_panel(name, [(settings[name], f1, ended) for _, f1, ended, settings in points if name in settings])
        for name in names
    ]
    rows = -(-len(panels) // COLUMNS)
    placed = (
        f'<g transform="translate({place % COLUMNS * (WIDTH + GAP)} {place // COLUMNS * (HEIGHT + GAP)})">{panel}</g>'
        for place, panel in enumerate(panels)
    )
    width, height = COLUMNS * (WIDTH + GAP), rows * (HEIGHT + GAP)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="F1 on the validation data"><style>{STYLE}</style><rect width="100%" height="100%" fill="#fff"/>'
        f"{''.join(placed)}</svg>\n"
    )


def _draw_panel(title: str, points: Sequence[tuple[float, float, str]]) -> str:
    """Draw scores over values; trials without a final score are grey, and at that of their last epoch."""
    parts = [f'<text class="title" x="{LEFT}" y="14">{escape(title)}</text>']
    if not points:
        return "".join(parts)
    values, scores = [value for value, *_ in points], [score for _, score, _ in points]
    is_log = min(values) > 0 and log10(max(values) / min(values)) > DECADES
    places = [log10(value) if is_log else value for value in values]
    for score in dict.fromkeys((min(scores), max(scores))):
        y = _scale(score, scores, HEIGHT - BELOW, 26)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{score:.1f}</text>')
    for value, place, anchor in ((min(values), min(places), "start"), (max(values), max(places), "end")):
        x = _scale(place, places, LEFT + 8, WIDTH - 8)
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 12}" text-anchor="{anchor}">{value:g}</text>')
    for place, (_, score, ended) in sorted(
        zip(places, points, strict=True), key=lambda point: point[1][2] == "scored"
    ):
        x, y = _scale(place, places, LEFT + 8, WIDTH - 8), _scale(score, scores, HEIGHT - BELOW, 26)
        color = SCORED_COLOR if ended == "scored" else OTHER_COLOR
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{color}"><title>{score:.2f}</title></circle>')
    return "".join(parts)


def _scale(value: float, values: Sequence[float], low: float, high: float) -> float:
    """Place a value between two ends; where all are the same, in the middle."""
    least, span = min(values), max(values) - min(values)
    return low + (high - low) * ((value - least) / span if span else 0.5)
