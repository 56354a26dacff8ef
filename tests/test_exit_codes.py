"""How commands end: exit codes, and messages where a traceback would help nobody."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest
from tqdm import tqdm

from token_classification.errors import DataError, RejectedError, StoppedError, UserError
from token_classification.exit_codes import run_command

ROOT = Path(__file__).parents[1]


def test_a_users_mistake_ends_with_its_message_and_code_2(capsys: pytest.CaptureFixture) -> None:
    def command(argv: list[str]) -> None:
        raise DataError("train.conll:3: no tag")

    assert run_command(command, []) == 2
    output = capsys.readouterr()
    assert output.err == "error: train.conll:3: no tag\n"
    assert output.out == ""


def test_a_command_that_ends_well_gives_0() -> None:
    assert run_command(lambda argv: None, []) == 0


def test_a_bug_gets_a_code_of_its_own_and_its_traceback_goes_to_a_file(capsys: pytest.CaptureFixture) -> None:
    # 1 would be "warnings" for whoever runs `check` in a script.
    assert run_command(lambda argv: 1 / 0, []) == 70
    message = capsys.readouterr().err
    assert "Traceback" not in message
    assert "ZeroDivisionError" in message
    assert "report" in message
    path = Path(message.split()[-1])
    assert "test_exit_codes.py" in path.read_text()
    path.unlink()


def test_debug_shows_the_traceback_of_a_bug() -> None:
    with pytest.raises(ZeroDivisionError):
        run_command(lambda argv: 1 / 0, ["--debug"])


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "out/x"), 2, ["out/x", "No space left", "make room"]),
        (NotADirectoryError(errno.ENOTDIR, "Not a directory", b"a/b"), 2, ["a/b", "folder"]),
        (OSError(errno.EIO, "Input/output error"), 2, ["Input/output error"]),
        (Exception("No space left on device (os error 28)"), 2, ["No space left", "make room"]),
        (
            RuntimeError("[enforce fail] . open file failed with strerror: Read-only file system"),
            2,
            ["Read-"],
        ),
        (MemoryError(), 2, ["out of memory"]),
        (RecursionError(), 2, ["nested"]),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), 2, ["utf-8", "invalid start byte"]),
        (KeyboardInterrupt(), 130, ["interrupted"]),
        (RejectedError("less F1"), 3, ["less F1"]),
    ],
)
def test_what_the_system_refuses_is_one_line(
    error: BaseException, code: int, words: list[str], capsys: pytest.CaptureFixture
) -> None:
    def command(argv: list[str]) -> None:
        raise error

    assert run_command(command, []) == code
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert [word for word in words if word not in message] == []


def test_a_message_stands_on_a_line_of_its_own_below_an_unfinished_progress_bar(capsys: pytest.CaptureFixture) -> None:
    def command(argv: list[str]) -> None:
        bar = tqdm(total=2)
        bar.update()
        raise UserError("wrong")

    assert run_command(command, []) == 2
    bar, *rest = capsys.readouterr().err.splitlines()[-2:]
    assert "1/2" in bar
    assert rest == ["error: wrong"]


LEAVES_A_GROUP = """
import atexit, os, sys
from torch import distributed
from token_classification.exit_codes import leave
class Witness:
    def __del__(self, write=os.write):
        write(1, b"taken apart")
witness = Witness()
if sys.argv[1:]:
    distributed.init_process_group("gloo", init_method=f"file://{sys.argv[1]}", rank=0, world_size=1)
atexit.register(print, "at exit")
print("result")
sys.exit(leave(3))
"""


def test_a_process_of_a_group_ends_before_the_interpreter_is_taken_apart(tmp_path: Path) -> None:
    for arguments, output in (([], "result\nat exit\ntaken apart"), ([tmp_path / "store"], "result\nat exit\n")):
        command = [sys.executable, "-c", LEAVES_A_GROUP, *arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (3, output), done.stderr


def test_a_closed_pipe_ends_like_any_other_command_does() -> None:
    source = "import sys; from token_classification.exit_codes import run_command\n"
    source += "sys.exit(run_command(lambda argv: print('x' * 100_000), []))"
    command = [sys.executable, "-c", source]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT)
    writer.stdout.close()
    assert writer.stderr.read() == b""
    assert writer.wait(timeout=60) == 141


@pytest.mark.parametrize("argv", [["--debug"], ["--debug", "--seed", "1"], ["--seed", "1", "--debug"]])
def test_a_bare_debug_shows_the_traceback_and_is_taken_away(argv: list[str]) -> None:
    seen = []

    def command(argv: list[str]) -> None:
        seen.extend(argv)
        raise UserError("wrong")

    with pytest.raises(UserError, match="wrong"):
        run_command(command, argv)
    assert "--debug" not in seen


def test_debug_with_a_value_keeps_its_meaning(capsys: pytest.CaptureFixture) -> None:
    seen = []

    def command(argv: list[str]) -> None:
        seen.extend(argv)
        raise UserError("wrong")

    argv = ["--debug", "underflow_overflow", "--seed", "1"]
    assert run_command(command, argv) == 2
    assert seen == argv
    assert "wrong" in capsys.readouterr().err


def test_a_run_that_was_stopped_ends_with_143_and_says_how_to_go_on(capsys: pytest.CaptureFixture) -> None:
    def stop(argv: list[str]) -> None:
        raise StoppedError("stopped; go on with X")

    assert run_command(stop, []) == 143
    assert capsys.readouterr().err == "stopped; go on with X\n"


def test_what_a_message_quotes_does_nothing_to_a_terminal(capsys: pytest.CaptureFixture) -> None:
    def command(argv: list[str]) -> None:
        raise DataError("caf\udce9.conll:3: tag 'B-\x1b[2J\u2028'\nsecond line")

    assert run_command(command, []) == 2
    assert capsys.readouterr().err == "error: caf\\udce9.conll:3: tag 'B-\\x1b[2J\\u2028'\nsecond line\n"
