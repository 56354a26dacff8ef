"""The prediction files: every word of every sentence, and readable again."""

from pathlib import Path

import pytest
from conftest import SENTENCES

from token_classification.data.formats import read_sentences
from token_classification.data.schemes import Scheme
from token_classification.data.sentences import Sentences
from token_classification.reporting.predictions import read_tagged_words, write_predictions
from token_classification.scoring.metrics import score_tags


def make_sentences(words: list[list[str]], tags: list[list[str]] | None) -> Sentences:
    """Sentences as a reader gives them."""
    return Sentences(words, tags, list(range(1, len(words) + 1)))


WORDS = [words.split() for words, _ in SENTENCES]
GOLD = [tags.split() for _, tags in SENTENCES]
PREDICTED = [["B-PER" if word[0].isupper() else "O" for word in words] for words in WORDS]
ODD_WORDS = ["", "\xa0", "\u200b", "\u2028", "\x85", "#", "# no comment", " ", "two words", "\ufeff", "[", "{", "\x0c"]


def test_a_line_of_tags_per_sentence(tmp_path: Path) -> None:
    write_predictions(tmp_path, make_sentences([["a", "b"], [], ["c"]], None), [["O", "B-X"], [], ["I-X"]])
    assert (tmp_path / "predictions.txt").read_bytes() == b"O B-X\n\nI-X\n"


def test_words_gold_and_predicted_stand_side_by_side(tmp_path: Path) -> None:
    write_predictions(tmp_path, make_sentences([["a", "b"], ["c"]], [["O", "B-X"], ["O"]]), [["O", "O"], ["I-X"]])
    assert (tmp_path / "predictions.conll").read_bytes() == b"a\tO\tO\nb\tB-X\tO\n\nc\tO\tI-X\n\n"


def test_without_gold_there_are_two_columns(tmp_path: Path) -> None:
    write_predictions(tmp_path, make_sentences([["a", "b"]], None), [["O", "B-X"]])
    assert (tmp_path / "predictions.conll").read_bytes() == b"a\tO\nb\tB-X\n\n"


def test_the_score_can_be_recomputed_from_the_file(tmp_path: Path) -> None:
    write_predictions(tmp_path, make_sentences(WORDS, GOLD), PREDICTED)
    file = tmp_path / "predictions.conll"
    gold = read_sentences(file, text_column="0", label_column="1")
    predicted = read_sentences(file, text_column="0", label_column="2")
    assert (gold.tokens, gold.tags, predicted.tags) == (WORDS, GOLD, PREDICTED)
    scores = score_tags(GOLD, PREDICTED, Scheme.IOB2)
    assert 0 < scores["overall_f1"] < 1
    assert score_tags(gold.tags, predicted.tags, Scheme.IOB2) == scores
    lines = (tmp_path / "predictions.txt").read_text().splitlines()
    assert [line.split(" ") for line in lines] == PREDICTED


@pytest.mark.parametrize("with_gold", [True, False])
@pytest.mark.parametrize("word", ODD_WORDS)
def test_odd_words_are_kept(tmp_path: Path, word: str, with_gold: bool) -> None:
    words = [[word, "b"], ["a", word], [word]]
    tags = [["B-X", "I-X"], ["O", "B-X"], ["B-X"]]
    write_predictions(tmp_path, make_sentences(words, tags if with_gold else None), tags)
    read = read_sentences(tmp_path / "predictions.conll")
    assert (read.tokens, read.tags) == (words, tags)


def test_a_tab_or_line_end_in_a_word_becomes_a_blank_and_is_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    words = [["a\tb", "c"], ["d\ne", "f\r\ng", "h\ri"]]
    tags = [["B-X", "O"], ["O", "B-X", "O"]]
    write_predictions(tmp_path, make_sentences(words, tags), tags)
    read = read_sentences(tmp_path / "predictions.conll")
    assert read.tokens == [["a b", "c"], ["d e", "f  g", "h i"]]
    assert read.tags == tags
    assert "4 words contain a TAB" in caplog.text
    assert words[0][0] == "a\tb"


def test_ordinary_words_need_no_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_predictions(tmp_path, make_sentences([["New York"]], None), [["B-X"]])
    assert caplog.messages == []


def test_a_missing_tag_is_no_short_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="shorter"):
        write_predictions(tmp_path, make_sentences([["a", "b"]], None), [["O"]])
    assert not (tmp_path / "predictions.conll").exists()


@pytest.mark.parametrize("word", [*ODD_WORDS, "-DOCSTART-", "-DOCSTART-x", "# id 1", "1"])
def test_every_word_comes_back_to_report_and_compare(tmp_path: Path, word: str) -> None:
    words = [[word, "b"], ["a", word], [word]]
    gold, predicted = [["B-X", "I-X"], ["O", "B-X"], ["B-X"]], [["O", "O"], ["O", "B-X"], ["B-Y"]]
    write_predictions(tmp_path, make_sentences(words, gold), predicted)
    sentences, read = read_tagged_words(tmp_path / "predictions.conll")
    assert (sentences.tokens, sentences.tags, read) == (words, gold, predicted)
    assert (sentences.lines, sentences.find_line(1, 1)) == ([1, 4, 7], 5)


def test_a_word_that_others_take_for_a_document_start_is_named(tmp_path: Path, caplog) -> None:
    write_predictions(tmp_path, make_sentences([["-DOCSTART-"]], None), [["O"]])
    assert "-DOCSTART-" in caplog.text


def test_document_starts_of_other_tools_are_no_words(tmp_path: Path) -> None:
    path = tmp_path / "other.conll"
    path.write_text("-DOCSTART- -X- O O\n\nAnna NN B-PER O\n")
    sentences, predicted = read_tagged_words(path)
    assert (sentences.tokens, sentences.tags, predicted) == ([["Anna"]], [["B-PER"]], [["O"]])


def test_tags_with_blanks_are_warned_of_where_blanks_part_tags(tmp_path: Path, caplog) -> None:
    write_predictions(tmp_path, make_sentences([["a"]], None), [["B-two words"]])
    assert "predictions.txt" in caplog.text
    assert "predictions.conll" in caplog.text
