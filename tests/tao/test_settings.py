"""Spec files that are no spec: each ends in one message with the line, however hostile."""

import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as bounded
from hypothesis import strategies as st

from token_classification.errors import UserError
from token_classification.tao.settings import LARGEST_FILE, parse_override, read_flag, read_spec_file

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
BROKEN = {
    "twice": (b"data_dir: a\ntrainer: {}\ndata_dir: b\n", ":3:", "line 1"),
    "twice below": (b"trainer:\n  seed: 1\n  seed: 2\n", ":3:", "line 2"),
    "twice in a mapping of any names": (b"threshold: {A: 1, A: 2}\n", ":1:", "A is given twice"),
    "no end": (b"data_dir: a\ninput_batch: [a\n", ":3:", "not valid YAML"),
    "a TAB": (b"trainer:\n\tseed: 1\n", ":2:", "not valid YAML"),
    "Latin-1": (b"data_dir: a\nname: caf\xe9\n", ":2:", "UTF-8"),
    "UTF-16": ("data_dir: a\n".encode("utf-16"), ":1:", "UTF-16"),
    "NUL": (b"data_dir: a\nname: a\0b\n", ":2:", "control character"),
    "half a character": (b'data_dir: a\nname: "\\ud800"\n', ":2:", "surrogate"),
    "no character": (b'name: "\\UFFFFFFFF"\n', "", "not valid YAML"),
    "a version of 5,000 digits": (b"%YAML 1." + b"9" * 5000 + b"\n---\na: 1\n", "", "not valid YAML"),
    "a list": (b"- a\n- b\n", ":1:", "mapping"),
    "two documents": (b"a: 1\n---\nb: 2\n", ":2:", "not valid YAML"),
    "a merge": (b"a: &a {b: 1}\nc:\n  <<: *a\n", ":3:", "<<"),
    "a list as a key": (b"[a, b]: 1\n", ":1:", "no text"),
    "nested deeply": (b"a: " + b"[" * 30 + b"]" * 30 + b"\n", ":1:", "nested too deeply"),
    "nested beyond all": (b"a: " + b"[" * 5_000, "", "nested too deeply"),
    "in itself": (b"a: &a [*a]\n", ":1:", "nested too deeply"),
    "a billion values": (BOMB.encode(), ":", "aliases"),
    "too large": (b"a: b\n" + b"#" * LARGEST_FILE, "", "input_file=FILE"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_is_named_with_its_line(kind, tmp_path):
    content, line, words = BROKEN[kind]
    path = tmp_path / "spec.yaml"
    path.write_bytes(content)
    start = time.process_time()
    with pytest.raises(UserError) as error:
        read_spec_file(str(path))
    assert time.process_time() - start < 5
    assert f"{path}{line}" in str(error.value)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_all_keys_that_are_given_twice_are_named(tmp_path):
    (tmp_path / "spec.yaml").write_text("a: 1\na: 2\nb:\n  c: 1\n  c: 2\n")
    with pytest.raises(UserError, match=r":2: a is given twice(.|\n)*:5: c is given twice"):
        read_spec_file(str(tmp_path / "spec.yaml"))


@pytest.mark.parametrize("path", ["nowhere.yaml", "."])
def test_a_file_that_cannot_be_read_is_named_with_the_way_out(path):
    with pytest.raises(UserError, match="download_specs"):
        read_spec_file(path)


def test_a_device_without_an_end_is_not_read_to_its_end():
    with pytest.raises(UserError, match="KiB"):
        read_spec_file("/dev/zero")


def test_anchors_stand_for_their_values(tmp_path):
    (tmp_path / "spec.yaml").write_text("\ufeffa: &name one\nb: *name\n# nothing\n", encoding="utf-8")
    assert [(s.key, s.node.value) for s in read_spec_file(str(tmp_path / "spec.yaml"))] == [("a", "one"), ("b", "one")]


@pytest.mark.parametrize("content", ["", "# a comment\n", "---\n"])
def test_an_empty_file_sets_nothing(content, tmp_path):
    (tmp_path / "spec.yaml").write_text(content)
    assert [setting for setting in read_spec_file(str(tmp_path / "spec.yaml")) if setting.node.value] == []


@pytest.mark.parametrize("text", ["max_epochs", "=3", "+=3", "~", "~a=1"])
def test_what_is_no_override_is_refused(text):
    with pytest.raises(UserError, match="accepted"):
        parse_override(text)


@pytest.mark.parametrize("text", ["a${data_dir}", "???"])
def test_a_flag_may_not_be_what_stands_for_something_else(text):
    with pytest.raises(UserError, match="-m"):
        read_flag("-m", "restore_from", text)


YAML_PIECES = st.sampled_from(
    [*"[]{}:,-?&*!|>%@`\"'#\\ \n\t~", "a", "b: ", "\n  ", "- ", "&x ", "*x", "<<: ", "!!int ", "\\u", "\0", "é"]
)


@given(st.lists(YAML_PIECES, max_size=40).map("".join))
@bounded(max_examples=300, deadline=None)
def test_any_text_is_a_spec_or_an_error_of_the_user(tmp_path_factory, text):
    path = Path(tmp_path_factory.getbasetemp()) / "any.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    # Whatever else is raised ends the test.
    with suppress(UserError):
        read_spec_file(str(path))
