"""Sentences of words and tags as files: CoNLL of several kinds, JSON lines, NeMo's pair of text and labels."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from token_classification.data.entities import find_entities
from token_classification.data.formats.conll import format_sentence
from token_classification.data.formats.conll_layout import DOCUMENT_START, find_layout
from token_classification.data.formats.record_columns import DOCUMENT_COLUMN, WORD_COLUMNS
from token_classification.data.formats.text_and_labels import UNWRITABLE, format_text_and_labels
from token_classification.data.level_columns import name_levels
from token_classification.data.problems import Kind, Problem, show
from token_classification.data.schemes import OUTSIDE, is_prefixed
from token_classification.data.sentences import Sentences
from token_classification.data.spans.document import Written
from token_classification.errors import UserError
from token_classification.output_text import dump_json, make_printable, quote_path

UNWRITABLE_ROW = re.compile(rf"[\t\n]|\r\Z|\A{re.escape(DOCUMENT_START)}")
"""What would not be read back from a row of two columns: a separator, the end of a line, the start of a document"""
UNWRITABLE_CELL = re.compile(r"[\t\n]|\r\Z|\A\Z")
"""The same of a cell of CoNLL-U"""
UNWRITABLE_LINE = re.compile(rf"{UNWRITABLE.pattern}|\A{re.escape(DOCUMENT_START)}")
"""The same of a row of one column, which blanks would part"""
ENTITY_LABEL = re.compile(r"[^()*\s]+")
"""What can stand in the brackets of OntoNotes"""


class Part(NamedTuple):
    """The sentences of one file."""

    path: Path
    sentences: Sentences
    deeper: Sequence[list[list[str]]] = ()
    """The tags of the levels of nested entities behind the first one, whose tags the sentences have"""


def write_conll_parts(parts: Sequence[Part], target: Path) -> Written:
    """Return the sentences as CoNLL: word TAB tag, a blank line after a sentence, `-DOCSTART-` before a document."""
    written = Written("")
    lines: list[str] = []
    empty = documents = 0
    for part in parts:
        written.problems += _find_unwritable(part, UNWRITABLE_LINE if part.sentences.tags is None else UNWRITABLE_ROW)
        before, tags, doc_ids = None, part.sentences.tags, part.sentences.doc_ids
        start = "\t".join([DOCUMENT_START, *([] if tags is None else [OUTSIDE] * (1 + len(part.deeper)))])
        for row, words in enumerate(part.sentences.tokens):
            if doc_ids and doc_ids[row] != before:
                before = doc_ids[row]
                documents += 1
                lines.append(f"{start}\n\n")
            empty += not words
            if words:
                columns = [words] if tags is None else [words, tags[row], *(level[row] for level in part.deeper)]
                lines.append(format_sentence(zip(*columns, strict=True)))
    if documents:
        written.notes.append(f"the names of {documents:,} documents are left out: CoNLL only says where one begins")
    written.notes += _note_empty(empty)
    text = "".join(lines)
    if not written.problems and _is_read_as_numbered(text, target):
        path, sentences, _ = parts[0]
        wrong = (
            "the first words count 1, 2, 3 ... and would be read as numbers of rows; accepted: other words, or JSON "
            "lines; type --to jsonl"
        )
        written.problems.append(Problem(Kind.BROKEN_RECORD, path, sentences.lines[0], wrong))
    written.content = "\ufeff" + text if text.startswith("\ufeff") else text
    return written


def _is_read_as_numbered(text: str, target: Path) -> bool:
    return bool(text) and find_layout(text.split("\n"), target, None, None).numbered


def write_conllu_parts(parts: Sequence[Part], target: Path) -> Written:
    """Return the sentences as CoNLL-U Plus with the columns ID, FORM and NER, and the names of documents."""
    is_labelled = all(part.sentences.tags is not None for part in parts)
    lines = [f"# global.columns = ID FORM{' NER' if is_labelled else ''}\n"]
    problems: list[Problem] = []
    empty = 0
    for part in parts:
        problems += _find_unwritable(part, UNWRITABLE_CELL)
        before, tags, doc_ids = None, part.sentences.tags, part.sentences.doc_ids
        for row, words in enumerate(part.sentences.tokens):
            if doc_ids and doc_ids[row] != before:
                before = doc_ids[row]
                lines.append(f"# newdoc id = {make_printable(before)}\n")
            empty += not words
            if words:
                columns = [map(str, range(1, len(words) + 1)), words, *([] if tags is None else [tags[row]])]
                lines.append(format_sentence(zip(*columns, strict=True)))
    return Written("".join(lines), problems, _note_empty(empty))


def _note_empty(count: int) -> list[str]:
    return [f"{count:,} sentences without words are left out: this format can't hold any"] if count else []


def write_ontonotes_parts(parts: Sequence[Part], target: Path) -> Written:
    """Return the sentences as OntoNotes is published (CoNLL-2012), with what it writes where it knows no more.

    That is `XX` for parts of speech, a parse of one bracket, and `-` for predicates, senses, speakers and coreference.
    """
    written = Written("")
    lines: list[str] = []
    empty = entities = renamed = 0
    for path, sentences, _ in parts:
        written.problems += _find_unwritable(
            Part(path, Sentences(sentences.tokens, lines=sentences.lines)), UNWRITABLE
        )
        names = sentences.doc_ids or ["-"] * len(sentences)
        if sentences.doc_ids is None:
            written.notes.append(f"{path}: nothing says where documents begin; all of it is one")
        for name, rows in groupby(range(len(sentences)), key=names.__getitem__):
            document = re.sub(r"\s", "_", name)
            renamed += document != name
            lines.append(f"#begin document ({document}); part 000\n")
            for row in rows:
                words = sentences.tokens[row]
                cells, problem = _bracket_entities(path, sentences, row)
                written.problems += [problem] if problem else []
                entities += sum(cell.startswith("(") for cell in cells)
                empty += not words
                for place, (word, cell) in enumerate(zip(words, cells, strict=True)):
                    parse = f"{'(TOP' if place == 0 else ''}*{')' if place == len(words) - 1 else ''}"
                    lines.append(f"{document} 0 {place} {word} XX {parse} - - - - {cell} -\n")
                lines.append("\n" if words else "")
            lines.append("#end document\n")
    written.content = "".join(lines)
    written.notes += _note_empty(empty)
    if renamed:
        written.notes.append(f"{renamed:,} names of documents have _ for blanks: a column holds none")
    if not entities:
        written.notes.append("there is no entity: whoever reads the file takes it for one without labels")
    return written


def _bracket_entities(path: Path, sentences: Sentences, row: int) -> tuple[list[str], Problem | None]:
    """Return the cells of a sentence's entities, and what is wrong with their labels."""
    tags = sentences.tags[row] if sentences.tags else []
    cells = ["*"] * len(sentences.tokens[row])
    plain = next((tag for tag in tags if tag != OUTSIDE and not is_prefixed(tag)), None)
    wrong = None if plain is None else f"{show(plain)} is no tag of an entity; accepted: B- and I- before its label"
    for entity in find_entities(tags) if plain is None else ():
        if not ENTITY_LABEL.fullmatch(entity.type):
            wrong = f"the label {show(entity.type)} can't be written; accepted: one without blanks, brackets and *"
        cells[entity.start] = f"({entity.type}{cells[entity.start]}"
        cells[entity.end - 1] += ")"
    if wrong is None:
        return [f"({cell[1:-2]})" if cell.startswith("(") and cell.endswith("*)") else cell for cell in cells], None
    text = f"{wrong}; rename it, or write JSON lines: --to jsonl"
    return cells, Problem(Kind.ODD_TAG, path, sentences.lines[row], text)


def write_json_parts(parts: Sequence[Part], target: Path) -> Written:
    """Return the sentences as JSON lines of `tokens`, `ner_tags` and, where documents have names, `doc_id`.

    Tags of further levels are in `inner_ner_tags`, `level_3_ner_tags` ...
    """
    lines = []
    for _, sentences, deeper in parts:
        for row, words in enumerate(sentences.tokens):
            record: dict[str, object] = {}
            if sentences.doc_ids is not None:
                record[DOCUMENT_COLUMN] = sentences.doc_ids[row]
            record[WORD_COLUMNS[0]] = words
            if sentences.tags is not None:
                record["ner_tags"] = sentences.tags[row]
                names = name_levels(1 + len(deeper))[1:]
                record |= {f"{name}_ner_tags": level[row] for name, level in zip(names, deeper, strict=True)}
            lines.append(dump_json(record, indent=None) + "\n")
    return Written("".join(lines))


def write_text_parts(parts: Sequence[Part], target: Path) -> Written:
    """Return the sentences as `text_NAME.txt`, the target, and `labels_NAME.txt` beside it.

    Raises:
        UserError: the target has another name, or there are no tags.
    """
    stem = re.fullmatch(r"text_(.+)\.txt", target.name)
    if stem is None:
        name = quote_path(target.with_name(f"text_{target.stem}.txt"))
        raise UserError(
            f"{target}: labels go into a file beside it; accepted: text_NAME.txt (and labels_NAME.txt); type {name}"
        )
    problems = [problem for part in parts for problem in _find_unwritable(part, UNWRITABLE)]
    tokens = [words for part in parts for words in part.sentences.tokens]
    tags = [row for part in parts for row in part.sentences.tags or ()]
    if len(tokens) != len(tags):
        raise UserError(f"{parts[0].path}: no tags; accepted: labelled sentences; type --to conll or --to jsonl")
    documents = sum(part.sentences.doc_ids is not None for part in parts)
    notes = ["where documents begin is left out: this format can't say it"] if documents else []
    return Written(format_text_and_labels(stem[1], Sentences(tokens, tags)), problems, notes)


def _find_unwritable(part: Part, unwritable: re.Pattern[str]) -> Iterator[Problem]:
    for row, words in enumerate(part.sentences.tokens):
        for cell in (*words, *(part.sentences.tags[row] if part.sentences.tags else ())):
            if unwritable.search(cell):
                text = (
                    f"{show(cell)} can't be written (it would not be read as one word); accepted: words and labels "
                    "without TAB and line end; correct it, or write JSON lines: --to jsonl"
                )
                yield Problem(Kind.BROKEN_RECORD, part.path, part.sentences.lines[row], text)


TAG_WRITERS: dict[str, Callable[[Sequence[Part], Path], Written]] = {
    "conll": write_conll_parts,
    "conllu": write_conllu_parts,
    "ontonotes": write_ontonotes_parts,
    "jsonl": write_json_parts,
    "text_and_labels": write_text_parts,
}
