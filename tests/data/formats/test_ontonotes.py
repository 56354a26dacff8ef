"""OntoNotes as CoNLL-2012 writes it."""

import pytest
from rows_of_layouts import WORDS, read

from token_classification.errors import DataError

ONTONOTES = """#begin document (bc/x/00/x_0000); part 000
bc/x/00/x_0000  0  0   Ann  NNP  (TOP(S(NP*  -  -  -  Speaker#1  (PERSON*  (ARG0*  (0
bc/x/00/x_0000  0  1   Lee  NNP  *)          -  -  -  Speaker#1  *)        *)      0)
bc/x/00/x_0000  0  2   ran  VBD  (VP*)))     run 01 1 Speaker#1  *         (V*)    -

#end document
#begin document (bc/x/00/x_0001); part 000
bc/x/00/x_0001  0  0   Bob  NNP  (TOP*)      -  -  -  Speaker#1  (PERSON)  -

#end document
"""


class TestOntoNotes:
    """Rows of CoNLL-2012: their number of columns varies from sentence to sentence."""

    def test_brackets_become_tags(self, tmp_path):
        sentences = read(tmp_path, ONTONOTES)
        assert sentences.tokens == WORDS
        assert sentences.tags == [["B-PERSON", "I-PERSON", "O"], ["B-PERSON"]]
        assert (sentences.lines, sentences.doc_ids) == ([2, 8], ["0", "1"])

    def test_parts_of_speech(self, tmp_path):
        assert read(tmp_path, ONTONOTES, task="pos").tags == [["NNP", "NNP", "VBD"], ["NNP"]]
        assert read(tmp_path, ONTONOTES, None, "4").tags == [["NNP", "NNP", "VBD"], ["NNP"]]

    @pytest.mark.parametrize("cell", ["((PERSON*", "PERSON", "*)"])
    def test_broken_brackets_are_named(self, tmp_path, cell):
        with pytest.raises(DataError, match=r"a\.conll:2: .*named entity"):
            read(tmp_path, ONTONOTES.replace("(PERSON* ", cell + " "))

    def test_an_entity_that_is_left_open_is_named(self, tmp_path):
        with pytest.raises(DataError, match=r"a\.conll:4: .*PERSON"):
            read(tmp_path, ONTONOTES.replace("*)        *) ", "*         *) "))

    def test_too_few_columns(self, tmp_path):
        with pytest.raises(DataError, match=r"a\.conll:2: 4 columns .*12"):
            read(tmp_path, "#begin document (x); part 000\nx 0 0 Ann\n#end document\n")
