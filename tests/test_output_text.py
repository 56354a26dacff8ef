"""Text that leaves the program: harmless on a terminal, readable as JSON, taken literally by a shell."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from token_classification.output_text import dump_json, make_printable, make_printable_lines, quote_path

HOSTILE = ["\x1b[2J", "\x9b", "\r", "\x00", "\x7f", "\u2028", "\u2029", "\x85", "\x0b", "\u202e", "\u2066", "\udce9"]
LETTERS = st.characters(exclude_categories=["Cs"]) | st.sampled_from(["\udc80", "\udcff"])
NAMES = [
    "plain.conll",
    "two words",
    "it's",
    "-rf",
    "$HOME",
    "a;b",
    "über",
    "tab\there",
    "line\nend",
    os.fsdecode(b"\xe9t"),
]


@pytest.mark.parametrize("character", HOSTILE)
def test_what_a_terminal_obeys_is_spelt_out(character: str) -> None:
    shown = make_printable(f"B-{character}X")
    assert character not in shown
    assert shown.startswith("B-\\")
    assert shown.endswith("X")


@pytest.mark.parametrize("text", ["Straße", "東京", "😀", "👩‍👩‍👧", "a b", "می‌خواهم", "10\xa0000", "back\\slash", ""])
def test_words_of_any_language_stay(text: str) -> None:
    assert make_printable(text) == text


def test_lines_of_a_message_stay_lines_and_a_cell_has_none() -> None:
    assert make_printable_lines("first\n\tsecond\x1b") == "first\n\tsecond\\x1b"
    assert make_printable("first\n\tsecond") == "first\\n\\tsecond"


@given(
    st.recursive(st.text(LETTERS, max_size=8), lambda part: st.lists(part) | st.dictionaries(st.text(LETTERS), part))
)
def test_json_of_any_text_is_utf8_and_read_again_as_it_was(content) -> None:
    text = dump_json(content)
    assert json.loads(text.encode("utf-8")) == content
    assert make_printable_lines(text) == text


def test_json_keeps_letters_readable_and_refuses_nan() -> None:
    assert dump_json({"a": "東京"}) == '{\n  "a": "東京"\n}\n'
    with pytest.raises(ValueError, match="nan"):
        dump_json({"a": float("nan")})


@pytest.mark.parametrize("name", NAMES)
def test_a_shell_takes_a_quoted_path_literally(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("found")
    quoted = quote_path(tmp_path / name)
    assert make_printable(quoted) == quoted
    assert subprocess.check_output(["bash", "-c", f"cat {quoted}"], text=True) == "found"


def test_a_plain_path_needs_no_quotes_and_a_flag_of_that_name_is_none() -> None:
    assert quote_path("data/train.conll") == "data/train.conll"
    assert quote_path("-rf") == "./-rf"
