"""run.json: what a run was, without its secrets."""

import hashlib
import json
import math
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from transformers import TrainerCallback

from token_classification.arguments.data import DataArguments
from token_classification.arguments.model import ModelArguments
from token_classification.arguments.run import RunArguments
from token_classification.arguments.training import NerTrainingArguments
from token_classification.data.labels import LabelSet
from token_classification.data.load import load_corpus
from token_classification.data.schemes import Scheme
from token_classification.recipe import DEFAULT_RECIPE, HeadOptions, Recipe
from token_classification.reporting.run_record import (
    LIBRARIES,
    write_run_record,
)
from token_classification.tao.schedule import NamedSchedule
from token_classification.tao.spec import load_spec
from token_classification.tao.translate import translate_recipe
from token_classification.training.optimizer import NamedOptimizer

SECRET = "hf_SoSecret"


@pytest.fixture
def write(tmp_path: Path, conll_file: Path, monkeypatch: pytest.MonkeyPatch):
    """Give a function that writes run.json for a command line and gives its text."""

    def write_with(*argv: str, recipe: Recipe = DEFAULT_RECIPE, **settings) -> str:
        training = NerTrainingArguments(
            output_dir=str(tmp_path / "out"), use_cpu=True, seed=13, hub_token=SECRET, **settings
        )
        monkeypatch.setattr(sys, "argv", ["run_ner.py", *argv])
        label_set = LabelSet(("O", "B-Ä"), Scheme.IOB2)
        model, data = ModelArguments("some-model", token=SECRET), DataArguments(train_file=str(conll_file))
        arguments = RunArguments(model, data, training)
        corpus = load_corpus(arguments)
        write_run_record(tmp_path / "run.json", arguments, recipe, corpus, label_set, 128)
        return (tmp_path / "run.json").read_text(encoding="utf-8")

    return write_with


def refuse_constant(name: str) -> None:
    """Fail on NaN and Infinity, which are no JSON."""
    raise AssertionError(name)


def test_what_it_holds(write, conll_file: Path) -> None:
    record = json.loads(write("--train_file", str(conll_file)), parse_constant=refuse_constant)
    assert record["command_line"] == ["run_ner.py", "--train_file", str(conll_file)]
    assert (record["seed"], record["window_length"], record["tag_scheme"]) == (13, 128, "iob2")
    assert record["labels"] == ["O", "B-Ä"]
    assert record["model_arguments"]["model_name_or_path"] == "some-model"
    assert record["data_arguments"]["train_file"] == str(conll_file)
    assert record["training_arguments"]["learning_rate"] == 5e-5
    assert record["training_arguments"]["eval_strategy"] == "no"
    assert record["data"]["train"]["sha256"] == hashlib.sha256(conll_file.read_bytes()).hexdigest()
    assert record["data"]["train"]["sentences"] == 8


def test_versions_are_those_installed(write) -> None:
    versions = json.loads(write())["versions"]
    assert versions["python"] == ".".join(map(str, sys.version_info[:3]))
    assert {name: versions[name] for name in LIBRARIES} == {name: version(name) for name in LIBRARIES}


def test_tokens_of_the_arguments_are_left_out(write) -> None:
    text = write()
    record = json.loads(text)
    assert SECRET not in text
    assert "token" not in record["model_arguments"]
    assert not {"hub_token", "push_to_hub_token"} & set(record["training_arguments"])


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["--token", SECRET], ["--token", "***"]),
        ([f"--token={SECRET}"], ["--token=***"]),
        (["--hub_token", SECRET], ["--hub_token", "***"]),
        (["--hub-token", SECRET], ["--hub-token", "***"]),
        ([f"--hub-token={SECRET}"], ["--hub-token=***"]),
        (["--push_to_hub_token", SECRET], ["--push_to_hub_token", "***"]),
        (["--use_auth_token", SECRET], ["--use_auth_token", "***"]),
        ([f"--use-auth-token={SECRET}"], ["--use-auth-token=***"]),
        (["--use_auth_token"], ["--use_auth_token"]),
        (["--use_auth_token", "--do_train"], ["--use_auth_token", "--do_train"]),
        (["-k", SECRET, "-g", "1"], ["-k", "***", "-g", "1"]),
        ([f"-k{SECRET}", "a=b"], ["-k***", "a=b"]),
        ([f"-k={SECRET}"], ["-k***"]),
        (["--key", SECRET, "x"], ["--key", "***", "x"]),
        ([f"--key={SECRET}=", "x"], ["--key=***", "x"]),
        (["-k", f"-k{SECRET}", "y"], ["-k", "***", "y"]),
        (["-k"], ["-k"]),
        (["--keep=1", "data_dir=k"], ["--keep=1", "data_dir=k"]),
    ],
)
def test_tokens_of_the_command_line_are_hidden(write, argv: list[str], expected: list[str]) -> None:
    text = write(*argv, "--seed", "13")
    assert SECRET not in text
    assert json.loads(text)["command_line"] == ["run_ner.py", *expected, "--seed", "13"]


def test_infinity_is_no_reason_to_lose_the_record(write) -> None:
    record = json.loads(write(lr_scheduler_kwargs={"power": math.inf}), parse_constant=refuse_constant)
    assert record["training_arguments"]["lr_scheduler_kwargs"] == {"power": "inf"}


def test_values_that_json_does_not_know_are_written_as_text(write) -> None:
    record = json.loads(write(lr_scheduler_kwargs={"path": Path("a/b")}))
    assert record["training_arguments"]["lr_scheduler_kwargs"] == {"path": "a/b"}


def test_without_a_recipe_none_is_recorded(write) -> None:
    record = json.loads(write())
    assert "recipe" not in record
    assert record["training_arguments"]["lr_scheduler_type"] == "linear"
    assert record["data_arguments"]["label_all_tokens"] is False


def test_what_the_recipe_replaced_is_not_recorded_as_used(write) -> None:
    recipe = Recipe(
        head=HeadOptions(layers=3, activation="tanh"),
        continuation_labels="same",
        optimizer=NamedOptimizer("adamw", 1e-3, options={"betas": [0.9, 0.98]}),
        schedule=NamedSchedule("CosineAnnealing", {"warmup_ratio": 0.1}),
        replaced_arguments=("optim", "lr_scheduler_type", "label_all_tokens"),
        model_folder=Path("elsewhere"),
        callbacks=[TrainerCallback()],
    )
    record = json.loads(write(recipe=recipe, lr_scheduler_type="constant", learning_rate=1e-3))
    assert record["recipe"]["head"] == {"layers": 3, "dropout": 0.5, "activation": "tanh", "transformer_init": True}
    assert record["recipe"]["optimizer"] == {
        "name": "adamw",
        "lr": 1e-3,
        "weight_decay": 0.0,
        "options": {"betas": [0.9, 0.98]},
    }
    assert record["recipe"]["schedule"] == {"name": "CosineAnnealing", "options": {"warmup_ratio": 0.1}}
    assert record["recipe"]["continuation_labels"] == "same"
    assert not {"callbacks", "model_folder", "on_results", "settings"} & set(record["recipe"])
    used = record["training_arguments"]
    assert not {"optim", "lr_scheduler_type"} & set(used)
    assert used["learning_rate"] == 1e-3
    assert "label_all_tokens" not in record["data_arguments"]


@pytest.mark.parametrize("overrides", [[], ["model.optim.sched=null"]])
def test_every_name_that_a_spec_replaces_exists(write, overrides: list[str]) -> None:
    whole, recipe = json.loads(write()), translate_recipe(load_spec("train", None, overrides, []))
    arguments = {**whole["training_arguments"], **whole["data_arguments"]}
    assert set(recipe.replaced_arguments) <= set(arguments)
    used = json.loads(write(recipe=recipe, lr_scheduler_type="constant"))["training_arguments"]
    assert ("lr_scheduler_type" in used) == bool(overrides)
    assert "optim" not in used
