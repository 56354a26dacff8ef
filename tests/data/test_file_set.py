import os
from pathlib import Path

import pytest

from token_classification.data.file_set import write_file_set
from token_classification.errors import UserError


def test_the_folder_is_made_and_old_files_are_replaced(tmp_path):
    (tmp_path / "kept").write_text("kept")
    (tmp_path / "a").write_text("old")
    assert write_file_set(tmp_path, {"a": "ä\n", "b": ""}) == [tmp_path / "a", tmp_path / "b"]
    assert (tmp_path / "a").read_bytes() == "ä\n".encode()
    assert sorted(os.listdir(tmp_path)) == ["a", "b", "kept"]
    write_file_set(tmp_path / "x" / "y", {"a": ""})
    assert os.listdir(tmp_path / "x" / "y") == ["a"]


def test_a_full_disk_leaves_everything_as_it_was(tmp_path, monkeypatch):
    (tmp_path / "a").write_text("old")
    write_bytes = Path.write_bytes

    def fail_at_second(path, content):
        if path.name == "b":
            raise OSError(28, "No space left on device")
        return write_bytes(path, content)

    monkeypatch.setattr(Path, "write_bytes", fail_at_second)
    for folder in (tmp_path, tmp_path / "x" / "y"):
        with pytest.raises(UserError, match="No space left on device"):
            write_file_set(folder, {"a": "new", "b": "new"})
    assert os.listdir(tmp_path) == ["a"]
    assert (tmp_path / "a").read_text() == "old"
