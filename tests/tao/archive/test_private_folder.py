"""A decrypted model does not stay behind: not after an error, and after a kill not beyond the next command."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from token_classification.errors import UserError
from token_classification.tao.archive import private_folder
from token_classification.tao.archive.private_folder import make_private_folder

HOLD = """
import sys
from token_classification.tao.archive.private_folder import make_private_folder
with make_private_folder() as folder:
    (folder / "sub").mkdir()
    (folder / "sub" / "model.safetensors").write_text("secret")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(unpacked_to):
    """Another process that has such a folder, and the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(unpacked_to)},
        text=True,
    )
    folder = Path(process.stdout.readline().strip())
    yield process, folder
    process.kill()
    process.communicate()


def test_a_folder_in_use_is_left_alone_and_one_that_a_kill_left_is_removed(holder, unpacked_to, caplog):
    process, left = holder
    with make_private_folder() as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert (left / "sub" / "model.safetensors").is_file(), "another command is using it"
    assert caplog.messages == []
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=60)
    assert left.is_dir()
    with make_private_folder() as folder:
        assert not left.exists()
        assert folder.is_dir()
    assert [str(left) in message and "removed" in message for message in caplog.messages] == [True]
    assert list(unpacked_to.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_it_goes_when_the_command_is_told_to_end(holder, unpacked_to, number):
    process, _ = holder
    process.send_signal(number)
    assert process.wait(timeout=60) == 128 + number, "what a shell gives for it"
    assert list(unpacked_to.iterdir()) == []


def test_who_listens_to_sigterm_goes_on_listening(unpacked_to):
    def listen(*_):
        pass

    before = signal.signal(signal.SIGTERM, listen)
    try:
        with make_private_folder():
            assert signal.getsignal(signal.SIGTERM) is listen
        assert signal.getsignal(signal.SIGTERM) is listen
    finally:
        signal.signal(signal.SIGTERM, before)


def test_it_goes_when_the_work_ends_in_an_error(unpacked_to):
    with pytest.raises(FileNotFoundError), make_private_folder() as folder:
        (folder / "file").rename(folder / "absent" / "file")
    assert list(unpacked_to.iterdir()) == []


def test_what_is_not_ours_is_left_alone(unpacked_to, tmp_path, caplog):
    name = private_folder.PREFIX + "0" * 16
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (unpacked_to / name).symlink_to(tmp_path / "elsewhere")
    (unpacked_to / (private_folder.PREFIX + "1" * 16)).write_text("a file")
    (unpacked_to / (private_folder.PREFIX + "2" * 16)).mkdir(mode=0o755)
    (unpacked_to / (private_folder.PREFIX + "backup")).mkdir(mode=0o700)
    before = sorted(unpacked_to.iterdir())
    with make_private_folder():
        pass
    assert sorted(unpacked_to.iterdir()) == before
    assert (tmp_path / "elsewhere").is_dir()
    assert caplog.messages == []


def test_one_that_can_not_be_removed_is_named_and_the_work_goes_on(unpacked_to, monkeypatch, caplog):
    left = unpacked_to / (private_folder.PREFIX + "3" * 16)
    left.mkdir(mode=0o700)
    remove = private_folder.shutil.rmtree

    def refuse(path):
        if path == left:
            raise PermissionError(13, "Permission denied", str(path))
        remove(path)

    monkeypatch.setattr(private_folder.shutil, "rmtree", refuse)
    with make_private_folder() as folder:
        assert folder.is_dir()
    assert [str(left) in message and "Permission denied" in message for message in caplog.messages] == [True]
    assert list(unpacked_to.iterdir()) == [left]


def test_a_temporary_folder_that_is_none(unpacked_to):
    unpacked_to.rmdir()
    unpacked_to.touch()
    with pytest.raises(UserError, match="TMPDIR"), make_private_folder():
        pytest.fail("was made")
