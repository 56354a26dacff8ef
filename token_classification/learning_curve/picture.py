"""The learning curve as a picture, in the look of the reports, light or dark as the reader's system is."""

import math

from token_classification.learning_curve.fit import LearningCurve
from token_classification.scoring.intervals import Score

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 56, 32, 16, 48
STYLE = """
  text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; fill: #5f6873; }
  .page { fill: #fbfbf9; } .grid { stroke: #e3e4e0; } .law, .range { stroke: #2f5fb3; fill: none; stroke-width: 2; }
  .ahead { stroke-dasharray: 5 4; } .band { fill: #2f5fb3; opacity: .14; } .point { fill: #2f5fb3; }
  @media (prefers-color-scheme: dark) {
    text { fill: #99a1ac; } .page { fill: #16181c; } .grid { stroke: #31353c; } .law, .range { stroke: #86aef2; }
    .band, .point { fill: #86aef2; }
  }
"""


class Axes:
    """Places of sizes (logarithmic) and of scores."""

    def __init__(self, curve: LearningCurve) -> None:
        scores = [score for _, score in curve.course] + [point.f1 for point in curve.points]
        self.lowest = math.floor(20 * min(score.low for score in scores)) / 20
        self.highest = max(math.ceil(20 * max(score.high for score in scores)) / 20, self.lowest + 0.05)
        self.smallest, self.largest = curve.course[0][0], curve.course[-1][0]

    def x(self, size: float) -> float:
        """Return the place of a size."""
        share = math.log(size / self.smallest) / math.log(self.largest / self.smallest)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, score: float) -> float:
        """Return the place of a score."""
        share = (score - self.lowest) / (self.highest - self.lowest)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    def list_ticks(self) -> list[float]:
        """Return scores to mark: about five, with steps of 1, 2, 5, 10 or 20 points."""
        step = next(one for one in (1, 2, 5, 10, 20) if 100 * (self.highest - self.lowest) / one <= 6 or one == 20)
        first = math.ceil(round(100 * self.lowest / step, 6))
        return [place * step / 100 for place in range(first, int(round(100 * self.highest / step, 6)) + 1)]


def draw_picture(curve: LearningCurve) -> str:
    """Draw the points with their intervals, and the law with its own, as SVG."""
    axes = Axes(curve)
    known = curve.points[-1].sentences
    before = [(size, score) for size, score in curve.course if size <= known]
    ahead = [(size, score) for size, score in curve.course if size > known]
    edge = before[-1:] + ahead
    title = f"F1 over training sentences, and what {curve.more:,} more should bring"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">',
        f"<title>{title}</title>",
        f"<style>{STYLE}</style>",
        f'<rect class="page" width="{WIDTH}" height="{HEIGHT}"/>',
        *_draw_scales(axes, curve),
        f'<polygon class="band" points="{_outline(axes, curve.course)}"/>',
        f'<polyline class="law" points="{_line(axes, before)}"/>',
        f'<polyline class="law ahead" points="{_line(axes, edge)}"/>',
        *(_draw_point(axes, point.sentences, point.f1) for point in curve.points),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _draw_scales(axes: Axes, curve: LearningCurve) -> list[str]:
    parts = []
    for score in axes.list_ticks():
        y = axes.y(score)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{100 * score:.0f}</text>')
    sizes = [point.sentences for point in curve.points] + [round(curve.course[-1][0])]
    last = -math.inf
    for size in sizes:
        x = axes.x(size)
        if x - last > 44:
            parts.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{size:,}</text>')
            last = x
    parts.append(
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 8}" text-anchor="middle">training sentences (logarithmic)</text>'
    )
    parts.append(
        f'<text x="14" y="{HEIGHT / 2}" transform="rotate(-90 14 {HEIGHT / 2})" text-anchor="middle">F1</text>'
    )
    return parts


def _draw_point(axes: Axes, size: int, score: Score) -> str:
    x = axes.x(size)
    value = f"{100 * score.value:.2f} ({100 * score.low:.2f} .. {100 * score.high:.2f})"
    return (
        f'<g><title>{size:,} sentences: {value}</title><line class="range" x1="{x:.1f}" x2="{x:.1f}" '
        f'y1="{axes.y(score.low):.1f}" y2="{axes.y(score.high):.1f}"/>'
        f'<circle class="point" cx="{x:.1f}" cy="{axes.y(score.value):.1f}" r="5"/></g>'
    )


def _line(axes: Axes, course: list[tuple[float, Score]]) -> str:
    return " ".join(f"{axes.x(size):.1f},{axes.y(score.value):.1f}" for size, score in course)


def _outline(axes: Axes, course: tuple[tuple[float, Score], ...]) -> str:
    upper = [f"{axes.x(size):.1f},{axes.y(score.high):.1f}" for size, score in course]
    lower = [f"{axes.x(size):.1f},{axes.y(score.low):.1f}" for size, score in course]
    return " ".join(upper + lower[::-1])
