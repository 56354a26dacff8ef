"""Where sentences and documents begin and end: sentences without words, document starts inside of sentences."""

from collections.abc import Iterator
from itertools import pairwise

from token_classification.checking.files import CheckedData, CheckedFile
from token_classification.data.formats.record_columns import list_columns
from token_classification.data.problems import Kind, Problem


def find_boundary_problems(data: CheckedData) -> Iterator[Problem]:
    """Yield problems of each file with its sentences as a whole."""
    for file in data.files:
        if file.tag_ids is None and len(file.sentences):
            columns = file.sentences.columns
            found = f" (columns found: {list_columns(columns)})" if columns else ""
            text = f"the file has no tags{found}; accepted for data that is only tagged; add tags to train or score"
            yield file.report_sentence(Kind.NO_TAGS, 0, text)
        for row, words in enumerate(file.sentences.tokens):
            if not words:
                text = "a sentence without words; accepted, and nothing is tagged in it; remove it"
                yield file.report_sentence(Kind.EMPTY_SENTENCE, row, text)
        yield from find_cut_sentences(file)


def find_cut_sentences(file: CheckedFile) -> Iterator[Problem]:
    """Yield document starts with a word right before and right behind them, where one blank line at least is usual."""
    sentences = file.sentences
    if sentences.doc_ids is None or not sentences.has_line_per_word:
        return
    for row, (document, following) in enumerate(pairwise(sentences.doc_ids)):
        last = sentences.find_line(row, len(sentences.tokens[row]) - 1)
        if document != following and sentences.lines[row + 1] == last + 2:
            text = (
                f"a document start between the words {sentences.tokens[row][-1]!r} and "
                f"{sentences.tokens[row + 1][0]!r}; accepted: a blank line before and behind it; add them, or "
                "remove it if it is inside a sentence"
            )
            yield Problem(Kind.DOCUMENT_START, file.path, last + 1, text)
