"""Class weights, heads and optimizers by flags: what they ask for, and what a run makes of them."""

import json
from pathlib import Path

import pytest
from conftest import write_sentences
from transformers import AutoModelForTokenClassification

import run_ner
from token_classification import Predictor
from token_classification.arguments import values
from token_classification.arguments.command_line import parse_command_line
from token_classification.errors import UserError
from token_classification.modeling.deep_head import ACTIVATIONS
from token_classification.recipe import DEFAULT_RECIPE, HeadOptions, Recipe
from token_classification.training.flags import build_recipe, parse_optimizer_settings
from token_classification.training.optimizer import OPTIMIZERS, NamedOptimizer


def read(tmp_path: Path, *flags: str) -> Recipe:
    """The recipe of a command line."""
    common = ["--model_name_or_path", "x", "--train_file", "y", "--output_dir", str(tmp_path)]
    return build_recipe(parse_command_line([*common, *flags])[0])


def test_without_flags_there_is_the_recipe_of_the_library(tmp_path):
    assert read(tmp_path, "--do_train") == DEFAULT_RECIPE


def test_without_a_training_they_decide_nothing(tmp_path):
    assert read(tmp_path, "--do_eval", "--head_layers", "3", "--class_weights", "balanced") == DEFAULT_RECIPE


HEADS = {
    "--head_layers 2": HeadOptions(2, 0.1, "relu"),
    "--head_dropout 0.3": HeadOptions(1, 0.3, "relu"),
    "--head_layers 3 --head_dropout 0 --head_activation tanh": HeadOptions(3, 0.0, "tanh"),
}


@pytest.mark.parametrize("flags", HEADS)
def test_heads(flags, tmp_path):
    assert read(tmp_path, "--do_train", *flags.split()) == Recipe(head=HEADS[flags])


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_can_be_asked_for(name, tmp_path):
    assert read(tmp_path, "--do_train", "--head_layers", "2", "--head_activation", name).head.activation == name


OPTIMIZERS_OF_FLAGS = {
    "adam": NamedOptimizer("adam", 5e-5, 0.0, {"betas": (0.9, 0.999), "eps": 1e-8}),
    "adamax --adam_beta1 0.5 --learning_rate 1e-3 --weight_decay 0.1": NamedOptimizer(
        "adamax", 1e-3, 0.1, {"betas": (0.5, 0.999), "eps": 1e-8}
    ),
    "adam --optim_args betas=(0.8,0.9),amsgrad=true": NamedOptimizer(
        "adam", 5e-5, 0.0, {"betas": (0.8, 0.9), "eps": 1e-8, "amsgrad": True}
    ),
    "sgd --optim_args momentum=0.9,nesterov=True": NamedOptimizer(
        "sgd", 5e-5, 0.0, {"momentum": 0.9, "nesterov": True}
    ),
    "rprop --optim_args etas=(0.4,1.3)": NamedOptimizer("rprop", 5e-5, 0.0, {"etas": (0.4, 1.3)}),
    "adafactor": None,
}


@pytest.mark.parametrize("flags", OPTIMIZERS_OF_FLAGS)
def test_optimizers(flags, tmp_path):
    assert read(tmp_path, "--do_train", "--optim", *flags.split()).optimizer == OPTIMIZERS_OF_FLAGS[flags]


def test_the_names_that_the_command_line_takes_are_those_that_there_are():
    assert tuple(OPTIMIZERS) == values.OPTIMIZERS


def test_a_comma_in_brackets_is_part_of_a_value():
    assert parse_optimizer_settings("a=(1, 2),b=1e-8") == {"a": (1, 2), "b": 1e-8}
    assert parse_optimizer_settings(None) == {}


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--optim rmspropp", r"--optim rmspropp: .*did you mean rmsprop\?.*adafactor"),
        ("--optim sgd --optim_args betas=1", r"--optim_args: sgd has no setting betas; it takes momentum"),
        ("--optim sgd --optim_args momentum=much", r"--optim_args: sgd does not take .*momentum=much"),
        ("--optim adafactor --optim_args momentum", r"--optim_args: momentum .*momentum=0.9"),
        ("--optim rprop --weight_decay 0.1", r"--weight_decay 0.1: rprop has no weight decay"),
        ("--head_layers 0", r"--head_layers must be 1 or more"),
        ("--head_dropout 1", r"--head_dropout must be 0 or more, and below 1"),
        ("--head_activation tanh", r"--head_activation tanh: .*--head_layers 2"),
        ("--head_layers 2 --head_activation gelu", r"relu.*tanh.*sigmoid"),
        ("--class_weights inverse", r"none.*balanced"),
    ],
)
def test_mistakes_are_named(flags, message, tmp_path):
    with pytest.raises(UserError, match=message):
        read(tmp_path, "--do_train", *flags.split())


@pytest.fixture(scope="module")
def command(tmp_path_factory, bert_folder) -> list[str]:
    """A training with a deep head, weighted labels and Adamax; what it leaves is in `model`."""
    folder = tmp_path_factory.mktemp("flags")
    file = str(write_sentences(folder / "eight.conll"))
    flags = ["--model_name_or_path", str(bert_folder), "--train_file", file, "--output_dir", str(folder / "model")]
    flags += ["--do_train", "--max_steps", "2", "--save_steps", "1", "--class_weights", "balanced"]
    flags += ["--optim", "adamax"]
    flags += ["--head_layers", "2", "--head_activation", "tanh", "--report_to", "none", "--disable_tqdm", "true"]
    assert run_ner.main(flags) == 0
    return flags


@pytest.fixture
def model(command) -> Path:
    """What the training left."""
    return Path(command[command.index("--output_dir") + 1])


def test_a_run_records_how_it_learnt(model):
    record = json.loads((model / "run.json").read_text())
    assert record["recipe"]["head"] == {"layers": 2, "dropout": 0.1, "activation": "tanh", "transformer_init": True}
    assert record["recipe"]["balances_classes"] is True
    assert record["recipe"]["optimizer"]["name"] == "adamax"
    used = record["training_arguments"]
    assert (used["optim"], used["class_weights"], used["head_layers"]) == ("adamax", "balanced", 2)
    assert "2 layers (tanh)" in (model / "README.md").read_text()


def test_its_model_loads_here_and_elsewhere(model):
    config = json.loads((model / "config.json").read_text())
    assert (config["head_layers"], config["head_dropout"], config["head_activation"]) == (2, 0.1, "tanh")
    assert isinstance(Predictor.from_pretrained(model)("Anna lives in Berlin ."), list)
    # What is pushed is this folder.
    assert (model / "deep_head.py").is_file()
    assert AutoModelForTokenClassification.from_pretrained(model, trust_remote_code=True).config.num_labels == 7


CHANGES = {
    "--optim adam": "--optim: adamax there, adam here",
    "--class_weights none": "--class_weights: balanced there, none here",
    "--head_dropout 0.3": "--head_dropout: None there, 0.3 here",
    "--head_activation relu": "--head_activation: tanh there, relu here",
}


@pytest.mark.parametrize("change", CHANGES)
def test_another_training_is_not_continued(change, command):
    with pytest.raises(UserError, match=CHANGES[change]):
        run_ner.main([*command, *change.split(), "--max_steps", "3", "--resume_from_checkpoint", "auto"])


def test_the_same_training_is_continued(command, model, caplog):
    assert run_ner.main([*command, "--max_steps", "3", "--resume_from_checkpoint", "auto"]) == 0
    assert json.loads((model / "trainer_state.json").read_text())["global_step"] == 3


def test_a_new_head_replaces_a_trained_one_aloud(command, model, tmp_path, caplog):
    assert run_ner.main([*command, "--model_name_or_path", str(model), "--output_dir", str(tmp_path / "next")]) == 0
    assert "new head" in caplog.text
