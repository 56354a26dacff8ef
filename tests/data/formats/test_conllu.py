from pathlib import Path

import pytest

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
