"""spaCy's `.spacy` files (DocBin): documents of tokens with entities, or with span groups. They take spaCy itself."""

import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from token_classification.data.formats.record_columns import DOCUMENT_COLUMN, explain_missing_column
from token_classification.data.formats.span_records import note_fields, note_scores
from token_classification.data.problems import Kind, Problem
from token_classification.data.spans.document import Span, SpanDocument, SpanFile, Written
from token_classification.data.spans.words import find_document_words
from token_classification.data.text_lines import read_bytes
from token_classification.errors import DataError

if TYPE_CHECKING:
    from spacy.tokens import Doc
    from spacy.vocab import Vocab

ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
"""How compressed data begins"""
LOOKED_AT = 4096
ENTITIES = "ents"
"""How the entities of a document are called among its span groups"""
GROUP = "sc"
"""The span group that spaCy's span categorizer learns"""


def is_docbin(start: bytes) -> bool:
    """Tell by its first bytes whether a file is a DocBin."""
    if not start.startswith(ZLIB):
        return False
    try:
        return b"attrs" in zlib.decompressobj().decompress(start, LOOKED_AT)
    except zlib.error:
        return False


def read_docbin(path: Path, text_column: str | None = None, label_column: str | None = None) -> SpanFile:
    """Return the documents of a DocBin.

    Args:
        path: The file.
        text_column: Can't be chosen.
        label_column: The span group to take, or `ents`; by default the entities if there are any.

    Raises:
        DataError: it is no DocBin, or has no such group.
        ImportError: spaCy is not installed.
    """
    docs = _load_docs(path)
    counts = Counter({name: 0 for doc in docs for name in doc.spans})
    counts.update({ENTITIES: 0} if any(doc.has_annotation("ENT_IOB") for doc in docs) else {})
    for doc in docs:
        counts.update({ENTITIES: len(doc.ents)} if doc.ents else {})
        counts.update({name: len(group) for name, group in doc.spans.items()})
    if label_column is not None and label_column not in counts:
        accepted = (ENTITIES, GROUP)
        message = explain_missing_column("spans", list(counts), label_column, path, accepted, "--label_column_name")
        raise DataError(message)
    filled = [name for name in (ENTITIES, *counts) if counts[name]]
    name = label_column or next(iter([*filled, *counts]), None)
    notes = [
        f"{path}: spans of {name!r} are read, {counts[other]:,} of {other!r} are not: --label_column_name {other} does"
        for other in dict.fromkeys(filled)
        if other != name
    ]
    documents = [_read_doc(doc, number, name, path) for number, doc in enumerate(docs, 1)]
    return SpanFile(path, documents, is_labelled=name is not None, notes=notes)


def read_docbin_texts(path: Path, text_column: str | None = None) -> Iterator[SpanDocument]:
    """Yield the texts of a DocBin without spans.

    Raises:
        DataError: it is no DocBin.
        ImportError: spaCy is not installed.
    """
    return (_read_doc(doc, number, None, path) for number, doc in enumerate(_load_docs(path), 1))


def _load_docs(path: Path) -> list["Doc"]:
    """Return the documents of a DocBin as spaCy has them.

    Raises:
        DataError: it is no DocBin.
    """
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    try:
        return list(DocBin().from_bytes(read_bytes(path)).get_docs(Vocab()))
    except Exception as error:  # msgpack, zlib, KeyError ...: spaCy checks nothing by itself
        raise DataError(
            f"{path}:1: no DocBin that spaCy can read ({type(error).__name__}: {error}); accepted: a file of "
            "DocBin.to_disk or of spacy convert; write it anew"
        ) from None


def _read_doc(doc: "Doc", number: int, name: str | None, path: Path) -> SpanDocument:
    found = doc.ents if name == ENTITIES else doc.spans.get(name, ())
    spans = tuple(Span(span.start_char, span.end_char, span.label_) for span in found)
    words = tuple((token.idx, token.idx + len(token)) for token in doc if token.text.strip())
    doc_id = doc.user_data.get(DOCUMENT_COLUMN)
    return SpanDocument(doc.text, spans, path, number, None if doc_id is None else str(doc_id), words)


def write_docbin(documents: Sequence[SpanDocument]) -> Written:
    """Return documents as a DocBin; see `build_docs`.

    Raises:
        ImportError: spaCy is not installed.
    """
    from spacy.tokens import DocBin

    docs, problems, notes = build_docs(documents)
    content = DocBin(store_user_data=True, docs=docs).to_bytes()
    return Written(content, problems, note_scores(documents) + note_fields(documents) + notes)


def build_docs(documents: Sequence[SpanDocument]) -> tuple[list["Doc"], list[Problem], list[str]]:
    """Return documents as spaCy has them: spans are entities, or in the group `sc` if some of them overlap.

    Tokens are the words, cut where a span begins or ends.

    Returns:
        The documents, those spans that they can't hold, and notes.

    Raises:
        ImportError: spaCy is not installed.
    """
    from spacy.tokens import Doc
    from spacy.vocab import Vocab

    vocab = Vocab()
    docs: list[Doc] = []
    problems: list[Problem] = []
    notes: list[str] = []
    is_overlapping = any(map(_has_overlaps, documents))
    cut = blanks = 0
    for document in documents:
        doc, cuts = _build_doc(document, vocab)
        cut += cuts
        spans = []
        for span in document.spans:
            marked = document.text[span.start : span.end]
            blanks += marked != marked.strip()
            made = doc.char_span(span.start, span.end, label=span.label)
            if made is None:
                text = f"{document.quote(span)} fits no tokens; this is a bug"
                problems.append(document.report(Kind.BROKEN_SPAN, text))
            else:
                spans.append(made)
        if document.is_labelled and is_overlapping:
            doc.spans[GROUP] = spans
        elif document.is_labelled:
            doc.set_ents(spans, default="outside")
        docs.append(doc)
    if is_overlapping:
        notes.append(f"spans overlap: all are in the span group {GROUP!r}, for spaCy's span categorizer")
    if cut:
        notes.append(f"{cut:,} words are several tokens, because a span begins or ends inside")
    if blanks:
        notes.append(
            f"{blanks:,} spans have blanks at their edges: spaCy learns none such; the alignment `expand` trims them"
        )
    return docs, problems, notes


def _has_overlaps(document: SpanDocument) -> bool:
    ordered = sorted(document.spans, key=lambda span: (span.start, span.end))
    return any(following.start < span.end for span, following in pairwise(ordered))


def _build_doc(document: SpanDocument, vocab: "Vocab") -> tuple["Doc", int]:
    """Return a document of tokens, and how many words are more than one."""
    from spacy.tokens import Doc

    text = document.text
    starts = {span.start for span in document.spans}
    ends = {span.end for span in document.spans}
    words = find_document_words(document)
    borders = sorted({0, len(text), *starts, *ends, *(border for word in words for border in word)})
    tokens: list[str] = []
    spaces: list[bool] = []
    place = 0
    for end in borders[1:]:
        # A blank belongs to the token before it, unless a span begins or ends with it.
        is_free = place not in starts and place + 1 not in ends
        if tokens and not spaces[-1] and text[place] == " " and is_free:
            spaces[-1] = True
            place += 1
        if place < end:
            tokens.append(text[place:end])
            spaces.append(False)
        place = end
    doc = Doc(vocab, words=tokens, spaces=spaces)
    if document.doc_id is not None:
        doc.user_data[DOCUMENT_COLUMN] = document.doc_id
    return doc, sum(any(start < border < end for border in starts | ends) for start, end in words)
