"""How commands end: exit codes, and messages where a traceback would help nobody."""

import pytest

from token_classification.errors import DataError, StoppedError, UserError
from token_classification.exit_codes import run_command


def test_a_users_mistake_ends_with_its_message_and_code_2(capsys: pytest.CaptureFixture) -> None:
    def command(argv: list[str]) -> None:
        raise DataError("train.conll:3: no tag")

    assert run_command(command, []) == 2
    output = capsys.readouterr()
    assert output.err == "error: train.conll:3: no tag\n"
    assert output.out == ""


def test_a_command_that_ends_well_gives_0() -> None:
    assert run_command(lambda argv: None, []) == 0


def test_a_bug_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        run_command(lambda argv: 1 / 0, [])


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
