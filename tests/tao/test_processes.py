"""Several processes for one command: what each gets to see of the key, and how they end."""

import os
import signal
import sys

import pytest
import torch.distributed.run
from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure

from token_classification import cli
from token_classification.errors import StoppedError
from token_classification.tao.archive.key import KEY_VARIABLE
from token_classification.tao.processes import run_processes, start_over_without_key


@pytest.fixture
def launched(monkeypatch):
    """The command line and the environment that this process would go on with."""
    calls = []

    def execve(_path, argv, environment):
        calls.append((argv, environment))
        raise SystemExit

    monkeypatch.setattr(os, "execve", execve)
    return calls


def test_the_key_is_in_the_environment_of_the_processes_and_nowhere_else(launched, tmp_path):
    before = (list(sys.argv), dict(os.environ))
    with pytest.raises(SystemExit):
        cli.run(["train", "-e", "spec.yaml", "-r", str(tmp_path), "-g", "2", "-k", "the secret", "trainer.seed=1"])
    ((argv, environment),) = launched
    assert "the secret" not in " ".join(argv)
    assert environment[KEY_VARIABLE] == "the secret"
    assert argv[-8:] == ["train", "-e", "spec.yaml", "-r", str(tmp_path), "-g", "2", "trainer.seed=1"]
    assert (sys.argv, dict(os.environ)) == before


PROCESS = ["python", "-X", "utf8", "/bin/token_classification"]


@pytest.mark.parametrize(
    "typed", [["-k", "the secret"], ["-kthe secret"], ["--key=the secret"], ["--key", "the secret"]]
)
def test_a_typed_key_is_gone_from_the_command_line_before_the_work(launched, monkeypatch, typed):
    command = ["infer_onnx", "-e", "spec.yaml", *typed, "-m", "model.tlt", "input_batch=[a]"]
    monkeypatch.setattr(sys, "argv", [PROCESS[-1], *command])
    monkeypatch.setattr(sys, "orig_argv", [*PROCESS, *command])
    with pytest.raises(SystemExit):
        cli.main()
    ((argv, environment),) = launched
    assert argv == [sys.executable, *PROCESS[1:], *[part for part in command if part not in typed]]
    assert environment[KEY_VARIABLE] == "the secret"


@pytest.mark.parametrize("typed", [["-k", "@key.txt"], ["-k", ""], ["-k"], []])
def test_what_is_no_key_stays_for_the_command_to_read(launched, monkeypatch, typed):
    command = ["infer", "-m", "model.tlt", *typed]
    monkeypatch.setattr(sys, "orig_argv", [*PROCESS, *command])
    start_over_without_key(command)
    assert launched == []


@pytest.fixture
def ending(monkeypatch):
    """Sets how the launcher of the library ends."""
    return lambda error: monkeypatch.setattr(
        torch.distributed.run, "main", lambda _: (_ for _ in ()).throw(error) if error else None
    )


def test_what_ends_the_first_process_ends_the_command(ending, tmp_path):
    ending(None)
    assert run_processes(["2", "true"]) == 0
    for code, expected in ((2, 2), (-signal.SIGKILL, 137)):
        ending(ChildFailedError("train", {1: ProcessFailure(1, 1, code, str(tmp_path / "error.json"))}))
        assert run_processes(["2", "false"]) == expected


def test_an_end_from_outside_is_no_bug(ending):
    ending(SignalException("told to end", signal.SIGTERM))
    with pytest.raises(StoppedError, match="SIGTERM"):
        run_processes(["2", "true"])
    ending(SignalException("interrupted", signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        run_processes(["2", "true"])
