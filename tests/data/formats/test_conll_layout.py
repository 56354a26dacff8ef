"""Rows that look like CoNLL and are built otherwise: read right, or refused with a way out that works."""

import subprocess

import pytest
from rows_of_layouts import POS, TAGS, WORDS, read, write, write_rows

from token_classification.data.formats import read_sentences
from token_classification.errors import DataError


class TestNumberedRows:
    """Words are never the numbers of their rows."""

    @pytest.mark.parametrize("separator", ["\t", " ", "   "])
    @pytest.mark.parametrize("first", [0, 1])
    @pytest.mark.parametrize(
        "row", ["{id} {word} {tag}", "{id} {word} {tag} - annotator", "{id} {word} _ {pos} {tag}"]
    )
    def test_read_with_the_one_column_of_tags(self, tmp_path, separator, first, row):
        sentences = read(tmp_path, write_rows(row, separator, first))
        assert (sentences.tokens, sentences.tags) == (WORDS, TAGS)

    def test_slips_in_the_numbers_are_no_matter(self, tmp_path):
        text = "\n".join(write_rows("{id} {word} {tag}") for _ in range(5)).replace("3\tran", "7\tran", 1)
        assert read(tmp_path, text).tokens == WORDS * 5

    def test_comments_and_ranges_hold_no_word(self, tmp_path):
        text = "# text = x\n1-2\tAnnLee\t_\t-\t-\n" + write_rows("{id} {word} {tag} - -")
        assert read(tmp_path, text).tokens == WORDS

    def test_without_tags(self, tmp_path):
        sentences = read(tmp_path, write_rows("{id} {word}"))
        assert (sentences.tokens, sentences.tags) == (WORDS, None)

    def test_an_open_choice_is_refused(self, tmp_path):
        text = write_rows("{id} {word} _ {pos} {tag} {tag}")
        with pytest.raises(DataError, match=r"a\.conll:1: .*3 'N', 4 'B-PER', 5 'B-PER'.*--label_column_name 4"):
            read(tmp_path, text)
        assert read(tmp_path, text, None, "3").tags == POS
        assert read(tmp_path, text, None, "-1").tags == TAGS

    def test_numbers_that_are_words_stay_words(self, tmp_path):
        for row in ("{id} {tag}", "{id} {tag} {tag}"):
            assert read(tmp_path, write_rows(row)).tokens == [["1", "2", "3"], ["1"]]
        assert read(tmp_path, "7\tB-X\n8\tO\n").tokens == [["7", "8"]]


@pytest.mark.parametrize("separator", [",", ";", "/", ":", "_"])
def test_whole_rows_are_no_words(tmp_path, separator):
    text = f"a{separator}b{separator}O\nBob{separator}B-PER\n\nran{separator}O\n"
    path = write(tmp_path, text)
    with pytest.raises(DataError) as error:
        read_sentences(path)
    message = str(error.value)
    assert message.startswith(f"{path}:1: ")
    command = message.partition("type: ")[2]
    subprocess.run(["bash", "-c", command], check=True)
    assert read_sentences(f"{path}.tabs").tokens == [[f"a{separator}b", "Bob"], ["ran"]]
    assert read_sentences(f"{path}.tabs").tags == [["O", "B-PER"], ["O"]]
