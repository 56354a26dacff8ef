from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from token_classification.data.formats.text_and_labels import (
    find_unwritable,
    format_text_and_labels,
    read_text_and_labels,
)
from token_classification.data.sentences import Sentences
from token_classification.errors import DataError, UserError

ANY_WORD = st.text(
    st.characters(exclude_characters="\t\n\r ", exclude_categories=["Cs"]), min_size=1, max_size=4
) | st.sampled_from(["\ufeff", "\u2028", "\x0c", "\u00a0", "-DOCSTART-", "a\rb"])
TAGGED_SENTENCE = st.lists(st.tuples(ANY_WORD, st.sampled_from(["O", "B-X", "\ufeff"])), max_size=4)


def write_pair(folder, text, labels):
    (folder / "text_a.txt").write_bytes(text.encode())
    (folder / "labels_a.txt").write_bytes(labels.encode())
    return folder / "text_a.txt", folder / "labels_a.txt"


def read_pair(folder, text, labels, **options):
    return read_text_and_labels(*write_pair(folder, text, labels), **options)


def explain(folder, text, labels):
    with pytest.raises(DataError) as error:
        read_pair(folder, text, labels)
    return str(error.value).replace(f"{folder}/", "").split("\n")


def test_a_pair_of_files(tmp_path):
    sentences = read_pair(tmp_path, "Anna lives in Paris\nshe  said \n", "B-PER O O B-LOC\n\tO O")
    assert sentences.tokens == [["Anna", "lives", "in", "Paris"], ["she", "said"]]
    assert sentences.tags == [["B-PER", "O", "O", "B-LOC"], ["O", "O"]]
    assert sentences.lines == [1, 2]


@pytest.mark.parametrize("word", ["foo\u00a0bar", "\u2028", "a\u0085b", "\u3000", "\x0c", "#", "\u00a0"])
def test_only_ascii_blanks_separate(tmp_path, word):
    sentences = read_pair(tmp_path, f" a\t{word} b \r\n", "O B-PER \tO\r\n")
    assert sentences.tokens == [["a", word, "b"]]
    assert sentences.tags == [["O", "B-PER", "O"]]


def test_empty_lines_are_empty_sentences(tmp_path):
    sentences = read_pair(tmp_path, "\na b\n \nc\n\n", "\nO O\n\nO\n\n")
    assert sentences.tokens == [[], ["a", "b"], [], ["c"], []]
    assert sentences.tags == [[], ["O", "O"], [], ["O"], []]


def test_without_labels(tmp_path):
    path, _ = write_pair(tmp_path, "a b\nc", "")
    sentences = read_text_and_labels(path, None)
    assert sentences.tokens == [["a", "b"], ["c"]]
    assert sentences.tags is None


def test_all_differences_are_reported_together(tmp_path):
    text, labels = "a b c d e f g\nx\nsame here\ny z\n", "O O O O O O\nO O\nO O\n"
    assert explain(tmp_path, text, labels) == [
        "text_a.txt:3: 4 lines in all but 3 lines in labels_a.txt",
        "text_a.txt:1: 7 words but 6 labels in labels_a.txt:1",
        "text_a.txt:2: 1 word but 2 labels in labels_a.txt:2",
        "Accepted: as many lines in both files, and one label per word; words and labels are separated by blanks. "
        "Correct these lines in one of the two files",
    ]


def test_a_blank_line_against_words(tmp_path):
    assert explain(tmp_path, "a\nb\n", "O\n\n")[0] == "text_a.txt:2: 1 word but 0 labels in labels_a.txt:2"
    assert explain(tmp_path, "a\n", "O\n\n")[0] == "text_a.txt:1: 1 line in all but 2 lines in labels_a.txt"


def test_many_differences_are_counted(tmp_path):
    lines = explain(tmp_path, "a b\n" * 25, "O\n" * 25)
    assert lines[9] == "text_a.txt:10: 2 words but 1 label in labels_a.txt:10"
    assert lines[10] == "... and 15 more of this kind"


@pytest.mark.parametrize(("num_samples", "read"), [(-1, 3), (1, 1), (2, 2), (3, 3), (99, 3)])
def test_num_samples(tmp_path, num_samples, read):
    sentences = read_pair(tmp_path, "a\nb\nc\n", "O\nO\nO\n", num_samples=num_samples)
    assert sentences.tokens == [["a"], ["b"], ["c"]][:read]
    assert len(sentences.tags) == len(sentences.lines) == read


@pytest.mark.parametrize("num_samples", [0, -2])
def test_num_samples_that_mean_nothing(tmp_path, num_samples):
    with pytest.raises(UserError, match=f"num_samples={num_samples}: accepted: -1"):
        read_pair(tmp_path, "a", "O", num_samples=num_samples)


def test_the_whole_pair_is_checked_whatever_is_taken_of_it(tmp_path):
    paths = write_pair(tmp_path, "a\nb c\n", "O\nO\n")
    with pytest.raises(DataError, match=r"text_a\.txt:2: 2 words but 1 label"):
        read_text_and_labels(*paths, num_samples=1)


def test_a_text_file_ends_in_txt(tmp_path):
    with pytest.raises(DataError, match=r"text_a.csv: the name of a text file must end in .txt"):
        read_text_and_labels(tmp_path / "text_a.csv", None)


def test_both_missing_files_are_named(tmp_path):
    with pytest.raises(DataError) as error:
        read_text_and_labels(tmp_path / "text_a.txt", tmp_path / "labels_a.txt")
    text, labels, pair = str(error.value).split("\n")
    assert "text_a.txt: no such file" in text
    assert "labels_a.txt: no such file" in labels
    assert "a text file with one sentence per line" in pair


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(st.lists(TAGGED_SENTENCE, min_size=1, max_size=4))
def test_what_is_written_is_read_again(tmp_path, pairs):
    sentences = Sentences(
        tokens=[[word for word, _ in sentence] for sentence in pairs],
        tags=[[tag for _, tag in sentence] for sentence in pairs],
        lines=list(range(1, len(pairs) + 1)),
    )
    texts = format_text_and_labels("a", sentences)
    assert list(texts) == ["text_a.txt", "labels_a.txt"]
    if any(pairs):
        assert read_pair(tmp_path, *texts.values()) == sentences


def test_the_layout_of_the_files():
    texts = format_text_and_labels("dev", Sentences([["a", "b"], [], ["c"]], [["O", "B-X"], [], ["O"]]))
    assert texts == {"text_dev.txt": "a b\n\nc\n", "labels_dev.txt": "O B-X\n\nO\n"}


def test_words_that_would_not_be_read_again():
    sentences = Sentences(
        [["fine"], ["a b", "c\td"], ["", "e\r"], ["f\ng"]], [["B X"], ["O"] * 2, ["O"] * 2, ["O"]], [1, 3, 6, 9]
    )
    problems = [problem.split(" can't")[0] for problem in find_unwritable(sentences, Path("in.txt"))]
    assert problems == [
        "in.txt:1: 'B X'",
        "in.txt:3: 'a b'",
        "in.txt:3: 'c\\td'",
        "in.txt:6: ''",
        "in.txt:6: 'e\\r'",
        "in.txt:9: 'f\\ng'",
    ]
