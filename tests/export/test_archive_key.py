import pytest

from token_classification.errors import UserError
from token_classification.export.archive import read_key


def test_key_from_argument_file_and_environment(tmp_path, monkeypatch):
    monkeypatch.delenv("TOKEN_CLASSIFICATION_KEY", raising=False)
    assert read_key(None) is None
    assert read_key("plain") == "plain"
    monkeypatch.setenv("TOKEN_CLASSIFICATION_KEY", "@from the environment")
    assert read_key(None) == "@from the environment"
    assert read_key("plain") == "plain"
    monkeypatch.setenv("TOKEN_CLASSIFICATION_KEY", "")
    assert read_key(None) is None
    for content in (b" first line \r\nsecond", b" first line ", b"\xef\xbb\xbf first line \n"):
        (tmp_path / "key").write_bytes(content)
        assert read_key(f"@{tmp_path / 'key'}") == " first line "


def test_keys_that_can_not_be_read(tmp_path):
    (tmp_path / "empty").write_bytes(b"\nsecond line")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for argument, found in (
        ("", "the key is empty"),
        ("@", "No such file"),
        (f"@{tmp_path / 'empty'}", "the key is empty"),
        (f"@{tmp_path / 'absent'}", "No such file"),
        (f"@{tmp_path}", "Is a directory"),
        (f"@{tmp_path / 'binary'}", "not UTF-8 text"),
    ):
        with pytest.raises(UserError, match=found):
            read_key(argument)
