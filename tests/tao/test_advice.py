"""What users of NeMo are told where its defaults do something else than they expect."""

import pytest
from conftest import ROOT

from token_classification.tao.advice import SMALL_DATA, describe_failure, describe_shared_step, find_only_label
from token_classification.tao.download_specs import SPECS


@pytest.mark.parametrize(("batch_size", "step", "setting"), [(64, 128, "training_ds.batch_size=32"), (5, 10, None)])
def test_several_processes_are_said_to_take_larger_steps(batch_size: int, step: int, setting: str | None) -> None:
    line = describe_shared_step(batch_size, 2)
    assert line.startswith(f"training_ds.batch_size={batch_size} ")
    assert f" {step} sentences" in line
    assert line.endswith(f"{step} sentences" if setting is None else setting)


@pytest.mark.parametrize(
    ("predicted", "label"),
    [
        ([["O", "O"], ["O"]], "O"),
        ([["B-PER", "B-PER"], ["B-PER"]], "B-PER"),
        ([["O", "O"], ["B-PER"]], None),
    ],
)
def test_a_model_that_gives_one_label_only_is_found(predicted: list[list[str]], label: str | None) -> None:
    assert find_only_label([["O", "B-PER"], ["O"]], predicted) == label


def test_where_all_words_have_one_label_nothing_is_wrong() -> None:
    assert find_only_label([["O", "O"]], [["O", "O"]]) is None
    assert find_only_label([], []) is None


@pytest.mark.parametrize("path", [SPECS / "train.yaml", ROOT / "docs" / "tao.md"], ids=lambda path: path.name)
def test_the_keys_for_small_data_are_the_documented_ones(path) -> None:
    assert SMALL_DATA in path.read_text()
    assert SMALL_DATA in describe_failure("O")
