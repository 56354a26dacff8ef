import pytest

from token_classification.errors import DataError
from token_classification.tao.label_ids import order_labels, read_label_ids, write_label_ids

GMB = [
    "O",
    "B-GPE",
    "B-LOC",
    "B-MISC",
    "B-ORG",
    "B-PER",
    "B-TIME",
    "I-GPE",
    "I-LOC",
    "I-MISC",
    "I-ORG",
    "I-PER",
    "I-TIME",
]


def test_order_of_the_seed():
    assert order_labels(reversed(GMB)) == GMB


def test_order_is_by_code_point_and_pad_comes_first():
    assert order_labels(["é", "b", "a", "Z", "O", "b"]) == ["O", "Z", "a", "b", "é"]
    assert order_labels(["O", "B-X", "PAD"], pad_label="PAD") == ["PAD", "B-X", "O"]
    assert order_labels(["B-X"], pad_label="PAD") == ["PAD", "B-X"], "one label, not its letters"
    assert order_labels([]) == ["O"]


@pytest.mark.parametrize(
    "content", ["O\nB-X\nI-X", "O\nB-X\nI-X\n", "O\r\nB-X\r\nI-X\r\n", "\ufeffO\n\n B-X \n\t\nI-X\n\n"]
)
def test_line_ends_and_blank_lines(tmp_path, content):
    path = tmp_path / "label_ids.csv"
    path.write_bytes(content.encode())
    assert read_label_ids(path) == ["O", "B-X", "I-X"]


def test_the_given_order_is_written_without_final_newline(tmp_path):
    path = tmp_path / "label_ids.csv"
    write_label_ids(path, ["I-X", "O", "B-X"])
    assert path.read_bytes() == b"I-X\nO\nB-X"
    assert read_label_ids(path) == ["I-X", "O", "B-X"]
    assert list(tmp_path.iterdir()) == [path]


def test_a_label_that_stands_there_twice(tmp_path):
    path = tmp_path / "label_ids.csv"
    path.write_text("O\nB-X\n\nB-X\nO\n")
    with pytest.raises(DataError) as error:
        read_label_ids(path)
    first, second = str(error.value).split("\n")
    assert first.startswith(f"{path}:4: label 'B-X' is already on line 2")
    assert second.startswith(f"{path}:5: label 'O' is already on line 1")


def test_missing_and_empty_file(tmp_path):
    path = tmp_path / "label_ids.csv"
    with pytest.raises(DataError, match=r"label_ids.csv not found\.\n.*model.label_ids=FILE"):
        read_label_ids(path)
    path.write_text("\n\n")
    with pytest.raises(DataError, match=r"label_ids\.csv:1: no label found"):
        read_label_ids(path)
