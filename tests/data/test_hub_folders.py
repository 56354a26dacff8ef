"""Datasets by folder or file: read without a Hub, or refused with what to type."""

from pathlib import Path

import pytest
from datasets import Dataset, DatasetDict

from token_classification.data.hub import load_hub_dataset
from token_classification.errors import UserError


def make_rows(count: int) -> Dataset:
    """Make labelled sentences."""
    return Dataset.from_list([{"tokens": ["Ada", "wrote"], "ner_tags": ["B-PER", "O"]}] * count)


def test_a_saved_dataset_dict_is_read_from_its_folder(tmp_path: Path) -> None:
    DatasetDict({"train": make_rows(3), "test": make_rows(1)}).save_to_disk(tmp_path / "saved")
    splits = load_hub_dataset(str(tmp_path / "saved"), None)
    assert {split: len(rows) for split, rows in splits.items()} == {"train": 3, "test": 1}
    with pytest.raises(UserError, match="Leave --dataset_config_name out"):
        load_hub_dataset(str(tmp_path / "saved"), "conll2003")


def test_a_saved_single_dataset_becomes_the_train_split(tmp_path: Path) -> None:
    make_rows(2).save_to_disk(tmp_path / "saved")
    splits = load_hub_dataset(str(tmp_path / "saved"), None)
    assert list(splits) == ["train"]
    assert len(splits["train"]) == 2


def test_a_folder_of_data_files_is_read(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    make_rows(2).to_parquet(tmp_path / "mine" / "train.parquet")
    make_rows(1).to_parquet(tmp_path / "mine" / "validation.parquet")
    splits = load_hub_dataset(str(tmp_path / "mine"), None, cache_dir=str(tmp_path / "cache"))
    assert {split: len(rows) for split, rows in splits.items()} == {"train": 2, "validation": 1}


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"could not be read.*\n.*--train_file"):
        load_hub_dataset(str(tmp_path), None, cache_dir=str(tmp_path / "cache"))


def test_a_file_is_passed_on_to_train_file(tmp_path: Path) -> None:
    (tmp_path / "train.conll").write_text("Ada B-PER\n")
    with pytest.raises(UserError, match=r"--train_file .*train\.conll"):
        load_hub_dataset(str(tmp_path / "train.conll"), None)


@pytest.mark.parametrize("asked", ["conll2003", "conll2003/conll2003.py"])
def test_a_local_script_by_its_path_is_refused(tmp_path: Path, asked: str) -> None:
    (tmp_path / "conll2003").mkdir()
    (tmp_path / "conll2003" / "conll2003.py").write_text("raise SystemExit")
    with pytest.raises(UserError, match=r"conll2003/conll2003\.py") as caught:
        load_hub_dataset(str(tmp_path / asked), None)
    assert "hides the Hub" not in str(caught.value)
    assert "--dataset_name tomaarsen/conll2003" in str(caught.value)
