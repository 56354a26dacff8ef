"""Keys: where they come from, and which are refused, for a new model and for one that is there."""

import pytest

from token_classification.errors import UserError
from token_classification.tao.archive.key import check_new_key, read_key


def test_key_from_argument_file_and_environment(tmp_path, monkeypatch):
    monkeypatch.delenv("TOKEN_CLASSIFICATION_KEY", raising=False)
    assert read_key(None) is None
    assert read_key("plain") == "plain"
    monkeypatch.setenv("TOKEN_CLASSIFICATION_KEY", "@from the environment")
    assert read_key(None) == "@from the environment"
    assert read_key("plain") == "plain"
    assert read_key("k") == "k", "an old archive may have such a key"
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


def test_an_empty_variable_is_no_wish_for_an_unencrypted_model(monkeypatch):
    monkeypatch.setenv("TOKEN_CLASSIFICATION_KEY", "")
    with pytest.raises(UserError, match=r"TOKEN_CLASSIFICATION_KEY is set but empty.*unset TOKEN_"):
        read_key(None)


@pytest.mark.parametrize(("key", "found"), [("", "is empty"), ("k", "is one character long"), ("😀", "one character")])
def test_keys_that_anybody_guesses_are_refused_for_new_models(key, found):
    with pytest.raises(UserError, match=f"{found}.*accepted: 2 characters or more.*-k KEY"):
        check_new_key(key)
    check_new_key("ab")
