"""Models that the tests of several modules begin with."""

from pathlib import Path

import pytest
from headed_models import build


@pytest.fixture(scope="package")
def models(tmp_path_factory: pytest.TempPathFactory, bert_folder: Path) -> dict[int, Path]:
    """Saved models with heads of one, two and three layers."""
    folders = {}
    for layers in (1, 2, 3):
        folders[layers] = tmp_path_factory.mktemp(f"layers-{layers}")
        build(bert_folder, layers=layers, activation="tanh").save_pretrained(folders[layers])
    return folders
