"""What is read of it, and where its words stand."""

import json
from pathlib import Path

import pytest

from token_classification.checking.doctor import examine
from token_classification.checking.files import number_files, read_files
from token_classification.errors import DataError

WORDS = [["Anna", "left", "Berlin"], ["Globex", "grew"]]
TAGS = [["B-PER", "O", "I-LOC"], ["B-ORG", "O"]]

CONLL = "Anna\tB-PER\nleft\tO\nBerlin\tI-LOC\n\nGlobex\tB-ORG\ngrew\tO\n"
ROWS = "1\ta\t_\tX\t_\t_\t_\t_\t_\t_\n2\tb\t_\tY\t_\t_\t_\t_\t_\t_\n"


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def check(*paths: Path) -> list[tuple[str, str, int]]:
    """Kind, file name and line of each problem."""
    findings = examine(number_files(read_files(paths))).findings
    return [(f.kind, problem.path.name, problem.line) for f in findings for problem in f.problems]


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("a.conll", CONLL, 3),
        ("b.txt", "-DOCSTART- O\n\n" + CONLL.replace("\t", " "), 5),
        ("c.tsv", "#\tsource\n" + "1\tAnna\tB-PER\tO\n# amid\n2\tleft\tO\tO\n3\tBerlin\tI-LOC\tO\n", 5),
        ("d.csv", "sentence_id,word,tag\n1,Anna,B-PER\n\n1,left,O\n1,Berlin,I-LOC\n", 5),
        ("e.jsonl", "\n" + json.dumps({"tokens": WORDS[0], "ner_tags": TAGS[0]}) + "\n", 2),
        ("f.json", json.dumps([{"tokens": WORDS[0], "ner_tags": TAGS[0]}], indent=1), 2),
    ],
)
def test_a_word_is_found_at_its_line_in_every_format(tmp_path, name, text, line):
    path = write(tmp_path, name, text)
    assert check(path) == [("illegal_transition", name, line)]


def test_a_pair_of_text_and_labels_is_one_file(tmp_path):
    text = write(tmp_path, "text_train.txt", "Anna left Berlin\nGlobex grew\n")
    labels = write(tmp_path, "labels_train.txt", "B-PER O I-LOC\nB-ORG\n")
    expected = [("ragged_row", "text_train.txt", 2), ("illegal_transition", "text_train.txt", 1)]
    assert check(text) == check(labels, text) == expected


def test_ranges_and_comments_of_conllu_move_no_line(tmp_path):
    text = "# text = ab\n1-2\tab\t_\t_\t_\t_\t_\t_\t_\t_\n" + ROWS.replace("\tb\t", "\tb\u200b\t")
    assert check(write(tmp_path, "a.conllu", text)) == [("odd_word", "a.conllu", 4)]


def test_what_can_be_read_is_checked_in_spite_of_broken_rows(tmp_path):
    text = CONLL.replace("left\tO", "left").replace("grew\tO", "grew\tI-LOC") + "\nword\tO\tO\n"
    assert check(write(tmp_path, "a.conll", text)) == [
        ("ragged_row", "a.conll", 8),
        ("missing_tag", "a.conll", 2),
        ("illegal_transition", "a.conll", 6),
    ]


def test_a_tag_beside_a_broken_row_is_not_judged(tmp_path):
    text = "so\tO\nAnna\nSmith\tI-PER\n\n" + CONLL.replace("I-LOC", "B-LOC")
    assert check(write(tmp_path, "a.conll", text)) == [("missing_tag", "a.conll", 2)]


@pytest.mark.parametrize(
    ("content", "kind", "line"),
    [
        (b"a\tO\nb\xff\tO\n", "unreadable", 2),
        (b"  \n", "unreadable", 1),
        (b"B-PER\tAnna\nO\tleft\nO\tBerlin\n", "swapped_columns", 1),
        (b"Word\tTag\nAnna\tB-PER\n", "header_line", 1),
        (b"a\nb\n", "no_tags", 1),
    ],
)
def test_mistakes_of_a_whole_file(tmp_path, content, kind, line):
    path = tmp_path / "a.conll"
    path.write_bytes(content)
    assert check(path) == [(kind, "a.conll", line)]


def test_a_missing_file_ends_the_check(tmp_path):
    with pytest.raises(DataError, match=r"no\.conll: no such file"):
        read_files([tmp_path / "no.conll"])
