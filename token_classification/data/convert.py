"""Files of one format become a file of another one, with an account of every span."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

from token_classification.data.formats import READERS, read_format
from token_classification.data.formats.recognise import recognise_format
from token_classification.data.formats.span_files import (
    SPAN_READERS,
    SPAN_WRITERS,
    read_documents,
    refuse_unknown_format,
)
from token_classification.data.formats.tag_files import TAG_WRITERS, Part
from token_classification.data.formats.text_and_labels import find_labels_file, find_text_file, read_text_and_labels
from token_classification.data.level_columns import split_columns
from token_classification.data.sentences import Sentences
from token_classification.data.spans.document import Span, SpanDocument, SpanFile, Written
from token_classification.data.spans.overlaps import Overlaps
from token_classification.data.spans.tags import Account, TaggingRules, fit_documents, join_sentences, tag_documents
from token_classification.data.spans.words import Align
from token_classification.data.text_lines import no_words
from token_classification.data.words_of_text import WordRule
from token_classification.errors import DataError, UserError, list_problems

PAIR = "text_and_labels"
SOURCES = (*READERS, PAIR)
TARGETS = (*TAG_WRITERS, *SPAN_WRITERS)
LEVEL_TARGETS = ("conll", "jsonl")
"""Those that have a column of tags for each level of nested spans"""


@dataclass(frozen=True)
class Choices:
    """What is to be made of the files. None: nobody said; spans then stay as they are where the format holds them."""

    target: str
    """One of `TARGETS`"""
    source: str | None = None
    """One of `SOURCES`; None: each file is recognised by its content"""
    words: WordRule | None = None
    align: Align | None = None
    overlaps: Overlaps | None = None
    splits_lines: bool = False
    text_column: str | None = None
    label_column: str | None = None
    task: str = "ner"
    annotator: str | None = None
    """Whose labels are read, or `majority`"""
    levels: int = 1
    """Columns of tags for nested spans, outermost first"""


@dataclass
class Conversion:
    """What is to be written, and what there is to say about it."""

    written: Written
    counts: dict[str, int]
    """Documents or sentences, and entities"""
    account: Account
    notes: list[str] = field(default_factory=list)


def convert_files(paths: Sequence[Path], target: Path, choices: Choices) -> Conversion:
    """Convert files into one of another format; nothing is written yet.

    Raises:
        DataError: it lists everything that is wrong in the files, or can't be held by the format.
        UserError: a choice that makes no sense here.
    """
    refuse_unknown_format("--to", choices.target, TARGETS)
    if choices.source is not None:
        refuse_unknown_format("--from", choices.source, SOURCES)
    _check_levels(choices)
    files: dict[Path, SpanFile | Sentences] = {}
    wrong: list[str] = []
    for path in paths:
        try:
            files[path] = _read(path, choices)
        except DataError as error:
            wrong.append(str(error))
    if wrong:
        found = [problem for file in files.values() if isinstance(file, SpanFile) for problem in file.problems]
        raise DataError("\n".join([*wrong, *([list_problems([*map(str, found)])] if found else [])]))
    _refuse_mixture(files)
    convert = _convert_to_spans if choices.target in SPAN_WRITERS else _convert_to_tags
    conversion = convert(_separate_names(files), target, choices)
    problems = conversion.account.problems + conversion.written.problems
    if problems:
        counts = Counter(problem.kind.heading for problem in problems)
        total = ", ".join(f"{count:,} {heading}" for heading, count in counts.items())
        raise DataError(f"{list_problems([*map(str, problems)])}\nNothing was written: {total}.")
    return conversion


def _check_levels(choices: Choices) -> None:
    """Refuse levels where there is no place for them.

    Raises:
        UserError: there is none.
    """
    if choices.levels < 1:
        raise UserError(f"--levels {choices.levels}: accepted is a number from 1 on; type --levels 2")
    if choices.levels > 1 and choices.target not in LEVEL_TARGETS:
        raise UserError(
            f"--levels {choices.levels} with --to {choices.target}: accepted are {' and '.join(LEVEL_TARGETS)}, which "
            "have a column of tags for each level; formats of annotation tools hold nested spans without it"
        )
    if choices.levels > 1 and choices.overlaps == "inner":
        raise UserError(
            f"--levels {choices.levels} with --overlaps inner: the outermost spans come first; accepted: refuse and "
            "outer, which leaves out what lies deeper than the levels"
        )


def _read(path: Path, choices: Choices) -> SpanFile | Sentences:
    """Read a file, or of one with several columns of tags the spans of all of them."""
    columns = split_columns(choices.label_column)
    if len(columns) <= 1:
        return _read_column(path, choices)
    files = []
    for column in columns:
        file = _read_column(path, replace(choices, label_column=column))
        files.append(join_sentences(file, path) if isinstance(file, Sentences) else file)
    documents = [
        replace(rows[0], spans=tuple(sorted(chain.from_iterable(row.spans for row in rows), key=_order_spans)))
        for rows in zip(*(file.documents for file in files), strict=True)
    ]
    return replace(files[0], documents=documents, problems=[problem for file in files for problem in file.problems])


def _order_spans(span: Span) -> tuple[int, int]:
    return span.start, -span.end


def _read_column(path: Path, choices: Choices) -> SpanFile | Sentences:
    source, columns = choices.source, (choices.text_column, choices.label_column)
    path = find_text_file(path) if source is None else path
    if source == PAIR or (source is None and find_labels_file(path)):
        return read_text_and_labels(path, find_labels_file(path))
    source = source or recognise_format(path)
    if source in SPAN_READERS:
        return read_documents(path, source, *columns, choices.annotator)
    return read_format(source, path, *columns, choices.task, choices.annotator)


def _refuse_mixture(files: Mapping[Path, SpanFile | Sentences]) -> None:
    """Refuse labelled files beside unlabelled ones, whose words would seem to be in no entity.

    Raises:
        UserError: there are both; it names one of each.
    """
    labelled = {path: _is_labelled(file) for path, file in files.items()}
    if len(set(labelled.values())) > 1:
        with_labels, without = (next(path for path in files if labelled[path] == value) for value in (True, False))
        raise UserError(
            f"{without}: no labels, but {with_labels} has some; accepted: files with labels, or files without; "
            "convert them one by one"
        )


def _is_labelled(file: SpanFile | Sentences) -> bool:
    return file.is_labelled if isinstance(file, SpanFile) else file.tags is not None


def _separate_names(files: Mapping[Path, SpanFile | Sentences]) -> dict[Path, SpanFile | Sentences]:
    """Put the file's name before the names of its documents, where two files have documents of the same name."""
    names = [set(_list_names(file)) for file in files.values()]
    if sum(map(len, names)) == len(set().union(*names)):
        return dict(files)
    separated: dict[Path, SpanFile | Sentences] = {}
    for path, file in files.items():
        if isinstance(file, SpanFile):
            documents = [
                document if document.doc_id is None else replace(document, doc_id=f"{path.stem}/{document.doc_id}")
                for document in file.documents
            ]
            separated[path] = replace(file, documents=documents)
        else:
            ids = file.doc_ids and [f"{path.stem}/{name}" for name in file.doc_ids]
            separated[path] = replace(file, doc_ids=ids)
    return separated


def _list_names(file: SpanFile | Sentences) -> list[str]:
    if isinstance(file, Sentences):
        return file.doc_ids or []
    return [document.doc_id for document in file.documents if document.doc_id is not None]


def _convert_to_tags(files: Mapping[Path, SpanFile | Sentences], target: Path, choices: Choices) -> Conversion:
    rules = TaggingRules(
        choices.words or "punctuation",
        choices.align or "strict",
        choices.overlaps or "refuse",
        choices.levels,
        choices.splits_lines,
    )
    parts, account, notes = [], Account(), []
    for path, file in files.items():
        if isinstance(file, Sentences):
            if choices.levels > 1:
                file = join_sentences(file, path)
            else:
                parts.append(Part(path, file))
                continue
        notes += file.notes
        tagged = tag_documents(file, rules)
        account.add(tagged)
        parts.append(Part(path, tagged.sentences, tagged.deeper))
    if not account.problems and not any(words for part in parts for words in part.sentences.tokens):
        raise no_words(parts[0].path)
    written = TAG_WRITERS[choices.target](parts, target)
    counts = {
        "sentences": sum(len(part.sentences) for part in parts),
        "words": sum(map(len, (words for part in parts for words in part.sentences.tokens))),
    }
    return Conversion(written, counts, account, [*notes, *written.notes])


def _convert_to_spans(files: Mapping[Path, SpanFile | Sentences], target: Path, choices: Choices) -> Conversion:
    documents: list[SpanDocument] = []
    account, notes = Account(), []
    for path, file in files.items():
        if isinstance(file, Sentences):
            file = join_sentences(file, path)
        notes += file.notes
        if not file.is_labelled:
            notes.append(f"{path}: no labels; its texts are written without spans")
            file = replace(file, documents=[replace(document, is_labelled=False) for document in file.documents])
        if choices.align or choices.overlaps or choices.words:
            rules = TaggingRules(choices.words or "punctuation", choices.align or "strict", choices.overlaps or "keep")
            file, found = fit_documents(file, rules)
            account.add(found)
        else:
            account.problems += file.problems
        documents += file.documents
    written = SPAN_WRITERS[choices.target](documents)
    counts = {"documents": len(documents), "spans": sum(len(document.spans) for document in documents)}
    return Conversion(written, counts, account, [*notes, *written.notes])
