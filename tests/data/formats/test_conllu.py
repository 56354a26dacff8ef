from pathlib import Path

import pytest
from rows_of_layouts import POS, TAGS, WORDS, write_rows
from rows_of_layouts import read as read_any

from token_classification.data.formats.conllu import read_conllu
from token_classification.errors import DataError

REAL_DATA = Path(__file__).parents[3] / ".." / "shared" / "data"

TEXT = """# newdoc id = x
# text = Zum Haus
1-2\tZum\t_\t_\t_\t_\t_\t_\t_\t_
1\tZu\tzu\tADP\tAPPR\t_\t3\tcase\t_\t_
2\tdem\tder\tDET\tART\t_\t3\tdet\t_\t_
3\tHaus\tHaus\tNOUN\tNN\t_\t0\troot\t_\t_
3.1\tgehe\t_\tVERB\t_\t_\t_\t_\t_\t_

# newdoc
1\t_\t_\tSYM\t$(\t_\t0\troot\t_\t_
"""


def read(tmp_path, text, *columns):
    path = tmp_path / "a.conllu"
    path.write_text(text, encoding="utf-8")
    return read_conllu(path, *columns)


def test_only_words_with_integer_ids_are_words(tmp_path):
    sentences = read(tmp_path, TEXT)
    assert sentences.tokens == [["Zu", "dem", "Haus"], ["_"]]
    assert sentences.tags == [["ADP", "DET", "NOUN"], ["SYM"]]
    assert sentences.lines == [4, 10]
    assert sentences.doc_ids == ["0", "1"]


@pytest.mark.parametrize("column", ["xpos", "XPOS", "4", "-6"])
def test_columns_by_name_and_number(tmp_path, column):
    assert read(tmp_path, TEXT, None, column).tags == [["APPR", "ART", "NN"], ["$("]]


def test_unspecified_tags_from_top_to_bottom_are_unlabelled(tmp_path):
    sentences = read(tmp_path, TEXT, None, "feats")
    assert sentences.tags is None
    assert len(sentences) == 2


def test_no_document_line_no_documents(tmp_path):
    assert read(tmp_path, TEXT.replace("# newdoc", "# new")).doc_ids is None


def test_all_problems_come_together(tmp_path):
    row = "1\ta\ta\tX\t_\t_\t0\troot\t_\t_\n"
    text = row + row.replace("\t_\n", "\n") + "a" + row[1:] + row.replace("X", "")
    with pytest.raises(DataError) as error:
        read(tmp_path, text)
    first, second, third = str(error.value).split("\n")
    assert "a.conllu:2: 9 columns where CoNLL-U has 10 (" in first
    assert "a.conllu:3: not a word id ('a'); accepted: 1, 1-2 or 1.1" in second
    assert "a.conllu:4: empty tag (" in third


@pytest.mark.parametrize("column", ["ner", "10", "-11"])
def test_unknown_column_is_refused(tmp_path, column):
    with pytest.raises(DataError, match=rf"a\.conllu:1: CoNLL-U has no column '{column}' \(--label_column_name\)"):
        read(tmp_path, TEXT, None, column)


@pytest.mark.real_data
@pytest.mark.parametrize(("name", "n_sentences", "n_words"), [("dev", 2_001, 25_147), ("test", 2_077, 25_094)])
def test_real_corpora_lose_no_word(name, n_sentences, n_words):
    path = REAL_DATA / "ud_english_ewt" / f"{name}.conllu"
    if not path.exists():
        pytest.skip("ud_english_ewt is not in ../shared/data")
    sentences = read_conllu(path)
    assert len(sentences) == n_sentences
    assert sum(map(len, sentences.tokens)) == n_words
    assert len({tag for tags in sentences.tags for tag in tags}) == 17


CONLLU_ROW = "{id} {word} {word} {pos} _ _ 0 root _ _"


class TestConllu:
    """CoNLL-U with other columns, or with blanks where TABs belong."""

    @pytest.mark.parametrize("name", ["a.conllu", "a.txt"])
    def test_blanks_for_tabs(self, tmp_path, name):
        text = "# sent_id = 1\n1-2 x _ _ _ _ _ _ _ _\n" + write_rows(CONLLU_ROW, "  ")
        sentences = read_any(tmp_path, text, name=name)
        assert (sentences.tokens, sentences.tags) == (WORDS, POS)

    def test_a_word_with_a_blank_there_is_named(self, tmp_path):
        text = write_rows(CONLLU_ROW, " ").replace("2 Lee", "2 Lee Roy")
        with pytest.raises(DataError, match=r":2: 11 columns where CoNLL-U has 10 .*TAB"):
            read_any(tmp_path, text)

    @pytest.mark.parametrize(
        ("header", "row", "task", "tags"),
        [
            ("ID FORM UPOS NER", "{id} {word} {pos} {tag}", "ner", TAGS),
            ("ID FORM UPOS NER", "{id} {word} {pos} {tag}", "pos", POS),
            ("ID FORM MY:NER UPOS", "{id} {word} {tag} {pos}", "ner", TAGS),
            ("FORM UPOS", "{word} {pos}", "ner", POS),
            ("FORM CHUNK", "{word} {tag}", "ner", TAGS),
            ("ID FORM LEMMA HEAD", "{id} {word} x 0", "ner", None),
        ],
    )
    def test_global_columns(self, tmp_path, header, row, task, tags):
        text = f"# global.columns = {header}\n# newdoc\n{write_rows(row)}"
        sentences = read_any(tmp_path, text, task=task)
        assert (sentences.tokens, sentences.tags) == (WORDS, tags)
        assert sentences.columns == header.split()

    def test_a_column_is_chosen_by_its_name(self, tmp_path):
        text = f"# global.columns = ID FORM A:X B:Y\n{write_rows('{id} {word} {pos} {tag}')}"
        assert read_any(tmp_path, text, None, "b:y").tags == TAGS
        with pytest.raises(DataError, match=r":1: .*no column 'z' .*ID, FORM, A:X, B:Y"):
            read_any(tmp_path, text, None, "z")

    def test_global_columns_without_words(self, tmp_path):
        with pytest.raises(DataError, match=r":1: .*no column 'form' .*--text_column_name"):
            read_any(tmp_path, "# global.columns = ID TOKEN NER\n1\ta\tO\n")
