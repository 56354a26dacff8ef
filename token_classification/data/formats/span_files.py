"""Files of annotation tools: one reader and one writer per format, and how what they give becomes sentences."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from token_classification.data.formats.brat import list_brat_texts, read_brat, read_brat_texts, write_brat
from token_classification.data.formats.docbin import read_docbin, read_docbin_texts, write_docbin
from token_classification.data.formats.doccano import write_doccano
from token_classification.data.formats.gliner import read_gliner, write_gliner
from token_classification.data.formats.inline_xml import read_inline_xml, read_inline_xml_texts, write_inline_xml
from token_classification.data.formats.label_studio import (
    read_label_studio,
    read_label_studio_texts,
    write_label_studio,
)
from token_classification.data.formats.prodigy import read_prodigy, write_prodigy
from token_classification.data.formats.spacy_json import read_spacy_json, read_spacy_json_texts, write_spacy_json
from token_classification.data.formats.text_spans import read_text_spans, write_text_spans
from token_classification.data.formats.webanno import (
    list_webanno_files,
    read_webanno,
    read_webanno_texts,
    write_webanno,
)
from token_classification.data.problems import refuse_problems
from token_classification.data.sentences import Sentences
from token_classification.data.spans.annotators import MAJORITY, explain_unused, take_majority
from token_classification.data.spans.document import SpanDocument, SpanFile, Written
from token_classification.data.spans.offsets import settle_offsets
from token_classification.data.spans.tags import tag_documents
from token_classification.data.text_lines import no_words
from token_classification.errors import DataError, UserError
from token_classification.nearest_names import did_you_mean

logger = logging.getLogger(__name__)

SpanReader = Callable[..., SpanFile]
"""Takes the file, and the names of the columns of texts and of spans where the user gave them; and the annotator"""

SPAN_READERS: dict[str, SpanReader] = {
    "spans": read_text_spans,
    "prodigy": read_prodigy,
    "gliner": read_gliner,
    "label_studio": read_label_studio,
    "brat": read_brat,
    "webanno": read_webanno,
    "spacy": read_docbin,
    "spacy_json": read_spacy_json,
    "inline_xml": read_inline_xml,
}
WITH_ANNOTATORS = ("spans", "prodigy", "label_studio")
"""Formats that say who labelled what: their readers take an annotator, too"""
TEXT_READERS: dict[str, Callable[[Path, str | None], Iterator[SpanDocument | DataError]]] = {
    "label_studio": read_label_studio_texts,
    "brat": read_brat_texts,
    "webanno": read_webanno_texts,
    "spacy": read_docbin_texts,
    "spacy_json": read_spacy_json_texts,
    "inline_xml": read_inline_xml_texts,
}
"""Of formats that are no lines of records: yields all texts, whatever is labelled in them, to be tagged"""
TEXT_FILES: dict[str, Callable[[Path], list[Path]]] = {"brat": list_brat_texts, "webanno": list_webanno_files}
"""Of formats with a file for each document: which files hold the texts"""
SPAN_WRITERS: dict[str, Callable[[Sequence[SpanDocument]], Written]] = {
    "spans": write_text_spans,
    "doccano": write_doccano,
    "prodigy": write_prodigy,
    "gliner": write_gliner,
    "label_studio": write_label_studio,
    "brat": write_brat,
    "webanno": write_webanno,
    "spacy": write_docbin,
    "spacy_json": write_spacy_json,
    "inline_xml": write_inline_xml,
}


def refuse_unknown_format(flag: str, name: str, accepted: Sequence[str]) -> None:
    """Refuse a format that is none.

    Raises:
        UserError: it is none.
    """
    if name not in accepted:
        hint = did_you_mean(name, accepted, f"type {flag} {accepted[0]}")
        raise UserError(f"{flag} {name}: no such format; accepted: {', '.join(accepted)}; {hint}")


def read_documents(
    path: Path,
    file_format: str,
    text_column: str | None = None,
    label_column: str | None = None,
    annotator: str | None = None,
) -> SpanFile:
    """Return the documents of a file of a known format, with spans that count characters and mark something.

    Args:
        path: The file, or folder.
        file_format: One of `SPAN_READERS`.
        text_column: The field of the texts.
        label_column: The field, or whatever the format has, of the spans.
        annotator: Whose labels are read, or `majority`; None: those that the reader of the format chooses, and says.

    Raises:
        DataError: nothing of it can be read; what is wrong with single documents is among the file's problems.
    """
    read = SPAN_READERS[file_format]
    if annotator is None:
        return settle_offsets(read(path, text_column, label_column))
    if file_format not in WITH_ANNOTATORS:
        file = settle_offsets(read(path, text_column, label_column))
        return replace(file, notes=[*file.notes, explain_unused(path, annotator)])
    file = settle_offsets(read(path, text_column, label_column, annotator))
    return take_majority(file) if annotator == MAJORITY else file


def read_tagged_documents(
    file_format: str,
    path: Path,
    text_column: str | None = None,
    label_column: str | None = None,
    task: str = "ner",
    annotator: str | None = None,
) -> Sentences:
    """Return the documents of a file as sentences of words and tags; `task` plays no role here.

    Raises:
        BrokenFileError: it lists what can't be read, and every span that is not of whole words or shares some.
        DataError: nothing of it can be read, or there are no words.
    """
    file = read_documents(path, file_format, text_column, label_column, annotator)
    for note in file.notes:
        logger.warning("%s", note)
    tagged = tag_documents(file)
    sentences = refuse_problems(tagged.sentences, tagged.problems)
    if not any(sentences.tokens):
        raise no_words(path)
    return sentences
