"""Flags and help of the commands."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, write_sentences

from token_classification import __version__, cli
from token_classification.exit_codes import run_command
from token_classification.tao.command_flags import REQUIRED
from token_classification.tao.schema import list_defaults
from token_classification.tao.spec import load_spec

WITH_A_SPEC = ("train", "finetune", "evaluate", "infer", "export", "dataset_convert")


def read_help(command: str, capsys: pytest.CaptureFixture) -> str:
    """What `COMMAND -h` prints."""
    with pytest.raises(SystemExit) as ending:
        cli.run([command, "-h"])
    assert ending.value.code == 0
    return capsys.readouterr().out


def list_shown(text: str) -> dict[str, str]:
    """The keys that a help text lists, with their defaults."""
    return dict(re.findall(r"^  ([a-z]\w*(?:\.\w+)*)=(\S.*)?$", text, re.MULTILINE))


@pytest.mark.parametrize(
    ("command", "flags"),
    [
        ("train", {"-e", "-r", "-g", "-k", "-m"}),
        ("finetune", {"-e", "-r", "-g", "-k", "-m"}),
        ("evaluate", {"-e", "-r", "-g", "-k", "-m"}),
        ("infer", {"-e", "-r", "-k", "-m", "-g"}),
        ("infer_onnx", {"-e", "-r", "-k", "-m", "-g"}),
        ("export", {"-e", "-r", "-k", "-m"}),
        ("dataset_convert", {"-e", "-r"}),
        ("download_specs", {"-o", "-r"}),
    ],
)
def test_the_help_shows_the_flags_that_mean_something(command, flags, capsys):
    assert set(re.findall(r"^  (-\w)\b", read_help(command, capsys), re.MULTILINE)) == flags | {"-h"}


@pytest.mark.parametrize("command", WITH_A_SPEC)
def test_the_help_lists_keys_with_their_defaults(command, capsys):
    shown = list_shown(read_help(command, capsys))
    required = REQUIRED.get(command, [])
    assert set(required) <= set(shown)
    # Typed behind the command, they are what they are without.
    typed = [f"{key}={value}" for key, value in shown.items() if key not in required]
    given = [f"{key}=given" for key in required]
    assert load_spec(command, None, [*given, *typed], required) == load_spec(command, None, given, required)


def test_every_key_is_in_the_help_of_a_command(capsys):
    shown = {key for command in WITH_A_SPEC for key in list_shown(read_help(command, capsys))}
    missing = {key for key in list_defaults() if not any(key == name or name.startswith(f"{key}.") for name in shown)}
    assert missing == set()


def test_keys_of_other_commands_are_not_shown(capsys):
    assert "trainer.max_epochs" in list_shown(read_help("train", capsys))
    assert not {"trainer.max_epochs", "data_dir"} & set(list_shown(read_help("infer", capsys)))


ASK_ALL = """
import sys
from token_classification import __version__, cli
for command in [[], *([name] for name in cli.COMMANDS)]:
    try:
        cli.run([*command, "-h"])
    except SystemExit as ending:
        assert ending.code == 0
print("IMPORTED", *sys.modules)
"""


def test_no_help_waits_for_a_library():
    done = subprocess.run([sys.executable, "-c", ASK_ALL], capture_output=True, text=True, cwd=ROOT, check=True)
    shown, _, imported = done.stdout.partition("IMPORTED")
    assert all(f"usage: token_classification {name} " in shown for name in cli.COMMANDS)
    assert not {"torch", "transformers", "omegaconf", "numpy", "yaml", "pyarrow", "datasets"} & set(imported.split())


def test_files_in_the_folder_of_the_user_are_not_run(tmp_path):
    for name in ("run_ner", "transformers", "yaml", "numpy"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a foreign file was run')")
    write_sentences(tmp_path / "train.conll")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for arguments in (["-h"], ["train", "-h"], ["check", "train.conll"]):
        command = [sys.executable, "-m", "token_classification", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False)
        assert done.returncode == 0, done.stderr


def test_the_help_is_the_table_of_commands(capsys):
    with pytest.raises(SystemExit):
        cli.run(["-h"])
    shown = capsys.readouterr().out
    for name, (_, line) in cli.COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(line)}$", shown, re.MULTILINE), name


def test_the_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit) as ending:
        cli.run(["--version"])
    assert ending.value.code == 0
    assert capsys.readouterr().out == f"token_classification {__version__}\n"


MISTAKES = {
    "nothing": ([], "COMMAND\nHelp: token_classification -h"),
    "near a command": (["trian"], "unknown command trian: did you mean train?"),
    "no such command": (["juggle"], "unknown command juggle: see token_classification -h"),
    "unknown flag": (["check", "a.conll", "--repiar", "out"], "unknown flag --repiar: did you mean --repair?"),
    "nothing near": (["check", "a.conll", "--zzz"], "unknown flag --zzz: see token_classification check -h"),
    "one word too many": (["compare", "a", "b", "c"], "unknown argument c: see token_classification compare -h"),
    "beginning of a flag": (["check", "a.conll", "--max_seq", "8"], "did you mean --max_seq_length?"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_say_what_to_type(mistake, capsys):
    arguments, expected = MISTAKES[mistake]
    assert run_command(cli.run, arguments) == 2
    message = capsys.readouterr().err
    assert expected in message


def test_flags_that_decide_nothing_are_accepted_aloud(tmp_path: Path, capsys):
    source = write_sentences(tmp_path / "train.txt")
    command = ["dataset_convert", "--data_file", str(source), "-g", "2", "-m", "model", "-k", "a key"]
    assert run_command(cli.run, command) == 0
    output = capsys.readouterr().out
    for flag in ("-g", "-m", "-k"):
        assert f"{flag} decides nothing in dataset_convert" in output
    assert "a key" not in output


def test_a_flag_that_says_what_is_so_anyway_needs_no_word(tagger_folder, tmp_path, capsys):
    assert (
        run_command(cli.run, ["infer", "-m", str(tagger_folder), "-r", str(tmp_path), "-g", "1", "input_batch=[a]"])
        == 0
    )
    assert "decides nothing" not in capsys.readouterr().out


def test_a_full_disk_leaves_no_half_of_the_specs(tmp_path, monkeypatch, capsys):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    assert run_command(cli.run, ["download_specs", "-o", str(tmp_path / "specs")]) == 2
    assert "No space left" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    assert run_command(cli.run, ["download_specs", "-o", str(tmp_path / "specs")]) == 0
    assert {path.stem for path in (tmp_path / "specs").iterdir()} > {"train", "export"}
