"""The confusion matrix as a picture: which tag was taken for which."""

import logging
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import chain
from pathlib import Path

import numpy as np

from token_classification.data.schemes import Tags, order_tags
from token_classification.output_text import make_printable

logger = logging.getLogger(__name__)

CELL_INCHES = 0.45
"""Side of a cell: wide enough for its number in small print, however many tags there are"""
SMALLEST_INCHES = 4.0
DPI = 100
SMALLEST_SHARE = 0.005
"""Smaller shares would read 0.00 and clutter the picture"""
DRAWN_TAGS = 100
"""A matrix of more tags can no longer be read as a picture (and one of a thousand takes gigabytes)"""
DARK = 0.5
"""Cells above this share of the scale get white numbers"""


def name_confusion_matrix(normalize: bool, when: datetime) -> str:
    """Return the file name of a confusion matrix, with the time at which it was made."""
    kind = "Normalized_Confusion_matrix" if normalize else "Confusion_matrix"
    return f"{kind}_{when:%Y%m%d-%H%M%S}.png"


def count_confusions(gold: Tags, predicted: Tags) -> tuple[list[str], Counter[tuple[int, int]]]:
    """Count which tag was predicted for which.

    Returns:
        The tags that occur on either side, `O` first, then sorted; and how often each pair of them occurs: (place of
        the gold tag, place of the predicted one) -> words.
    """
    names = order_tags(chain.from_iterable([*gold, *predicted]))
    places = {name: place for place, name in enumerate(names)}
    counts: Counter[tuple[str, str]] = Counter()
    for gold_tags, predicted_tags in zip(gold, predicted, strict=True):
        counts.update(zip(gold_tags, predicted_tags, strict=True))
    return names, Counter({(places[tag], places[other]): number for (tag, other), number in counts.items()})


def fill_matrix(names: Sequence[str], counts: Mapping[tuple[int, int], int]) -> np.ndarray:
    """Return all counts as a matrix, int64 (gold, predicted), with as many cells as tags times tags."""
    matrix = np.zeros((len(names), len(names)), dtype=np.int64)
    for pair, number in counts.items():
        matrix[pair] = number
    return matrix


def normalize_rows(matrix: np.ndarray) -> np.ndarray:
    """Turn counts into shares of their row, float64; a row without words stays 0."""
    return matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)


def can_draw(names: Collection[str]) -> bool:
    """Return whether a picture can show so many tags; where it can't, the log says so."""
    if len(names) > DRAWN_TAGS:
        logger.warning(
            "No picture of the confusion matrix: %s tags, and it shows no more than %s.", f"{len(names):,}", DRAWN_TAGS
        )
    return len(names) <= DRAWN_TAGS


def draw_confusion_matrix(gold: Tags, predicted: Tags, path: Path, normalize: bool = True) -> Path:
    """Draw the confusion matrix into a PNG file: rows are the true labels, columns the predicted ones.

    Args:
        gold: Tags of each sentence; no more different ones than `can_draw` allows.
        predicted: As many tags for each sentence.
        path: The file; its folder exists.
        normalize: Draw shares of each row instead of counts. Cells that would read 0 have no number.

    Returns:
        `path`.
    """
    # Imported here because matplotlib is an extra, which counting does not need.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names, counts = count_confusions(gold, predicted)
    matrix = fill_matrix(names, counts)
    values = normalize_rows(matrix) if normalize else matrix
    side = max(SMALLEST_INCHES, CELL_INCHES * len(names) + 2)
    figure = Figure(figsize=(side + 1, side), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    scale_end = 1.0 if normalize else max(int(matrix.max(initial=0)), 1)
    image = axes.imshow(values, cmap="Blues", vmin=0, vmax=scale_end)
    figure.colorbar(image, ax=axes, fraction=0.03)
    # Tags are text, even where they look like TeX.
    names = [*map(make_printable, names)]
    axes.set_xticks(range(len(names)), names, rotation=90, parse_math=False)
    axes.set_yticks(range(len(names)), names, parse_math=False)
    axes.set(xlabel="Predicted", ylabel="True", title=f"{'Normalized confusion' if normalize else 'Confusion'} matrix")
    for row, column in zip(*np.nonzero(values >= (SMALLEST_SHARE if normalize else 1)), strict=True):
        value = values[row, column]
        text = f"{value:.2f}" if normalize else shorten_count(value)
        color = "white" if value > DARK * scale_end else "black"
        axes.text(column, row, text, ha="center", va="center", color=color, fontsize=8)
    figure.savefig(path, format="png")
    return path


def shorten_count(count: int) -> str:
    """Shorten a count so that it fits into a cell: 950, 18.4k, 155k, 2.1M."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if count >= size:
            return f"{count / size:.1f}{letter}" if count < 100 * size else f"{count / size:.0f}{letter}"
    return str(count)
