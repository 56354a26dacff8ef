"""The command line and config files: what wins, what is refused, and that all flags of upstream are there."""

import json
from dataclasses import fields
from pathlib import Path

import pytest
import yaml
from transformers import HfArgumentParser

from token_classification.arguments.command_line import parse_command_line
from token_classification.arguments.run import PARTS, RunArguments
from token_classification.errors import UserError
from token_classification.exit_codes import run_command

NEEDED = ["--model_name_or_path", "some-model", "--train_file", "train.conll", "--output_dir", "out"]
CLASSES = list(PARTS.values())

UPSTREAM_FLAGS = {
    "config_name": None,
    "tokenizer_name": None,
    "cache_dir": None,
    "model_revision": "main",
    "token": None,
    "trust_remote_code": False,
    "ignore_mismatched_sizes": False,
    "task_name": "ner",
    "dataset_name": None,
    "dataset_config_name": None,
    "validation_file": None,
    "test_file": None,
    "text_column_name": None,
    "label_column_name": None,
    "overwrite_cache": False,
    "preprocessing_num_workers": None,
    "max_seq_length": None,
    "pad_to_max_length": False,
    "max_train_samples": None,
    "max_eval_samples": None,
    "max_predict_samples": None,
    "label_all_tokens": False,
    "return_entity_level_metrics": False,
}


def parse(*argv: str) -> RunArguments:
    """Return the settings that a command line gives."""
    return parse_command_line(list(argv))[0]


def refuse(*argv: str) -> str:
    """Give the message with which a command line is refused."""
    with pytest.raises(UserError) as caught:
        parse_command_line(list(argv))
    return str(caught.value)


def write_config(folder: Path, suffix: str, settings: object) -> str:
    """Write settings as YAML or JSON."""
    path = folder / f"config{suffix}"
    path.write_text(json.dumps(settings) if suffix == ".json" else yaml.safe_dump(settings))
    return str(path)


@pytest.fixture
def settings(tmp_path: Path) -> dict:
    """The least that a run needs, as a config file holds it."""
    return {"model_name_or_path": "some-model", "train_file": "train.conll", "output_dir": str(tmp_path / "out")}


def test_the_upstream_defaults_are_kept() -> None:
    settings = parse(*NEEDED)
    merged = {name: value for part in PARTS for name, value in vars(getattr(settings, part)).items()}
    assert {name: merged[name] for name in UPSTREAM_FLAGS} == UPSTREAM_FLAGS
    assert (settings.model.model_name_or_path, settings.data.train_file) == ("some-model", "train.conll")


def test_every_training_argument_is_a_flag() -> None:
    known = HfArgumentParser(CLASSES)._option_string_actions
    missing = [field.name for arguments in CLASSES for field in fields(arguments) if f"--{field.name}" not in known]
    assert missing == []


def test_resume_is_short_for_resume_from_checkpoint() -> None:
    assert parse(*NEEDED, "--resume", "auto").training.resume_from_checkpoint == "auto"


@pytest.mark.parametrize("kind", CLASSES)
def test_every_own_field_says_what_it_is(kind: type) -> None:
    assert [field.name for field in fields(kind) if not field.metadata["help"].strip()] == []


@pytest.mark.parametrize("suffix", [".yaml", ".yml", ".json"])
def test_a_config_file_gives_the_arguments_and_flags_after_it_win(tmp_path: Path, settings: dict, suffix: str) -> None:
    settings |= {"seed": 7, "do_train": True, "learning_rate": "3e-5", "num_train_epochs": 2, "max_seq_length": 64}
    config = write_config(tmp_path, suffix, settings)
    run = parse(config)
    training = run.training
    assert (run.model.model_name_or_path, run.decoding.max_seq_length) == ("some-model", 64)
    assert (training.seed, training.do_train, training.learning_rate) == (7, True, 3e-5)
    run = parse(config, "--seed", "8", "--do_train", "false", "--max_seq_length=32")
    training = run.training
    assert (training.seed, training.do_train, training.num_train_epochs) == (8, False, 2)
    assert run.decoding.max_seq_length == 32


@pytest.mark.parametrize("suffix", [".yaml", ".json"])
def test_lists_dicts_null_and_negative_numbers_of_a_config_file(tmp_path: Path, settings: dict, suffix: str) -> None:
    settings |= {
        "label_column_name": -1,
        "text_column_name": None,
        "label_names": ["labels", "more"],
        "lr_scheduler_type": "cosine_with_restarts",
        "lr_scheduler_kwargs": {"num_cycles": 2},
        "eval_delay": -1,
    }
    run = parse(write_config(tmp_path, suffix, settings))
    data, training = run.data, run.training
    assert (data.label_column_name, data.text_column_name) == ("-1", None)
    assert training.label_names == ["labels", "more"]
    assert training.lr_scheduler_kwargs == {"num_cycles": 2}
    assert training.eval_delay == -1


def test_old_names_in_a_config_file_are_translated(tmp_path: Path, settings: dict) -> None:
    settings |= {"evaluation_strategy": "epoch", "no_cuda": False, "adafactor": True}
    run, notices = parse_command_line([write_config(tmp_path, ".yaml", settings)])
    assert (run.training.eval_strategy, run.training.optim) == ("epoch", "adafactor")
    assert len(notices) == 3


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("broken.yaml", "a: [1", "not valid YAML"),
        ("broken.json", "{", "not valid JSON"),
        ("list.yaml", "- do_train", "accepted is a mapping"),
        ("empty.yaml", "", "accepted is a mapping"),
    ],
)
def test_an_unreadable_config_file_is_named(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content)
    found = refuse(str(tmp_path / name))
    assert found.startswith(str(tmp_path / name))
    assert message in found


@pytest.mark.parametrize(
    ("content", "message"),
    [("do_train: true\nlabels: café".encode("latin-1"), ":2: not UTF-8"), (b"a: " + b"[" * 5000, ": nested")],
)
def test_a_config_file_that_no_parser_gets_through_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(content)
    assert f"{path}{message}" in refuse(str(path))


def test_a_missing_config_file_is_named(tmp_path: Path) -> None:
    assert f"{tmp_path / 'no.yaml'}: cannot be read (No such file" in refuse(str(tmp_path / "no.yaml"))


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("--do_trian", "--do_train"),
        ("--learning-rat=1e-5", "--learning_rate"),
        ("--validaton_file", "--validation_file"),
        ("--max_seq_len", "--max_seq_length"),
        ("--early-stopping-patiense", "--early_stopping_patience"),
    ],
)
def test_a_misspelt_flag_brings_the_nearest(wrong: str, right: str) -> None:
    name = wrong.partition("=")[0]
    assert refuse(*NEEDED, wrong) == f"unknown flag {name}: did you mean {right}?"


def test_a_misspelt_key_brings_the_nearest(tmp_path: Path, settings: dict) -> None:
    found = refuse(write_config(tmp_path, ".yaml", settings | {"num_train_epoch": 3}))
    assert found == "unknown flag --num_train_epoch: did you mean --num_train_epochs?"


def test_all_unknown_flags_come_in_one_message() -> None:
    lines = refuse(*NEEDED, "--do_trian", "--qqqqq", "1", "--seeed=2").splitlines()
    assert lines == [
        "unknown flag --do_trian: did you mean --do_train?",
        "unknown flag --qqqqq: see python run_ner.py --help_all",
        "unknown flag --seeed: did you mean --seed?",
    ]


def test_flags_are_not_abbreviated() -> None:
    assert "unknown flag --max_seq:" in refuse(*NEEDED, "--max_seq", "7")


@pytest.mark.parametrize(
    ("argv", "named"),
    [
        (["--learning_rate", "fast"], "--learning_rate"),
        (["--seed", "1.5"], "--seed"),
        (["--max_seq_length", "long"], "--max_seq_length"),
        (["--do_train", "perhaps"], "--do_train"),
        (["--long_sentences", "shorten"], "'window', 'truncate', 'error'"),
        (["--eval_strategy", "sometimes"], "'no', 'steps', 'epoch'"),
    ],
)
def test_a_wrong_value_is_refused_with_its_flag(argv: list[str], named: str) -> None:
    found = refuse(*NEEDED, *argv)
    assert named in found
    assert argv[1] in found


@pytest.mark.parametrize(
    "argv",
    [
        ["--warmup_steps=-1"],
        ["--load_best_model_at_end", "--save_strategy", "epoch"],
        ["--lr_scheduler_kwargs", "{bad"],
        ["--accelerator_config", '{"no_such_setting": 1}'],
        ["--deepspeed", "no.json"],
    ],
)
def test_what_the_library_refuses_is_no_traceback(argv: list[str]) -> None:
    assert refuse(*NEEDED, *argv)


def test_a_stray_word_is_refused() -> None:
    assert "stray" in refuse(*NEEDED, "stray")


def test_the_model_is_required() -> None:
    assert "--model_name_or_path" in refuse("--train_file", "train.conll")


def test_data_is_required() -> None:
    found = refuse("--model_name_or_path", "m")
    assert "--dataset_name NAME" in found
    assert "--train_file" in found


def test_mistakes_of_all_kinds_of_settings_come_in_one_message() -> None:
    found = refuse(*NEEDED, "--doc_stride=-1", "--validation_split", "2", "--seed=-1", "--max_f1_drop", "nan")
    assert [
        name for name in ("doc_stride", "validation_split", "seed", "max_f1_drop") if f"--{name} must" not in found
    ] == []


def test_a_dataset_beside_files_is_refused() -> None:
    assert "Both --dataset_name and data files" in refuse(*NEEDED, "--dataset_name", "conll2003")


def test_a_wrong_flag_leaves_no_traceback(capsys: pytest.CaptureFixture) -> None:
    assert run_command(parse_command_line, [*NEEDED, "--do_trian"]) == 2
    assert capsys.readouterr().err == "error: unknown flag --do_trian: did you mean --do_train?\n"


def test_debug_with_a_value_reaches_the_trainer() -> None:
    training = parse(*NEEDED, "--debug", "underflow_overflow").training
    assert [option.value for option in training.debug] == ["underflow_overflow"]
