"""Records with a list of words and a list of tags: which columns these are, and whether each record is sound."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from token_classification.data.formats.label_columns import choose_columns
from token_classification.data.formats.record_columns import DOCUMENT_COLUMN, list_columns
from token_classification.data.problems import Kind, Problem, refuse_problems, show
from token_classification.data.sentences import Sentences
from token_classification.data.text_lines import no_words


def read_records(
    records: Sequence[tuple[int, Mapping[str, object]]],
    path: Path,
    text_column: str | None,
    label_column: str | None,
    task: str,
    problems: Sequence[Problem] = (),
) -> Sentences:
    """Return the sentences of records, each with the line it stands at; the columns are found by name or content.

    `problems` is what was found wrong in the file so far.

    Raises:
        BrokenFileError: as `build_sentences` does.
        DataError: a column asked for is not there.
    """
    found = list(dict.fromkeys(name for _, record in records for name in record))
    if not found:
        refuse_problems(Sentences(), problems)
        raise no_words(path)
    columns = choose_columns([record for _, record in records], found, text_column, label_column, task, path)
    return build_sentences(records, path, *columns, found, problems)


def build_sentences(
    records: Sequence[tuple[int, Mapping[str, Any]]],
    path: Path,
    word_column: str,
    tag_column: str | None,
    columns: Sequence[str],
    problems: Sequence[Problem] = (),
    skipped_lines: list[int] | None = None,
) -> Sentences:
    """Return the sentences of records whose columns are known; a record without words stays, as an empty one.

    `skipped_lines` is given where each word had a line of its own: the lines inside sentences that held none.

    Raises:
        BrokenFileError: it lists `problems`, and every record without a sound list of words, or of tags where the
            file has tags.
    """
    document_column = DOCUMENT_COLUMN if DOCUMENT_COLUMN in columns else None
    tags: list[list[str]] = []
    documents: list[str] = []
    sentences = Sentences(
        tags=tags if tag_column else None,
        doc_ids=documents if document_column else None,
        has_line_per_word=skipped_lines is not None,
        skipped_lines=skipped_lines or [],
        columns=list(columns),
        word_column=word_column,
        tag_column=tag_column,
    )
    problems = list(problems)
    for line, record in records:
        problem = _explain_record(record, word_column, tag_column, document_column)
        if problem:
            problems.append(Problem(Kind.BROKEN_RECORD, path, line, problem))
            continue
        sentences.tokens.append(record[word_column])
        sentences.lines.append(line)
        if tag_column:
            tags.append([str(tag) for tag in record[tag_column]])
        if document_column:
            documents.append(str(record[document_column]))
    refuse_problems(sentences, problems)
    if not any(sentences.tokens):
        raise no_words(path)
    return sentences


def _explain_record(
    record: Mapping[str, Any], word_column: str, tag_column: str | None, document_column: str | None
) -> str | None:
    problem = _explain_list(record, word_column, "word", str)
    if tag_column and not problem:
        problem = _explain_list(record, tag_column, "tag", (str, int))
    if problem:
        return problem
    if tag_column and len(record[word_column]) != len(record[tag_column]):
        counts = f"{len(record[word_column])} words but {len(record[tag_column])} tags"
        return f"{counts} ({word_column!r} and {tag_column!r}); accepted: one tag per word; add or remove some"
    if document_column and record.get(document_column) is None:
        return f"no {document_column!r} (null or absent); accepted: one in every record or in none; add it"
    if document_column and not is_sound_document(record[document_column]):
        found = name_value(record[document_column])
        return f"{document_column!r} is {found}; accepted: a text or number; write the document's name there"
    return None


def _explain_list(
    record: Mapping[str, object], column: str, noun: str, accepted: type | tuple[type, ...]
) -> str | None:
    """Say what is wrong with a record's list of words or tags, None when it is sound."""
    rule = f"accepted: a list with one text per word; put the {noun}s of the sentence into {column!r}"
    if column not in record:
        return f"no {column!r} (the record has {list_columns(list(record)) or 'nothing'}); {rule}"
    values = record[column]
    if not isinstance(values, list):
        return f"{column!r} is {name_value(values)}, not a list of {noun}s; {rule}"
    for number, value in enumerate(values, 1):
        if not isinstance(value, accepted) or isinstance(value, bool):
            return f"{noun} {number} of {column!r} is {name_value(value)}; {rule}"
        if noun == "tag" and value == "":
            return f"{noun} {number} of {column!r} is empty; {rule}"
        if isinstance(value, str) and not value.isascii() and has_lone_surrogate(value):
            return f"{noun} {number} of {column!r} holds half a character ({show(value)}, a lone surrogate); {rule}"
    return None


def is_sound_document(name: object) -> bool:
    """Tell whether a document's name is a text that can be written, or a number."""
    return isinstance(name, int | float) or (isinstance(name, str) and not has_lone_surrogate(name))


def has_lone_surrogate(text: str) -> bool:
    """Tell whether a text holds half a character, which JSON can spell and UTF-8 can't."""
    return any("\ud800" <= character <= "\udfff" for character in text)


def name_value(value: object) -> str:
    """Name a value of JSON or Parquet for a message; a text or number with its beginning."""
    if value is None:
        return "null"
    kinds = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "an object"}
    kind = kinds.get(type(value), f"a {type(value).__name__}")
    return f"{kind} ({show(str(value))})" if isinstance(value, str | int | float) else kind
