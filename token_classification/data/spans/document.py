"""What every reader of an annotation tool's files gives: texts with labelled spans of characters."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from token_classification.data.problems import Kind, Problem, show
from token_classification.data.words_of_text import Offsets
from token_classification.output_text import quote_path


class Span(NamedTuple):
    """`text[start:end]` has a label. Readers give what the file counts; `settle_offsets` makes it code points."""

    start: int
    end: int
    label: str
    score: float | None = None
    """How sure the model is that proposed it; None: a person did"""
    span_id: str | None = None
    """By which relations of the file name it"""
    surface: str | None = None
    """The text that it marks, where the file repeats it; `settle_offsets` compares it and takes it away"""


class Answer(NamedTuple):
    """Whose labels a document has, where its file holds those of several people for one text."""

    text_number: int
    """Which of the file's texts: all answers to it have the same"""
    annotator: str


class Prediction(NamedTuple):
    """Says that a model has found the spans of a document, and no person has seen them yet."""

    model: str
    """Name and version"""
    score: float | None
    """How sure it is of the text as a whole: that of its least sure word; None: it has no words"""


@dataclass(frozen=True)
class SpanDocument:
    """A text with its labelled spans, in the order of the file."""

    text: str
    spans: tuple[Span, ...]
    path: Path
    line: int
    """Where it stands: the 1-based line, or record"""
    doc_id: str | None = None
    """Its id in the file, as text"""
    words: tuple[Offsets, ...] | None = None
    """Its words, where the file says what they are; None: a rule finds them"""
    meta: Mapping[str, object] = field(default_factory=dict)
    """What else the file says about it, as it stands there; a writer of the same format gives it back"""
    is_labelled: bool = True
    """Whether anybody has said which spans there are, be it none; False: it waits for that"""
    answer: Answer | None = None
    """Set only until the annotators of a text have voted (`take_majority`)"""
    prediction: Prediction | None = None
    """Which model has said so; None: a person, or a file that does not tell"""

    def with_meta(self, meta: Mapping[str, object]) -> "SpanDocument":
        """Return the document with other fields beside text and spans."""
        return replace(self, meta=meta)

    def report(self, kind: Kind, text: str) -> Problem:
        """Return a problem of this document."""
        name = "" if self.doc_id is None else f"document {show(self.doc_id)}: "
        return Problem(kind, self.path, self.line, f"{name}{text}")

    def suggest_choice(self, flag: str, outcomes: Mapping[str, str]) -> str:
        """Return what to type for a copy of its file in which a choice has been made: value of the flag -> outcome."""
        (first, outcome), *others = outcomes.items()
        more = "".join(f", or {value} ({other})" for value, other in others)
        path = quote_path(self.path)
        return f"token_classification convert {path} NEW.jsonl --to jsonl --{flag} {first} ({outcome}){more}"

    def quote(self, span: Span) -> str:
        """Return a span as a message names it: label, text and place."""
        return f"{span.label} {show(self.text[span.start : span.end])} (characters {span.start} to {span.end})"


@dataclass
class Written:
    """What a writer makes of documents."""

    content: str | bytes | Mapping[str, str | bytes]
    """The file, or the files of a folder by their names"""
    problems: list[Problem] = field(default_factory=list)
    """What the format can't hold and nobody wants to lose: nothing is to be written then"""
    notes: list[str] = field(default_factory=list)
    """What else the format can't hold, and what to know before the file is imported"""


@dataclass
class SpanFile:
    """The documents of one file, in file order, and what is wrong with those that are not among them."""

    path: Path
    documents: list[SpanDocument]
    problems: list[Problem] = field(default_factory=list)
    is_labelled: bool = True
    """Whether the file says anywhere which spans there are, be it none"""
    notes: list[str] = field(default_factory=list)
    """What the reader left out or changed and a person should know: examples that were rejected, converted offsets"""
