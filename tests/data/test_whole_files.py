"""Files are whole or not there, at a full disk and at a kill alike."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from token_classification.data import whole_files
from token_classification.data.whole_files import (
    DECIDED,
    name_unfinished,
    open_whole,
    refuse_interrupted_set,
    remove_unfinished,
    replace_whole,
    write_file_set,
    write_whole,
)
from token_classification.errors import DataError, UserError


def fail_with(number: int) -> Callable:
    """A function that the system refuses."""

    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


def kill_at(monkeypatch: pytest.MonkeyPatch, name: str, count: int, work: Callable[[], object]) -> int:
    """Do some work in a process of its own that is killed at the n-th call of `os.{name}`; gives how it ended."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    original, calls = getattr(os, name), []

    def killed(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) == count:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*arguments)

    setattr(os, name, killed)
    work()
    os._exit(0)


def test_a_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with open_whole(path) as file:
        file.write("neü".encode())
        file.flush()
        assert path.read_text() == "old"
    assert path.read_text(encoding="utf-8") == "neü"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_file_may_be_read_by_whom_the_umask_allows(tmp_path: Path) -> None:
    write_whole(tmp_path / "a", "")
    (tmp_path / "b").write_text("")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    write_whole(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_a_device_is_not_replaced() -> None:
    write_whole(Path(os.devnull), "gone")
    assert not Path(os.devnull).is_file()


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_alone(step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    monkeypatch.setattr(os, step, fail_with(28))
    with pytest.raises(UserError, match=r"a\.txt.*No space left"):
        write_whole(path, "new")
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_block_that_fails_leaves_nothing_and_its_error_is_its_own(tmp_path: Path) -> None:
    def copy() -> None:
        with open_whole(tmp_path / "a") as file:
            file.write(b"half")
            file.write((tmp_path / "elsewhere" / "b").read_bytes())

    with pytest.raises(FileNotFoundError):
        copy()
    assert os.listdir(tmp_path) == []


def test_a_library_writes_under_another_name_with_the_same_suffix(tmp_path: Path) -> None:
    seen = []
    replace_whole(tmp_path / "a.png", lambda path: (seen.append(path.name), path.write_text("x")))
    assert seen[0].endswith(".png")
    assert os.listdir(tmp_path) == ["a.png"]
    with pytest.raises(ZeroDivisionError):
        replace_whole(tmp_path / "b.png", lambda path: path.write_text("x") / 0)
    assert os.listdir(tmp_path) == ["a.png"]


def test_the_folder_of_a_set_is_made_and_old_files_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("kept")
    (tmp_path / "a").write_text("old")
    assert write_file_set(tmp_path, {"a": "ä\n", "b": b""}) == [tmp_path / "a", tmp_path / "b"]
    assert (tmp_path / "a").read_bytes() == "ä\n".encode()
    assert sorted(os.listdir(tmp_path)) == ["a", "b", "kept"]
    write_file_set(tmp_path / "x" / "y", {"a": ""})
    assert os.listdir(tmp_path / "x" / "y") == ["a"]


def test_a_set_is_refused_where_something_is_in_its_way(tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    with pytest.raises(UserError, match="can't be written"):
        write_file_set(tmp_path / "a file" / "new", {"a": ""})
    (tmp_path / "old" / "b").mkdir(parents=True)
    with pytest.raises(UserError, match="Is a directory"):
        write_file_set(tmp_path / "old", {"a": "", "b": ""})
    assert os.listdir(tmp_path / "old") == ["b"]


def test_a_full_disk_leaves_a_set_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_text("old")
    write = whole_files.write_whole

    def fail_at_second(path: Path, content: str) -> None:
        if path.name == "b":
            raise OSError(28, "No space left on device")
        write(path, content)

    monkeypatch.setattr(whole_files, "write_whole", fail_at_second)
    for folder in (tmp_path, tmp_path / "x" / "y"):
        with pytest.raises(UserError, match="No space left on device"):
            write_file_set(folder, {"a": "new", "b": "new"})
    assert os.listdir(tmp_path) == ["a"]
    assert (tmp_path / "a").read_text() == "old"


@pytest.mark.parametrize("count", range(1, 7))
def test_a_kill_leaves_the_old_set_or_one_that_can_be_finished(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = {"a": "old a", "b": "old b"}, {"a": "new a", "b": "new b"}
    write_file_set(tmp_path, old)
    # Two files are written and renamed, then their folder, then each file to its place.
    code = kill_at(monkeypatch, "replace", count, lambda: write_file_set(tmp_path, new))
    assert code == (-signal.SIGKILL if count <= 5 else 0)
    found = {name: (tmp_path / name).read_text() for name in old}
    if (tmp_path / DECIDED).exists():
        with pytest.raises(DataError, match="type the command"):
            refuse_interrupted_set(tmp_path)
    else:
        assert found in (old, new)
        refuse_interrupted_set(tmp_path)
    write_file_set(tmp_path, new)
    assert {name: (tmp_path / name).read_text() for name in new} == new
    refuse_interrupted_set(tmp_path)


def test_what_a_killed_command_was_writing_is_removed_and_nothing_else(tmp_path: Path) -> None:
    kept = [".unfinished-work", "unfinished-0123456789abcdef", ".hidden", "a"]
    for name in kept:
        (tmp_path / name).write_text("")
    name_unfinished(tmp_path / "a.txt").write_text("half")
    folder = name_unfinished(tmp_path / DECIDED)
    folder.mkdir()
    (folder / "a").write_text("half")
    remove_unfinished(tmp_path)
    assert sorted(os.listdir(tmp_path)) == sorted(kept)


def test_what_leads_to_a_pipe_is_written_to_as_it_is() -> None:
    out, into = os.pipe()
    try:
        write_whole(Path(f"/dev/fd/{into}"), "text")
        assert os.read(out, 100) == b"text"
    finally:
        os.close(out)
        os.close(into)
