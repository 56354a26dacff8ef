"""Lines of a file and what becomes of each: the copy, and the diff."""

from pathlib import Path

import pytest

from token_classification.checking.copies import LineCopy, name_copy


def copy(new: list[list[str]], ends: list[str] | None = None) -> LineCopy:
    old = ["a\tO", "b\tO", "", "c\tO"]
    return LineCopy("a.conll", old, new, ends or ["\n"] * 4, is_line_per_word=True)


def keep() -> list[list[str]]:
    return [["a\tO"], ["b\tO"], [""], ["c\tO"]]


def test_nothing_changed_is_no_diff():
    same = copy(keep(), ["\r\n", "\n", "\n", ""])
    assert same.format_diff("a", "b") == ""
    assert same.text == "a\tO\r\nb\tO\n\nc\tO"


def test_a_line_becomes_another_none_or_several():
    changed = copy([["a\tB-X"], [], [""], ["c\tO", "d\tO"]], ["\n", "\n", "\n", ""])
    assert changed.text == "a\tB-X\n\nc\tO\nd\tO"
    assert changed.format_diff("old", "new") == (
        "--- old\n+++ new\n@@ -1,4 +1,4 @@\n-a\tO\n+a\tB-X\n-b\tO\n \n-c\tO\n\\ No newline at end of file\n"
        "+c\tO\n+d\tO\n\\ No newline at end of file\n"
    )


def test_a_file_of_which_nothing_is_left_begins_nowhere():
    assert "@@ -1,4 +0,0 @@\n" in copy([[], [], [], []]).format_diff("a", "b")


@pytest.mark.parametrize(("line", "left"), [(1, "c\tO\n"), (2, "c\tO\n"), (4, "a\tO\nb\tO\n\n")])
def test_a_sentence_goes_with_the_blank_line_behind_it(line, left):
    dropped = copy(keep())
    dropped.drop_sentence(line)
    assert dropped.text == left


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.txt", "a\tB-X\n", "a.txt"),
        ("a.jsonl", '{"tokens": ["a"]}\n', "a.jsonl"),
        ("a.csv", "tokens\n['a']\n", "a.jsonl"),
        ("text_a.txt", "a b\n", "text_a.jsonl"),
    ],
)
def test_what_a_copy_is_called(tmp_path: Path, name, content, expected):
    (tmp_path / "labels_a.txt").write_text("O O\n")
    (tmp_path / name).write_text(content)
    assert name_copy(tmp_path / name) == expected
