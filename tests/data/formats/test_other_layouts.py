"""Layouts that look like CoNLL and are something else: read right, or refused with a way out that works."""

import subprocess
from pathlib import Path

import pytest

from token_classification.checking.doctor import examine
from token_classification.checking.files import ColumnChoice, number_files, read_files
from token_classification.checking.repair import repair_files
from token_classification.data.formats import read_sentences
from token_classification.data.schemes import recognise_scheme
from token_classification.errors import DataError

WORDS, TAGS, POS = [["Ann", "Lee", "ran"], ["Bob"]], [["B-PER", "I-PER", "O"], ["B-PER"]], [["N", "N", "V"], ["N"]]


def write(folder: Path, text: str, name: str = "a.conll") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def read(folder: Path, text: str, *columns: str | None, task: str = "ner", name: str = "a.conll"):
    return read_sentences(write(folder, text, name), *columns, task=task)


def write_rows(row: str, separator: str = "\t", first: int = 1) -> str:
    """Rows of the two sentences; in `row`, blanks stand for the separator."""
    return "\n".join(
        "".join(
            row.format(id=number, word=word, pos=pos, tag=tag).replace(" ", separator) + "\n"
            for number, (word, pos, tag) in enumerate(zip(*sentence, strict=True), first)
        )
        for sentence in zip(WORDS, POS, TAGS, strict=True)
    )


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


CONLLU_ROW = "{id} {word} {word} {pos} _ _ 0 root _ _"


class TestConllu:
    """CoNLL-U with other columns, or with blanks where TABs belong."""

    @pytest.mark.parametrize("name", ["a.conllu", "a.txt"])
    def test_blanks_for_tabs(self, tmp_path, name):
        text = "# sent_id = 1\n1-2 x _ _ _ _ _ _ _ _\n" + write_rows(CONLLU_ROW, "  ")
        sentences = read(tmp_path, text, name=name)
        assert (sentences.tokens, sentences.tags) == (WORDS, POS)

    def test_a_word_with_a_blank_there_is_named(self, tmp_path):
        text = write_rows(CONLLU_ROW, " ").replace("2 Lee", "2 Lee Roy")
        with pytest.raises(DataError, match=r":2: 11 columns where CoNLL-U has 10 .*TAB"):
            read(tmp_path, text)

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
        sentences = read(tmp_path, text, task=task)
        assert (sentences.tokens, sentences.tags) == (WORDS, tags)
        assert sentences.columns == header.split()

    def test_a_column_is_chosen_by_its_name(self, tmp_path):
        text = f"# global.columns = ID FORM A:X B:Y\n{write_rows('{id} {word} {pos} {tag}')}"
        assert read(tmp_path, text, None, "b:y").tags == TAGS
        with pytest.raises(DataError, match=r":1: .*no column 'z' .*ID, FORM, A:X, B:Y"):
            read(tmp_path, text, None, "z")

    def test_global_columns_without_words(self, tmp_path):
        with pytest.raises(DataError, match=r":1: .*no column 'form' .*--text_column_name"):
            read(tmp_path, "# global.columns = ID TOKEN NER\n1\ta\tO\n")


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


def test_prefixes_behind_the_type_are_refused_and_repaired(tmp_path):
    path = write(tmp_path, "Ann\tPER-B\nLee\tPER-I\nran\tO\n\nNew\tA-B-B\nYork\tA-B-I\n")
    with pytest.raises(DataError, match=r"'PER-B' \(1 times\).*'B-PER'.*token_classification check FILE --repair"):
        recognise_scheme(read_sentences(path).tags)
    data = number_files(read_files([path]))
    examination = examine(data)
    assert [(finding.kind, len(finding.problems)) for finding in examination.findings] == [("suffix_tags", 1)]
    assert examination.exit_code == 2
    repaired = repair_files(data, examination.scheme, tmp_path / "out", ColumnChoice())
    assert repaired.examination.exit_code == 0
    tags = read_sentences(tmp_path / "out" / "a.conll").tags
    assert tags == [["B-PER", "I-PER", "O"], ["B-A-B", "I-A-B"]]


@pytest.mark.parametrize("tags", ["NN-B VB-I", "X-B Y O Z", "I-B B-B O", "X-S O Y-L"])
def test_other_tags_are_not_taken_for_turned_ones(tags):
    recognise_scheme([tags.split()])
    recognise_scheme([["X-B", "X-I", "O"]], task="pos")
