"""Nothing is written over that another command, another tool or the user has written."""

import os
import signal
from pathlib import Path

import pytest

from token_classification.data.results_folder import (
    MARKER,
    check_own_files,
    claim_files,
    confine_name,
    lock_folder,
    refuse_overwriting_inputs,
)
from token_classification.data.whole_files import name_unfinished
from token_classification.errors import UserError


def test_files_of_this_tool_may_be_written_over_and_others_may_not(tmp_path: Path) -> None:
    check_own_files(tmp_path / "new", ["README.md"], "give another -r")
    claim_files(tmp_path, ["README.md", "report/report.txt"])
    (tmp_path / "README.md").write_text("ours")
    (tmp_path / "run.json").write_text("somebody's")
    check_own_files(tmp_path, ["README.md", "report/report.txt"], "give another -r")
    with pytest.raises(UserError, match=r"run\.json.*give another -r"):
        check_own_files(tmp_path, ["README.md", "run.json"], "give another -r")
    claim_files(tmp_path, ["predictions.txt"])
    check_own_files(tmp_path, ["README.md"], "give another -r")


def test_a_link_that_leads_nowhere_is_somebodys_too(tmp_path: Path) -> None:
    (tmp_path / "run.json").symlink_to("elsewhere")
    with pytest.raises(UserError, match=r"run\.json"):
        check_own_files(tmp_path, ["run.json"], "give another -r")


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"files": 3}', b"\xff"])
def test_a_broken_marker_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / MARKER).write_bytes(content)
    with pytest.raises(UserError, match=MARKER):
        check_own_files(tmp_path, ["run.json"], "")


def test_one_command_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    with lock_folder(folder, "-r"):
        second = lock_folder(folder, "-r")
        with pytest.raises(UserError, match=r"-r .*results: another command"):
            second.__enter__()
    with lock_folder(folder, "-r"):
        pass


def test_a_command_that_wrote_nothing_leaves_nothing(tmp_path: Path) -> None:
    with lock_folder(tmp_path / "a" / "b", "-r"):
        pass
    assert os.listdir(tmp_path) == []
    with lock_folder(tmp_path / "a" / "b", "-r"):
        (tmp_path / "a" / "b" / "result").write_text("")
    assert os.listdir(tmp_path / "a" / "b") == ["result"]


def test_a_folder_that_is_none_is_named_with_its_flag(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in ("file", "file/below"):
        lock = lock_folder(tmp_path / place, "--output_dir")
        with pytest.raises(UserError, match=r"--output_dir .*file"):
            lock.__enter__()


def test_a_killed_command_leaves_no_lock_and_nothing_unfinished(tmp_path: Path) -> None:
    child = os.fork()
    if not child:
        with lock_folder(tmp_path, "-r"):
            name_unfinished(tmp_path / "a").write_text("half")
            os.kill(os.getpid(), signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    with lock_folder(tmp_path, "-r"):
        assert [name for name in os.listdir(tmp_path) if "unfinished" in name] == []


def test_no_result_takes_the_place_of_an_input(tmp_path: Path) -> None:
    train = tmp_path / "train.conll"
    train.write_text("")
    (tmp_path / "link").symlink_to(train)
    os.link(train, tmp_path / "hard")
    for name in ("train.conll", "link", "hard", "../" + tmp_path.name + "/train.conll"):
        with pytest.raises(UserError, match=r"--json.*read as data"):
            refuse_overwriting_inputs({"--json": tmp_path / name, "--html": None}, [train])
    refuse_overwriting_inputs({"--json": tmp_path / "new.json", "--html": tmp_path / "new.html"}, [train])
    refuse_overwriting_inputs({"--json": Path(os.devnull), "--html": Path(os.devnull)}, [train])


def test_no_result_takes_the_place_of_another(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"--html.*--json"):
        refuse_overwriting_inputs({"--json": tmp_path / "x", "--html": tmp_path / "." / "x"}, [])


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../precious", "a/b", "/etc", ".hidden", "a\\b", "a\0b", "-r", "~root", "C:x", "x" * 300]
)
def test_a_name_can_not_lead_elsewhere(name: str) -> None:
    with pytest.raises(UserError, match=r"exp_manager\.name"):
        confine_name(name, "exp_manager.name")


@pytest.mark.parametrize("name", ["trained-model", "Modell 1", "model.v2", "東京"])
def test_plain_names_are_accepted(name: str) -> None:
    assert confine_name(name, "exp_manager.name") == name
