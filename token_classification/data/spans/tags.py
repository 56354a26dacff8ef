"""From documents with spans to sentences of words and tags, and back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise
from pathlib import Path
from typing import Literal

from token_classification.data.entities import Entity, find_entities
from token_classification.data.problems import Problem
from token_classification.data.scheme_conversion import spell_entity
from token_classification.data.schemes import OUTSIDE, Scheme, recognise_scheme
from token_classification.data.sentences import Sentences
from token_classification.data.spans.document import Span, SpanDocument, SpanFile
from token_classification.data.spans.overlaps import Overlaps, fit_levels, separate_overlaps
from token_classification.data.spans.words import Align, PlacedSpan, find_document_words, place_spans
from token_classification.data.words_of_text import Offsets, WordRule


@dataclass(frozen=True)
class TaggingRules:
    """How spans become tags. The defaults are those of training: nothing is decided that the user did not ask for."""

    words: WordRule = "punctuation"
    align: Align = "strict"
    overlaps: Overlaps | Literal["keep"] = "refuse"
    """`keep` is for `fit_documents` alone: a word has one tag on each level"""
    levels: int = 1
    """Nested spans are spread over so many; with several, `overlaps` says what becomes of those that lie deeper"""
    splits_lines: bool = False
    """Whether each line of a text is a sentence, unless a span goes over its end; else a document is one"""


@dataclass
class Account:
    """What became of the spans that are not there as they were."""

    problems: list[Problem] = field(default_factory=list)
    """What must be corrected first"""
    moved: list[Problem] = field(default_factory=list)
    """Spans that the chosen alignment made longer or shorter"""
    left_out: list[Problem] = field(default_factory=list)
    """Spans that the choices left out"""

    def add(self, other: "Account") -> None:
        """Add what another account holds."""
        self.problems += other.problems
        self.moved += other.moved
        self.left_out += other.left_out


@dataclass
class TaggedFile(Account):
    """The documents of a file as sentences, with an account of their spans."""

    sentences: Sentences = field(default_factory=Sentences)
    deeper: list[list[list[str]]] = field(default_factory=list)
    """The tags of the levels behind the first one, whose tags are those of the sentences"""


def tag_documents(file: SpanFile, rules: TaggingRules = TaggingRules()) -> TaggedFile:
    """Return the sentences of a file's documents, with IOB2 tags if the file is labelled.

    Documents have ids where the file names them or lines are split; one without a name gets its number. One with a
    problem is left out: without all of its spans, its tags would be wrong.
    """
    tagged = TaggedFile(list(file.problems), sentences=Sentences(tags=[] if file.is_labelled else None))
    tagged.deeper = [[] for _ in range(1, rules.levels)]
    sentences = tagged.sentences
    has_ids = rules.splits_lines or any(document.doc_id is not None for document in file.documents)
    doc_ids: list[str] = []
    for number, document in enumerate(file.documents):
        words = find_document_words(document, rules.words)
        kept, account = _settle_spans(document, words, rules)
        tagged.add(account)
        if account.problems:
            continue
        first, *deeper = (tag_words(level, len(words)) for level in kept)
        all_kept = [item for level in kept for item in level]
        borders = _find_line_starts(document.text, words, all_kept) if rules.splits_lines else []
        for start, end in zip([0, *borders], [*borders, len(words)], strict=True):
            sentences.tokens.append([document.text[begin:last] for begin, last in words[start:end]])
            sentences.lines.append(document.line)
            doc_ids.append(str(number) if document.doc_id is None else document.doc_id)
            if sentences.tags is not None:
                sentences.tags.append(first[start:end])
            for rows, tags in zip(tagged.deeper, deeper, strict=True):
                rows.append(tags[start:end])
    sentences.doc_ids = doc_ids if has_ids else None
    return tagged


def fit_documents(file: SpanFile, rules: TaggingRules) -> tuple[SpanFile, Account]:
    """Return a file whose spans mark whole words and share none, with these words, and an account of its spans."""
    account = Account(list(file.problems))
    documents = []
    for document in file.documents:
        words = find_document_words(document, rules.words)
        kept, found = _settle_spans(document, words, rules)
        account.add(found)
        spans = (item.span._replace(start=words[item.start][0], end=words[item.end - 1][1]) for item in kept[0])
        documents.append(replace(document, spans=tuple(spans), words=tuple(words)))
    return replace(file, documents=documents, problems=account.problems), account


def _settle_spans(
    document: SpanDocument, words: Sequence[Offsets], rules: TaggingRules
) -> tuple[list[list[PlacedSpan]], Account]:
    """Place the spans of a document on its words, of which no two of a level share one unless that is allowed."""
    found = place_spans(document, words, rules.align)
    account = Account(found.problems, found.moved, found.left_out)
    if rules.overlaps == "keep":
        return [found.placed], account
    if rules.levels > 1:
        kept, others = fit_levels(document, found.placed, rules.levels)
    else:
        only, others = separate_overlaps(document, found.placed, rules.overlaps)
        kept = [only]
    (account.problems if rules.overlaps == "refuse" else account.left_out).extend(others)
    return kept, account


def tag_words(placed: Iterable[PlacedSpan], count: int, scheme: Scheme = Scheme.IOB2) -> list[str]:
    """Return the tags of `count` words; no two spans share one of them."""
    tags = [OUTSIDE] * count
    for item in placed:
        tags[item.start : item.end] = spell_entity(item.span.label, item.end - item.start, scheme)
    return tags


def _find_line_starts(text: str, words: Sequence[Offsets], placed: Sequence[PlacedSpan]) -> list[int]:
    """Return the words that are the first of a line, but for the text's first and those inside of a span."""
    inside = {word for item in placed for word in range(item.start + 1, item.end)}
    pairs = enumerate(pairwise(words), 1)
    return [word for word, (before, after) in pairs if word not in inside and "\n" in text[before[1] : after[0]]]


def join_sentences(sentences: Sentences, path: Path) -> SpanFile:
    """Return sentences of words as documents: blanks between words, line ends between the sentences of a document.

    Sentences in a row with the same document id are one document; without ids each is one. Words stay known as such.
    A plain tag (POS) but `O` is the label of its word.

    Raises:
        DataError: the tags make no sense together (`recognise_scheme`).
    """
    is_plain = recognise_scheme(sentences.tags or ()) == Scheme.PLAIN
    rows = range(len(sentences))
    ids = sentences.doc_ids
    groups = [list(group) for _, group in groupby(rows, key=lambda row: row if ids is None else ids[row])]
    documents = []
    for group in groups:
        text = "\n".join(" ".join(sentences.tokens[row]) for row in group)
        words: list[Offsets] = []
        spans: list[Span] = []
        place = 0
        for row in group:
            first = len(words)
            for word in sentences.tokens[row]:
                words.append((place, place + len(word)))
                place += len(word) + 1
            place += not sentences.tokens[row]  # an empty sentence is an empty line
            spans += [_place_entity(entity, words, first) for entity in _find(sentences, row, is_plain=is_plain)]
        doc_id = None if ids is None else ids[group[0]]
        documents.append(SpanDocument(text, tuple(spans), path, sentences.lines[group[0]], doc_id, tuple(words)))
    return SpanFile(path, documents, is_labelled=sentences.tags is not None)


def _find(sentences: Sentences, row: int, *, is_plain: bool) -> list[Entity]:
    if sentences.tags is None:
        return []
    tags = sentences.tags[row]
    if is_plain:
        return [Entity(tag, place, place + 1) for place, tag in enumerate(tags) if tag != OUTSIDE]
    return find_entities(tags)


def _place_entity(entity: Entity, words: Sequence[Offsets], first: int) -> Span:
    return Span(words[first + entity.start][0], words[first + entity.end - 1][1], entity.type)
