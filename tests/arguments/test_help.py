"""What `--help` and `--help_all` show: the flags as they are, in groups, without waiting for a library."""

import re
import subprocess
import sys
from dataclasses import fields

import pytest
from conftest import ROOT

import run_ner
from token_classification.arguments.help import (
    TRAINING_GROUPS,
    describe_flags,
    format_help,
    group_all_flags,
    group_shown_flags,
)
from token_classification.arguments.run import PARTS
from token_classification.arguments.shown_flags import SHOWN, TRAINING_FLAGS, Flag
from token_classification.arguments.training import NerTrainingArguments


def list_flags(text: str) -> list[str]:
    """The flags that a help text describes."""
    return re.findall(r"^  --(\w+)", text, re.MULTILINE)


def list_groups(text: str) -> list[str]:
    """The groups of a help text."""
    return re.findall(r"^(\w.*):$", text, re.MULTILINE)


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_the_help_shows_about_thirty_flags_in_groups(flag: str, capsys: pytest.CaptureFixture) -> None:
    assert run_ner.main(["--model_name_or_path", "m", flag]) == 0
    text = capsys.readouterr().out
    assert list_groups(text) == ["steps", "data", "model", "training", "decoding", "output"]
    assert list_flags(text) == [name for names in SHOWN.values() for name in names]
    assert 25 <= len(list_flags(text)) <= 32
    assert "python run_ner.py --model_name_or_path" in text
    assert text.rstrip().endswith("python run_ner.py --help_all")


def test_the_whole_help_shows_every_flag_once(capsys: pytest.CaptureFixture) -> None:
    assert run_ner.main(["--help_all"]) == 0
    shown = list_flags(capsys.readouterr().out)
    known = [field.name for part in PARTS.values() for field in fields(part) if field.init]
    assert sorted(shown) == sorted(known)


def test_the_whole_help_leaves_few_flags_of_the_library_ungrouped() -> None:
    *_, last = (groups := group_all_flags())
    assert "other" in last
    assert len(groups[last]) < 15
    assert max(map(len, groups.values())) < 25
    assert all(groups[group] for group in TRAINING_GROUPS)


@pytest.mark.parametrize("name", TRAINING_FLAGS)
def test_the_copies_say_what_the_flags_of_a_training_are(name: str) -> None:
    copy, flag = TRAINING_FLAGS[name], describe_flags(NerTrainingArguments)[name]
    assert copy.default == getattr(flag.default, "value", flag.default)
    if "" in (copy.metavar, flag.metavar) or "{" in copy.metavar + flag.metavar:
        assert copy.metavar == flag.metavar


def test_every_flag_says_what_it_does() -> None:
    assert [name for flags in group_all_flags().values() for name, flag in flags.items() if not flag.help] == []


def test_the_help_waits_for_no_library() -> None:
    script = "import sys, run_ner; run_ner.main(['--help']); print('IMPORTED', *sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    imported = done.stdout.partition("IMPORTED")[2].split()
    assert "token_classification.arguments.help" in imported
    assert not {"torch", "transformers", "numpy", "yaml", "accelerate", "datasets"} & set(imported)


def test_no_line_is_wider_than_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    lines = format_help("", group_shown_flags() | group_all_flags()).splitlines()
    assert max(map(len, lines)) <= 70


@pytest.mark.parametrize(
    ("flag", "expected"),
    [
        (Flag("N", "How many.", 3), "  --name N                    How many. (default: 3)"),
        (Flag("", "Switch.", True), "  --name                      Switch. (on; turn it off with --no_name)"),
        (Flag("", "Switch.", False), "  --name                      Switch."),
        (Flag("{" + ",".join(50 * "a") + "}", "Choice."), "One of: a, a,"),
    ],
)
def test_how_a_flag_is_shown(flag: Flag, expected: str) -> None:
    assert expected in format_help("", {"group": {"name": flag}})
