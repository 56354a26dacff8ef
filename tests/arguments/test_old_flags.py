"""Flags of transformers 4 and of the upstream script without a Trainer are understood, each with one notice."""

from pathlib import Path

import pytest
from transformers import HfArgumentParser
from transformers.debug_utils import DebugOption

from token_classification.arguments.command_line import parse_command_line
from token_classification.arguments.old_flags import NO_EFFECT, RENAMED, SWITCHES, translate_old_flags
from token_classification.arguments.run import PARTS
from token_classification.errors import UserError


@pytest.fixture(scope="module")
def known_flags() -> set[str]:
    """Every flag of today's parser."""
    return set(HfArgumentParser(PARTS.values())._option_string_actions)


def test_every_new_name_is_a_flag_of_today(known_flags: set[str]) -> None:
    new = [f"--{name}" for name in RENAMED.values()] + [flags[0] for flags in SWITCHES.values()]
    assert [flag for flag in new if flag not in known_flags] == []


def test_no_old_name_is_a_flag_of_today(known_flags: set[str]) -> None:
    old = [*RENAMED, *SWITCHES, *NO_EFFECT, "use_auth_token"]
    assert [name for name in old if f"--{name}" in known_flags] == []


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
@pytest.mark.parametrize("spelling", ["--{}", "dashes"])
def test_a_renamed_flag_hands_its_value_on(old: str, new: str, spelling: str) -> None:
    flag = f"--{old.replace('_', '-')}" if spelling == "dashes" else f"--{old}"
    for argv in ([flag, "7"], [f"{flag}=7"]):
        translated, notices = translate_old_flags(["--seed", "1", *argv, "--do_train"])
        assert translated == ["--seed", "1", f"--{new}", "7", "--do_train"]
        assert [f"--{old} " in notice and f"--{new};" in notice for notice in notices] == [True]


@pytest.mark.parametrize(("old", "new"), SWITCHES.items())
@pytest.mark.parametrize("value", [[], ["true"], ["True"], ["1"], ["yes"]])
def test_a_switch_that_is_on(old: str, new: list[str], value: list[str]) -> None:
    translated, notices = translate_old_flags([f"--{old}", *value, "--do_train"])
    assert translated == [*new, "--do_train"]
    assert len(notices) == 1
    assert " ".join(new) in notices[0]


@pytest.mark.parametrize("old", SWITCHES)
@pytest.mark.parametrize("value", ["false", "False", "0", "no"])
def test_a_switch_that_is_off(old: str, value: str) -> None:
    for argv in ([f"--{old}", value], [f"--{old}={value}"], [f"--{old.replace('_', '-')}", value]):
        translated, notices = translate_old_flags([*argv, "--do_train"])
        assert translated == ["--do_train"]
        assert len(notices) == 1


@pytest.mark.parametrize(("old", "reason"), NO_EFFECT.items())
@pytest.mark.parametrize("rest", [[], ["x"], ["-1"]])
def test_a_flag_without_effect_is_swallowed_with_its_value(old: str, reason: str, rest: list[str]) -> None:
    translated, notices = translate_old_flags([f"--{old}", *rest, "--do_train"])
    assert translated == ["--do_train"]
    assert notices == [f"--{old} is no longer needed: {reason}."]
    assert translate_old_flags([f"--{old.replace('_', '-')}=x", "--do_train"])[0] == ["--do_train"]


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["--use_auth_token"], []),
        (["--use_auth_token", "True"], []),
        (["--use_auth_token=false"], []),
        (["--use_auth_token", "hf_abc"], ["--token", "hf_abc"]),
        (["--use-auth-token=hf_abc"], ["--token", "hf_abc"]),
    ],
)
def test_the_old_token_flag(argv: list[str], expected: list[str]) -> None:
    translated, notices = translate_old_flags([*argv, "--do_train"])
    assert translated == [*expected, "--do_train"]
    assert len(notices) == 1
    assert "hf_abc" not in notices[0]


NO_TRAINER_FLAGS = [
    ("--dataset_name conll2003", {"dataset_name": "conll2003"}, False),
    ("--dataset_config_name de", {"dataset_config_name": "de"}, False),
    ("--train_file a.json", {"train_file": "a.json"}, False),
    ("--validation_file b.json", {"validation_file": "b.json"}, False),
    ("--text_column_name words", {"text_column_name": "words"}, False),
    ("--label_column_name ner", {"label_column_name": "ner"}, False),
    ("--max_length 128", {"max_seq_length": 128}, True),
    ("--pad_to_max_length", {"pad_to_max_length": True}, False),
    ("--model_name_or_path tiny", {"model_name_or_path": "tiny"}, False),
    ("--config_name other", {"config_name": "other"}, False),
    ("--tokenizer_name other", {"tokenizer_name": "other"}, False),
    ("--per_device_train_batch_size 2", {"per_device_train_batch_size": 2}, False),
    ("--per_device_eval_batch_size 2", {"per_device_eval_batch_size": 2}, False),
    ("--learning_rate 2e-5", {"learning_rate": 2e-5}, False),
    ("--weight_decay 0.1", {"weight_decay": 0.1}, False),
    ("--num_train_epochs 2", {"num_train_epochs": 2}, False),
    ("--max_train_steps 50", {"max_steps": 50}, True),
    ("--gradient_accumulation_steps 2", {"gradient_accumulation_steps": 2}, False),
    ("--lr_scheduler_type cosine", {"lr_scheduler_type": "cosine"}, False),
    ("--num_warmup_steps 20", {"warmup_steps": 20}, True),
    ("--output_dir out", {"output_dir": "out"}, False),
    ("--seed 7", {"seed": 7}, False),
    ("--model_type bert", {}, True),
    ("--label_all_tokens", {"label_all_tokens": True}, False),
    ("--return_entity_level_metrics", {"return_entity_level_metrics": True}, False),
    ("--task_name pos", {"task_name": "pos"}, False),
    ("--debug", {"debug": []}, True),
    ("--debug underflow_overflow", {"debug": [DebugOption.UNDERFLOW_OVERFLOW]}, False),
    ("--debug=underflow_overflow", {"debug": [DebugOption.UNDERFLOW_OVERFLOW]}, False),
    ("--push_to_hub", {"push_to_hub": True}, False),
    ("--hub_model_id me/model", {"hub_model_id": "me/model"}, False),
    ("--hub_token hf_abc", {"hub_token": "hf_abc"}, False),
    ("--trust_remote_code", {"trust_remote_code": True}, False),
    ("--checkpointing_steps 10", {"save_steps": 10, "save_strategy": "steps"}, True),
    ("--checkpointing_steps=epoch", {"save_strategy": "epoch"}, True),
    ("--resume_from_checkpoint out/step_10", {"resume_from_checkpoint": "out/step_10"}, False),
    ("--with_tracking", {"report_to": ["tensorboard"]}, True),
    ("--with_tracking --report_to none", {"report_to": []}, True),
    ("--report_to none --with_tracking", {"report_to": []}, True),
    ("--report_to tensorboard", {"report_to": ["tensorboard"]}, False),
    ("--ignore_mismatched_sizes", {"ignore_mismatched_sizes": True}, False),
]
"""Every flag of `run_ner_no_trainer.py`, what it sets here, and whether a notice tells its name here."""


@pytest.mark.parametrize(
    ("flags", "expected", "is_noticed"), NO_TRAINER_FLAGS, ids=[row[0] for row in NO_TRAINER_FLAGS]
)
def test_every_flag_of_the_script_without_trainer_is_understood(monkeypatch, flags, expected, is_noticed) -> None:
    monkeypatch.setattr("transformers.integrations.get_available_reporting_integrations", lambda: ["tensorboard"])
    given = ["--model_name_or_path", "m", *flags.split()]
    if not any(name in flags for name in ("_file ", "dataset_name")):
        given += ["--train_file", "a.json"]
    arguments, notices = parse_command_line(given)
    merged = {name: value for part in PARTS for name, value in vars(getattr(arguments, part)).items()}
    assert {name: merged[name] for name in expected} == expected
    old = flags.split()[2 if flags.startswith("--report_to none") else 0].partition("=")[0]
    assert [notice.startswith(f"{old} ") for notice in notices] == [True] * is_noticed


@pytest.mark.parametrize(
    ("flags", "old", "new"),
    [
        ("--checkpointing_steps often", "--checkpointing_steps", "--save_steps"),
        ("--max_train_steps many", "--max_train_steps", "--max_steps"),
        ("--model_type bert", "--model_type", "--model_name_or_path"),
    ],
)
def test_an_error_about_a_flag_of_today_names_the_one_that_was_typed(flags: str, old: str, new: str) -> None:
    with pytest.raises(UserError) as error:
        parse_command_line([*flags.split(), "--train_file", "a.json"])
    assert old in str(error.value)
    assert new in str(error.value)


def test_todays_flags_pass_untouched() -> None:
    argv = ["config.yaml", "--seed=1", "--do_train", "--label_column_name", "-1", "--debug", "underflow_overflow"]
    assert translate_old_flags(argv) == (argv, [])


def test_the_command_line_of_version_4_runs_with_seven_notices(tmp_path: Path) -> None:
    argv = (
        f"--model_name_or_path bert-base-cased --dataset_name conll2003 --output_dir {tmp_path} --do_train --do_eval "
        "--overwrite_output_dir --evaluation_strategy epoch --group_by_length --no_cuda --logging_dir logs "
        "--warmup_ratio 0.1 --save_safetensors true --fp16_backend auto --per_gpu_train_batch_size 4"
    ).split()
    run, notices = parse_command_line(argv)
    data, training = run.data, run.training
    assert len(notices) == 7
    assert data.dataset_name == "conll2003"
    assert (training.eval_strategy, training.train_sampling_strategy) == ("epoch", "group_by_length")
    assert (training.use_cpu, training.warmup_steps, training.per_device_train_batch_size) == (True, 0.1, 4)
    assert (training.do_train, training.do_eval, training.overwrite_output_dir) == (True, True, True)
    assert training.logging_dir == "logs"
