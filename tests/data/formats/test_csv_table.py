import pytest

from token_classification.data.formats.csv_table import read_csv
from token_classification.errors import DataError


def read(tmp_path, text, *columns):
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode())
    return read_csv(path, *columns)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_one_word_per_row(tmp_path, delimiter):
    rows = ["sentence_id;word;tag", "1;NA;B-X", "1;null;O", '2;"""";O', "2;;O", "2;nan;O"]
    sentences = read(tmp_path, "\n".join(rows).replace(";", delimiter))
    assert sentences.tokens == [["NA", "null"], ['"', "", "nan"]]
    assert sentences.tags == [["B-X", "O"], ["O", "O", "O"]]
    assert sentences.lines == [2, 4]


def test_sentence_id_only_in_the_first_row(tmp_path):
    text = "Sentence #,Word,POS,Tag\nSentence: 1,EU,NNP,B-ORG\n,rejects,VB,O\nSentence: 2,a,DT,O\n"
    sentences = read(tmp_path, text)
    assert sentences.tokens == [["EU", "rejects"], ["a"]]
    assert sentences.tags == [["B-ORG", "O"], ["O"]]
    assert read(tmp_path, text, None, "POS").tags == [["NNP", "VB"], ["DT"]]


def test_quotes_that_are_words_do_not_swallow_rows(tmp_path):
    text = 'sentence_id\tword\ttag\n1\t"\tO\n1\tEcce\tB-OTH\n1\t"\tO\n'
    assert read(tmp_path, text).tokens == [['"', "Ecce", '"']]


def test_quote_that_swallows_rows_is_a_problem(tmp_path):
    text = 'sentence_id,word,tag\n1,a,O\n1,",O\n1,Ecce,B-OTH\n1,",O\n1,",",O\n'
    with pytest.raises(DataError, match=r"a\.csv:3: a quote that a later row closes"):
        read(tmp_path, text)


@pytest.mark.parametrize("words", ["""['EU', "won't"]""", '["EU", "won\'t"]', """['EU',\n "won't"]"""])
def test_lists_in_cells(tmp_path, words):
    cell = words.replace('"', '""')
    sentences = read(tmp_path, f"id,tokens,ner_tags\n0,\"{cell}\",\"['B-ORG', 'O']\"\n1,\"['a']\",['O']\n")
    assert sentences.tokens == [["EU", "won't"], ["a"]]
    assert sentences.tags == [["B-ORG", "O"], ["O"]]
    assert sentences.lines == [2, 3 + words.count("\n")]


def test_lists_beside_the_text_of_the_sentence(tmp_path):
    assert read(tmp_path, 'sentence;tokens;tags\nEU no;["EU", "no"];[3, 0]\n'.replace('"', "'")).tags == [["3", "0"]]


def test_first_word_may_look_like_a_list(tmp_path):
    assert read(tmp_path, "sentence_id,word,tag\n1,[1],O\n1,a,O\n").tokens == [["[1]", "a"]]


def test_table_without_tags_is_unlabelled(tmp_path):
    sentences = read(tmp_path, "sentence_id,word\n1,a\n2,b\n")
    assert (sentences.tokens, sentences.tags) == ([["a"], ["b"]], None)


def test_long_cell_is_read(tmp_path):
    sentences = read(tmp_path, 'tokens\n"' + str(["word"] * 30_000) + '"\n')
    assert len(sentences.tokens[0]) == 30_000


def test_documents_of_word_rows(tmp_path):
    assert read(tmp_path, "doc_id,sentence_id,word\nx,1,a\nx,1,b\ny,2,c\n").doc_ids == ["x", "y"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sentence_id,word,tag\n1,a,O\n1,b\n", r":3: 2 columns where the header has 3 \('1', ...\)"),
        ("sentence_id,word,tag\n1,a,O\n\n1,b,\n", r":4: empty tag \(word 'b'\)"),
        ("id,word,tag\n1,a,O\n", r":2: 'word' is text \('a'\), not a list of words"),
        ("tokens;tags\n['a'];['O']\n['a' 'b'];['O' 'O']\n", r":3: 'tokens' is text \(\"\['a' 'b'\]\"\)"),
        ("tokens;tags\n('a', 'b');['O']\n", r":2: 'tokens' is a tuple"),
        ("tokens;tags\n['a'];[O]\n", r":2: 'tags' is text \('\[O\]'\)"),
        ('tokens;tags\n"[""a""]";"[""O"", ""O""]"\n', r":2: 1 words but 2 tags"),
        ('tokens,tags\n"[""a"", ""b""],"[""O""]"\n', r":2: not CSV \("),
        ("a,b\n1,2\n", r":1: no column of words \(columns found: 'a', 'b'\)"),
        ("tokens,tags\n", r":1: no words"),
    ],
)
def test_broken_table_is_named_by_its_line(tmp_path, text, message):
    with pytest.raises(DataError, match=rf"a\.csv{message}"):
        read(tmp_path, text)
