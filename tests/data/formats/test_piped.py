"""Words with their tags behind bars."""

import pytest
from rows_of_layouts import POS, TAGS, WORDS, read, write_rows

from token_classification.errors import DataError


class TestPipes:
    """`word|POS|tag`, a sentence a line or a word a line."""

    @pytest.mark.parametrize("end", [" ", "\n"])
    def test_read_by_task(self, tmp_path, end):
        row = "{word}|{pos}|{tag}"
        text = write_rows(row) if end == "\n" else write_rows(row).replace("\n\n", "#").replace("\n", " ")
        text = text.replace("#", "\n")
        assert (read(tmp_path, text).tokens, read(tmp_path, text).tags) == (WORDS, TAGS)
        assert read(tmp_path, text, task="pos").tags == POS

    def test_two_fields(self, tmp_path):
        sentences = read(tmp_path, "Ann|B-PER ran|O\n||O a|b|O\n")
        assert (sentences.tokens, sentences.tags) == ([["Ann", "ran"], ["|", "a|b"]], [["B-PER", "O"], ["O", "O"]])

    def test_a_broken_word_is_named(self, tmp_path):
        text = "Ann|N|B-PER ran|V|O\n" * 30 + "Ann|N|B-PER ran|O\n"
        with pytest.raises(DataError, match=r"a\.conll:31: .*'ran\|O'.*word\|POS\|tag"):
            read(tmp_path, text)

    def test_other_text_with_pipes_is_conll(self, tmp_path):
        assert read(tmp_path, "a|b O\nc|d B-X\n").tokens == [["a|b", "c|d"]]
        assert read(tmp_path, "a|b\nc\n").tokens == [["a|b", "c"]]
