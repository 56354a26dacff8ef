"""The confusion matrix: what is counted, and that a picture comes out."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from token_classification.reporting.confusion import (
    count_confusions,
    draw_confusion_matrix,
    fill_matrix,
    name_confusion_matrix,
    normalize_rows,
    shorten_count,
)

GOLD = [["O", "B-PER", "I-PER"], ["B-LOC"]]
PREDICTED = [["O", "B-PER", "O"], ["B-ORG"]]


def test_the_name_tells_kind_and_time() -> None:
    when = datetime(2026, 11, 23, 10, 5, 9)
    assert name_confusion_matrix(True, when) == "Normalized_Confusion_matrix_20261123-100509.png"
    assert name_confusion_matrix(False, when) == "Confusion_matrix_20261123-100509.png"


def test_only_labels_that_occur_rows_are_gold() -> None:
    names, counts = count_confusions(GOLD, PREDICTED)
    matrix = fill_matrix(names, counts)
    assert names == ["O", "B-LOC", "B-ORG", "B-PER", "I-PER"]
    assert matrix.tolist() == [[1, 0, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 1, 0], [1, 0, 0, 0, 0]]


def test_rows_add_up_to_1_and_an_empty_one_stays_0() -> None:
    rows = normalize_rows(np.array([[3, 1], [0, 0]]))
    assert rows.tolist() == [[0.75, 0.25], [0.0, 0.0]]


@pytest.mark.parametrize("normalize", [True, False])
def test_a_picture_is_drawn(tmp_path: Path, normalize: bool) -> None:
    path = draw_confusion_matrix(GOLD, PREDICTED, tmp_path / "matrix.png", normalize)
    assert path == tmp_path / "matrix.png"
    picture = imread(path)
    assert min(picture.shape[:2]) >= 400
    assert len(np.unique(picture)) > 10


def test_many_labels_get_a_larger_picture_and_odd_names_are_text(tmp_path: Path) -> None:
    names = [f"B-$t_{number}^{{" for number in range(25)]
    height = imread(draw_confusion_matrix([names], [names], tmp_path / "matrix.png")).shape[0]
    assert height >= 25 * 40


@pytest.mark.parametrize(
    ("count", "text"), [(7, "7"), (999, "999"), (18417, "18.4k"), (154648, "155k"), (2_100_000, "2.1M")]
)
def test_counts_fit_into_cells(count: int, text: str) -> None:
    assert shorten_count(count) == text
