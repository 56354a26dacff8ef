import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from token_classification.data.formats import read_sentences
from token_classification.data.formats.conll import read_conll, write_conll
from token_classification.errors import DataError, UserError

ANY_WORD = st.text(st.characters(exclude_characters="\t\n", exclude_categories=["Cs"]), max_size=4) | st.sampled_from(
    ["#", "# id 3", "[", "{", "{}", "[]", '"', "1", ",", "tokens", "\r", "\ufeff", "\u2028"]
)
LABELLED_SENTENCE = st.lists(st.tuples(ANY_WORD, st.sampled_from(["O", "B-X"])), min_size=1, max_size=4)
REAL_DATA = Path(__file__).parents[3] / ".." / "shared" / "data"


def write(tmp_path, text):
    path = tmp_path / "a.conll"
    path.write_bytes(text.encode())
    return path


def read(tmp_path, text, *columns):
    return read_conll(write(tmp_path, text), *columns)


def explain(tmp_path, text, *columns):
    with pytest.raises(DataError) as error:
        read(tmp_path, text, *columns)
    return str(error.value).replace(str(tmp_path) + "/", "").split("\n")


@pytest.mark.parametrize("word", ["foo\u00a0bar", "\u2028", "a\u0085b", "\u3000", "\x0c", "#", "-", "\u00a0"])
@pytest.mark.parametrize("separator", ["\t", " "])
def test_only_ascii_blanks_separate(tmp_path, word, separator):
    sentences = read(tmp_path, f"a{separator}O\n{word}{separator}B-PER\nb{separator}O\n")
    assert sentences.tokens == [["a", word, "b"]]
    assert sentences.tags == [["O", "B-PER", "O"]]


def test_runs_of_blanks_separate_once(tmp_path):
    sentences = read(tmp_path, " EU  NNP   B-ORG \n\nU.N. NNP O\n")
    assert (sentences.tokens, sentences.tags) == ([["EU"], ["U.N."]], [["B-ORG"], ["O"]])


def test_boundaries_in_a_row_are_one(tmp_path):
    sentences = read(tmp_path, "\n\na\tO\n\t\n \n\nb\tO\n \t \nc\tO")
    assert sentences.tokens == [["a"], ["b"], ["c"]]
    assert sentences.lines == [3, 7, 9]
    assert sentences.doc_ids is None


def test_empty_word_and_word_with_blanks_are_kept_between_tabs(tmp_path):
    assert read(tmp_path, "a\tO\n\tO\n \tO\n7 5\tO\n").tokens == [["a", "", " ", "7 5"]]


def test_one_column_is_unlabelled(tmp_path):
    sentences = read(tmp_path, "a\nb\n\nc\n", None, "3")
    assert (sentences.tokens, sentences.tags) == ([["a", "b"], ["c"]], None)


def test_columns_by_number(tmp_path):
    text = "0\tEU\tNNP\tB-ORG\tx\n"
    sentences = read(tmp_path, text, "1", "-2")
    assert (sentences.tokens, sentences.tags) == ([["EU"]], [["B-ORG"]])


def test_germeval_layout(tmp_path):
    text = "#\thttp://x [2010]\n1\tTroia\tB-OTH\tB-LOC\n2\t#\tO\tO\t\n\n# x\n1\t5\tO\tO\n"
    sentences = read(tmp_path, text)
    assert (sentences.tokens, sentences.tags) == ([["Troia", "#"], ["5"]], [["B-OTH", "O"], ["O"]])
    assert read(tmp_path, text, None, "3").tags == [["B-LOC", "O"], ["O"]]


def test_four_columns_that_do_not_count_are_no_germeval_layout(tmp_path):
    sentences = read(tmp_path, "1\tCD\tX\tO\n\n1996\tCD\tX\tB-DATE\n")
    assert (sentences.tokens, sentences.tags) == ([["1"], ["1996"]], [["O"], ["B-DATE"]])


def test_document_starts(tmp_path):
    text = "-DOCSTART- -X- O O\n\nEU NNP I O\n\nU.N. NNP I O\n-DOCSTART- -DOCSTART- O\na NN I O\n-DOCSTART-\n"
    sentences = read(tmp_path, text)
    assert sentences.tokens == [["EU"], ["U.N."], ["a"]]
    assert sentences.doc_ids == ["0", "0", "1"]


def test_words_with_hash_are_words(tmp_path):
    assert read(tmp_path, "#\tO\n#photo\tO\n\n# 1\tO\n").tokens == [["#", "#photo"], ["# 1"]]
    assert read(tmp_path, "# O\n#photo O\n\n# O\n").tokens == [["#", "#photo"], ["#"]]


def test_comments_before_a_sentence_are_left_out(tmp_path):
    assert read(tmp_path, "# two words\n# id 1\na\tO\n\n# x\nb\tO\n").tokens == [["a"], ["b"]]
    assert read(tmp_path, "# id 5d8e domain=en\na _ _ O\n\n# sent_id = 4\nb _ _ O\n").tokens == [["a"], ["b"]]


def test_all_problems_come_together(tmp_path):
    first, second, third, fourth = explain(tmp_path, "a\tO\nnotag\nb\t\nx\ty\tz\n\nc\tO\n# no comment here\n")
    assert first.startswith("a.conll:2: 1 column where the file has 2 ('notag'); accepted: word TAB tag")
    assert second.startswith("a.conll:3: empty tag ('b\\t'); accepted: word TAB tag; add the tag")
    assert "--label_column_name" in second
    assert third.startswith("a.conll:4: 3 columns where the file has 2 ('x\\ty\\tz')")
    assert fourth.startswith("a.conll:7: 1 column where")


@pytest.mark.parametrize(
    ("text", "offers"),
    [("a\tO\nZoe B-PER\n", True), ("a O\nZoe\tB-PER\tx\n", False), ("a\tO\nwas here\n", False), ("a\tO\nb\n", False)],
)
def test_repair_is_offered_where_it_can_help(tmp_path, text, offers):
    (problem,) = explain(tmp_path, text)
    assert ("token_classification check FILE --repair FOLDER" in problem) == offers


def test_ten_problems_are_listed_and_the_rest_counted(tmp_path):
    problems = explain(tmp_path, "a O\n" + "b\n" * 13)
    assert len(problems) == 11
    assert problems[-1] == "... and 3 more of this kind"


def test_blank_line_of_another_space_is_no_boundary(tmp_path):
    (problem,) = explain(tmp_path, "a O\n\u00a0 O\n\u00a0\nb O\n")
    assert problem.startswith("a.conll:3: 1 column where the file has 2 ('\\xa0'); accepted: word blank tag")


def test_column_name_is_refused_with_the_columns_found(tmp_path):
    (problem,) = explain(tmp_path, "\n\nEU\tB-ORG\n", "tokens")
    assert problem.startswith("a.conll:3: --text_column_name tokens is a name, and CoNLL columns have numbers")
    assert "(the first line has 0 'EU', 1 'B-ORG')" in problem
    assert problem.endswith("type e.g. --text_column_name 0")


@pytest.mark.parametrize("column", ["2", "-3"])
def test_column_out_of_range_is_refused(tmp_path, column):
    (problem,) = explain(tmp_path, "EU\tB-ORG\n", None, column)
    assert problem.startswith(f"a.conll:1: there is no column --label_column_name {column} ")
    assert "accepted: a number from 0 to 1, or from the end, -1 to -2" in problem


def test_file_of_document_starts_has_no_words(tmp_path):
    (problem,) = explain(tmp_path, "-DOCSTART- -X- O O\n\n")
    assert problem.startswith("a.conll:1: no words")


def test_written_sentences_are_read_again(tmp_path):
    words = [["\ufeff", "", "a b", "#", "\u2028"], ["# x", "\r", "\u00a0"]]
    tags = [["O", "O", "B-X", "O", "O"], ["O", "O", "I-X"]]
    path = tmp_path / "a.conll"
    write_conll(path, [words, tags])
    sentences = read_conll(path)
    assert (sentences.tokens, sentences.tags) == (words, tags)
    assert list(tmp_path.iterdir()) == [path]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LABELLED_SENTENCE, min_size=1, max_size=4))
def test_any_word_survives_writing_and_reading(tmp_path, labelled_sentences):
    columns = [[[row[column] for row in rows] for rows in labelled_sentences] for column in (0, 1)]
    write_conll(tmp_path / "a.conll", columns)
    sentences = read_sentences(tmp_path / "a.conll")
    assert [sentences.tokens, sentences.tags] == columns


def test_layout_of_the_written_file(tmp_path):
    write_conll(tmp_path / "a.conll", [[["a", "b"], ["c"]], [["O", "B-X"], ["O"]], [["O", "O"], ["O"]]])
    assert (tmp_path / "a.conll").read_bytes() == b"a\tO\tO\nb\tB-X\tO\n\nc\tO\tO\n\n"


@pytest.mark.parametrize("columns", [[[["a\tb"]], [["O"]]], [[["a\nb"]], [["O"]]], [[[""]]], [[["a b"]]], [[["a\r"]]]])
def test_word_that_would_be_lost_is_not_written(tmp_path, columns):
    path = tmp_path / "a.conll"
    path.write_text("before")
    with pytest.raises(DataError, match=r"a\.conll: sentence 1 can't be written as CoNLL"):
        write_conll(path, columns)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_failed_write_leaves_nothing_behind(tmp_path):
    (tmp_path / "a.conll").mkdir()
    with pytest.raises(UserError, match="directory"):
        write_conll(tmp_path / "a.conll", [[["a"]], [["O"]]])
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.conll"]


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "n_sentences", "n_words"),
    [
        ("wnut17/train.conll", 3_394, 62_730),
        ("wnut17/dev.conll", 1_009, 15_733),
        ("wnut17/test.conll", 1_287, 23_394),
        ("germeval2014/dev.tsv", 2_200, 41_653),
        ("germeval2014/test.tsv", 5_100, 96_499),
    ],
)
def test_real_corpora_lose_no_word(name, n_sentences, n_words):
    path = REAL_DATA / name
    if not path.exists():
        pytest.skip(f"{name} is not in ../shared/data")
    sentences = read_conll(path)
    assert len(sentences) == n_sentences
    assert sum(map(len, sentences.tokens)) == n_words
    assert all(tag[:2] in {"O", "B-", "I-"} for tags in sentences.tags for tag in tags)


@pytest.mark.real_data
def test_costs_little_more_than_splitting_the_lines():
    path = REAL_DATA / "wnut17/train.conll"
    if not path.exists():
        pytest.skip("wnut17 is not in ../shared/data")

    def seconds(step: Callable[[], object]) -> float:
        start = time.process_time()
        step()
        return time.process_time() - start

    def split_lines() -> list[list[str]]:
        return [line.split() for line in path.read_text(encoding="utf-8").split("\n")]

    ratios = [seconds(lambda: read_conll(path)) / seconds(split_lines) for _ in range(5)]
    assert sorted(ratios)[2] <= 6
