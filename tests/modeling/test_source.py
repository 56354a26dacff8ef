"""Where the files of a model are, wherever it comes from."""

import shutil

import pytest
from huggingface_hub import constants

from token_classification.errors import UserError
from token_classification.modeling.source import find_model_folder


def test_a_folder_is_itself(tagger_folder):
    assert find_model_folder(str(tagger_folder)) == tagger_folder


def test_a_name_is_its_place_in_the_cache(tagger_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    snapshot = tmp_path / "models--some--tagger" / "snapshots" / "0123"
    shutil.copytree(tagger_folder, snapshot)
    (tmp_path / "models--some--tagger" / "refs").mkdir()
    (tmp_path / "models--some--tagger" / "refs" / "main").write_text("0123")
    assert find_model_folder("some/tagger") == snapshot


def test_a_name_that_is_nowhere_is_a_users_mistake(tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(UserError, match="some/tagger"):
        find_model_folder("some/tagger")
