"""Numbers of words in CoNLL-U: what repeats or skips is a note, once a sentence."""

import pytest

from token_classification.checking.doctor import examine
from token_classification.checking.files import number_files, read_files


def find_lines(folder, ids: str, separator: str = "\t", name: str = "a.conllu") -> list[int]:
    """Lines of the notes for rows with these numbers; `|` is a blank line."""
    rest = separator.join(["w", "_", "X", *"______"])
    rows = ["" if number == "|" else f"{number}{separator}{rest}" for number in ids.split()]
    (folder / name).write_text("# sent_id = 1\n" + "\n".join(rows) + "\n", encoding="utf-8")
    examination = examine(number_files(read_files([folder / name])))
    return [p.line for finding in examination.findings if finding.kind == "word_ids" for p in finding.problems]


@pytest.mark.parametrize(
    ("ids", "lines"),
    [
        ("1 2 3 | 1 2", []),
        ("1-2 1 2 2.1 3 | 1", []),
        ("1 2 2 3", [4]),
        ("1 3 4 | 1 2", [3]),
        ("1 2 | 2 3 | 5", [5, 8]),
        ("1 2 1 2", [4]),
        ("1 " + "9" * 5000, [3]),
    ],
)
@pytest.mark.parametrize("separator", ["\t", " "])
def test_the_first_odd_number_of_a_sentence_is_noted(tmp_path, ids, lines, separator):
    assert find_lines(tmp_path, ids, separator) == lines


def test_files_without_numbers_of_words_have_none(tmp_path):
    (tmp_path / "a.conll").write_text("# global.columns = FORM UPOS\n1\tX\n5\tY\n", encoding="utf-8")
    examination = examine(number_files(read_files([tmp_path / "a.conll"])))
    assert [finding.kind for finding in examination.findings] == []


def test_numbers_in_a_column_of_its_own(tmp_path):
    (tmp_path / "a.conll").write_text("# global.columns = FORM ID UPOS\na\t1\tX\nb\t3\tY\n", encoding="utf-8")
    examination = examine(number_files(read_files([tmp_path / "a.conll"])))
    assert [problem.line for problem in examination.findings[0].problems] == [3]
