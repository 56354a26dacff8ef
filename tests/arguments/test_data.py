"""Which data a run names, and what is wrong with naming none, or two."""

from pathlib import Path

import pytest

from token_classification.arguments.data import DataArguments
from token_classification.errors import UserError


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(UserError) as caught:
        DataArguments(validation_split=2.0, max_train_samples=-1)
    assert [
        flag for flag in ("No data", "--validation_split", "--max_train_samples") if flag not in str(caught.value)
    ] == []


@pytest.mark.parametrize("name", ["dataset_name", "train_file", "validation_file", "test_file"])
def test_any_one_source_of_data_is_enough(name: str) -> None:
    assert getattr(DataArguments(**{name: "x"}), name) == "x"


def test_a_data_set_and_files_are_too_many() -> None:
    with pytest.raises(UserError, match="--dataset_name"):
        DataArguments(dataset_name="conll2003", test_file="x")


def test_the_task_is_read_in_any_case() -> None:
    assert DataArguments(task_name="NER", train_file="a.conll").task_name == "ner"


@pytest.mark.parametrize(
    ("old", "task", "column"), [("NER", "ner", None), ("Chunk", "chunk", "-2"), ("POS", "pos", None)]
)
def test_the_old_scripts_tasks(old: str, task: str, column: str | None) -> None:
    data = DataArguments(task_type=old, train_file="a.conll")
    assert (data.task_name, data.label_column_name) == (task, column)


def test_an_old_data_folder_gives_the_files_that_it_has(tmp_path: Path) -> None:
    for name in ("train", "test"):
        (tmp_path / f"{name}.txt").touch()
    data = DataArguments(data_dir=str(tmp_path), test_file="other.conll")
    assert data.train_file == str(tmp_path / "train.txt")
    assert (data.validation_file, data.test_file) == (None, "other.conll")


def test_a_folder_without_such_files_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--data_dir"):
        DataArguments(data_dir=str(tmp_path))
