"""Sentences of files of any size, with one word per line or with tags after bars: one after the other."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from token_classification.data.formats.conll import iterate_sentences
from token_classification.data.formats.conll_layout import find_layout, is_boundary
from token_classification.data.formats.conllu import UNSPECIFIED, find_conllu_layout, iterate_conllu
from token_classification.data.formats.ontonotes import NO_TAGS, choose_ontonotes_columns, iterate_ontonotes
from token_classification.data.formats.piped import find_piped_layout, iterate_piped
from token_classification.data.formats.sentence_rows import RowSentence
from token_classification.inference.input_lines import describe_too_long
from token_classification.inference.records import LONGEST_RECORD, BadRecord, Record, make_bad_record

LONGEST_ROW = 2**16
"""Characters of a row in which the columns are looked for"""
KEPT_OF_ROW = 100
"""Characters kept of a row that is itself too long"""


class Rows(NamedTuple):
    """How the sentences of a file are read."""

    iterate: Callable[[Iterable[str]], Iterator[RowSentence]]
    empty_tags: Collection[str] = ()
    """What the column of tags contains instead of a tag"""
    is_sentence_a_line: bool = False


def read_rows(
    lines: Iterator[bytes], head: Sequence[str], path: Path, text_column: str | None, input_format: str
) -> Iterator[Record | BadRecord]:
    """Read each sentence as a list of words, with its tags if the first lines have any.

    Raises:
        DataError: the columns of words and tags can't be found.
    """
    head = [line[:LONGEST_ROW] for line in head]
    rows = STARTS[input_format](head, path, text_column)
    first = [*rows.iterate(head)]
    has_gold = any(tag not in rows.empty_tags for sentence in first for tag in sentence.tags)
    has_documents = any(sentence.ends_document for sentence in first)
    document = 0
    too_long: set[int] = set()
    for sentence in rows.iterate(_cut_long_sentences(lines, too_long, rows.is_sentence_a_line)):
        cut = too_long and too_long.intersection([sentence.line, *sentence.skipped])
        if cut:
            yield make_bad_record(min(cut), describe_too_long("sentence"), sentence.words)
        elif sentence.problems:
            problem = sentence.problems[0]
            yield make_bad_record(problem.line, problem.text, sentence.words)
        elif any(not word.isprintable() and _holds_broken_bytes(word) for word in sentence.words + sentence.tags):
            yield make_bad_record(sentence.line, "not UTF-8", sentence.words)
        elif sentence.words:
            gold = sentence.tags if has_gold else None
            fields, doc_id = {"tokens": sentence.words}, str(document) if has_documents else None
            yield Record(sentence.line, sentence.words, fields, gold, column="tokens", doc_id=doc_id)
        document += sentence.ends_document


def _start_conll(head: Sequence[str], path: Path, text_column: str | None) -> Rows:
    return Rows(partial(iterate_sentences, layout=find_layout(head, path, text_column, None), path=path))


def _start_conllu(head: Sequence[str], path: Path, text_column: str | None) -> Rows:
    layout = find_conllu_layout(head, path, text_column, None, "ner")
    return Rows(partial(iterate_conllu, layout=layout, path=path), UNSPECIFIED)


def _start_ontonotes(_: Sequence[str], path: Path, text_column: str | None) -> Rows:
    columns = choose_ontonotes_columns(path, text_column, None, "ner")
    return Rows(partial(iterate_ontonotes, columns=columns, path=path), NO_TAGS)


def _start_piped(head: Sequence[str], path: Path, text_column: str | None) -> Rows:
    layout = find_piped_layout(head, path, text_column, None, "ner")
    return Rows(partial(iterate_piped, layout=layout, path=path), is_sentence_a_line=not layout.is_word_a_line)


STARTS: dict[str, Callable[[Sequence[str], Path, str | None], Rows]] = {
    "conll": _start_conll,
    "conllu": _start_conllu,
    "ontonotes": _start_ontonotes,
    "piped": _start_piped,
}


def _cut_long_sentences(lines: Iterator[bytes], too_long: set[int], is_sentence_a_line: bool) -> Iterator[str]:
    """Yield the lines; those that make a sentence too long are blank, and its first line is added to `too_long`.

    Bytes that are not UTF-8 become half characters until their sentence is known.
    """
    start, size = 0, 0
    for number, line in enumerate(lines, 1):
        text = line[:LONGEST_RECORD].decode("utf-8", "surrogateescape")
        if is_boundary(text):
            size = 0
            yield text
            continue
        size = 0 if is_sentence_a_line else size
        start = start if size else number
        size += len(line) + 1
        if size <= LONGEST_RECORD:
            yield text
        else:
            too_long.add(start)
            # Part of a line that is itself too long is kept: otherwise there would be nothing to report.
            yield text[:KEPT_OF_ROW] if start == number else ""


def _holds_broken_bytes(word: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in word)
