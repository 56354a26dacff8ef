"""Where a training leaves its model: in its own folder, never in somebody's."""

import os
from pathlib import Path

import pytest

from token_classification import cli
from token_classification.data.results_folder import claim_files, lock_folder
from token_classification.errors import UserError
from token_classification.exit_codes import run_command
from token_classification.tao.models import name_model, open_model, place_model


@pytest.mark.parametrize("name", ["..", "../../precious", "/precious", "a/b", ".", "checkpoint-8"])
@pytest.mark.parametrize("key", [[], ["-k", "a secret key"]])
def test_a_model_is_never_put_into_another_folder(name: str, key: list[str], tmp_path: Path, capsys) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "README.md").write_text("mine")
    (tmp_path / "results" / "checkpoints").mkdir(parents=True)
    name = name.replace("/precious", str(precious)) if name.startswith("/") else name
    settings = [f"exp_manager.name={name}", f"data_dir={tmp_path}", "trainer.max_epochs=1"]
    assert run_command(cli.run, ["train", "-r", str(tmp_path / "results"), *key, *settings]) == 2
    assert f"exp_manager.name={name}" in capsys.readouterr().err
    assert [path.name for path in precious.iterdir()] == ["README.md"]
    assert (precious / "README.md").read_text() == "mine"


@pytest.mark.parametrize(("key", "name"), [(None, "mine"), ("a secret key", "mine.tlt")])
def test_a_model_takes_no_place_but_that_of_an_earlier_training(key: str | None, name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(UserError, match=r"mine.*exp_manager\.name"):
        name_model(tmp_path, "mine", key)
    claim_files(tmp_path, [name])
    assert name_model(tmp_path, "mine", key) == tmp_path / name


def test_a_model_with_a_key_is_in_no_folder_when_the_training_ends(tmp_path: Path) -> None:
    target = name_model(tmp_path, "model.v2", "a secret key")
    with place_model(target, "a secret key") as folder:
        assert folder.name == "model.v2"
        folder.mkdir(parents=True)
        for name in ("config.json", "training_args.bin"):
            (folder / name).write_text("{}")
    assert {path.name for path in tmp_path.iterdir() if path.suffix != ".json"} == {"model.v2.tlt"}
    with open_model(str(target), "a secret key") as opened:
        assert os.listdir(opened) == ["config.json"]


def test_a_training_that_fails_leaves_neither_a_folder_nor_an_archive(tmp_path: Path) -> None:
    target = name_model(tmp_path, "model", "a secret key")

    def fail() -> None:
        with place_model(target, "a secret key") as folder:
            folder.mkdir(parents=True)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".json"] == []


def test_a_second_command_in_the_same_results_folder_is_refused(tmp_path: Path, capsys) -> None:
    with lock_folder(tmp_path / "results", "-r"):
        code = run_command(cli.run, ["infer", "-m", "model", "-r", str(tmp_path / "results"), "input_file=x.txt"])
    assert code == 2
    assert "another command" in capsys.readouterr().err


def test_a_spec_of_somebody_is_not_written_over(tmp_path: Path, capsys) -> None:
    (tmp_path / "spec.yaml").write_text("mine: 1")
    assert run_command(cli.run, ["infer", "-m", "model", "-r", str(tmp_path), "input_file=x.txt"]) == 2
    assert "spec.yaml" in capsys.readouterr().err
    assert (tmp_path / "spec.yaml").read_text() == "mine: 1"
