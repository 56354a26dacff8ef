"""Numbers of words in CoNLL-U that repeat or skip: the words are read all the same, but a row may be missing."""

from collections.abc import Iterator

from token_classification.checking.files import CheckedData, CheckedFile
from token_classification.data.formats.conllu import WORD_ID, find_id_column, read_names
from token_classification.data.formats.recognise import recognise_format
from token_classification.data.formats.text_and_labels import find_labels_file
from token_classification.data.problems import Kind, Problem, show
from token_classification.data.text_lines import read_lines, split_blanks


def find_odd_ids(data: CheckedData) -> Iterator[Problem]:
    """Yield the first word of each sentence of a CoNLL-U file whose number does not follow the one before it."""
    for file in data.files:
        has_rows = len(file.sentences) and file.sentences.has_line_per_word and find_labels_file(file.path) is None
        if has_rows and recognise_format(file.path) == "conllu":
            yield from _find_in_file(file)


def _find_in_file(file: CheckedFile) -> Iterator[Problem]:
    lines = read_lines(file.path)
    column = find_id_column(read_names(lines))
    if column is None:
        return
    expected, is_reported = 1, False
    for number, line in enumerate(lines, 1):
        if not line.strip(" \t"):
            expected, is_reported = 1, False
            continue
        row = line.split("\t") if "\t" in line else split_blanks(line)
        if line.startswith("#") or len(row) <= column or not WORD_ID.fullmatch(row[column]):
            continue
        if row[column] != str(expected) and not is_reported:
            is_reported = True
            text = (
                f"word number {show(row[column])} where {expected} is expected; accepted: 1, 2, 3 ... in each "
                "sentence (all rows are read as words); check whether a row or a blank line is missing"
            )
            yield Problem(Kind.WORD_IDS, file.path, number, text)
        expected += 1
