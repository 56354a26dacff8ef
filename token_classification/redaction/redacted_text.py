"""A text with its entities replaced, and the way back."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from token_classification.inference.entities import TextEntity


class NamedSpan(NamedTuple):
    """A stretch of a text that is replaced."""

    start: int
    end: int
    label: str


class Original(NamedTuple):
    """What stood where a substitute stands."""

    start: int
    """Where the substitute begins in the redacted text"""
    length: int
    """How long the substitute is"""
    text: str


@dataclass(frozen=True)
class RedactedText:
    """A redacted text, and all that `restore_text` needs."""

    text: str
    originals: tuple[Original, ...]


def choose_spans(entities: Iterable[TextEntity], labels: Collection[str] | None) -> list[NamedSpan]:
    """Return what is replaced: the entities with these labels (None: all), in order.

    Entities that overlap are replaced as one, under the label of the longest.
    """
    spans = [
        NamedSpan(entity["start"], entity["end"], entity["label"])
        for entity in entities
        if (labels is None or entity["label"] in labels) and entity["start"] < entity["end"]
    ]
    merged: list[NamedSpan] = []
    longest = 0
    for span in sorted(spans):
        if merged and span.start < merged[-1].end:
            last, length = merged[-1], span.end - span.start
            label = span.label if length > longest else last.label
            merged[-1] = NamedSpan(last.start, max(last.end, span.end), label)
            longest = max(longest, length)
        else:
            merged.append(span)
            longest = span.end - span.start
    return merged


def replace_spans(text: str, spans: Sequence[NamedSpan], substitutes: Sequence[str]) -> RedactedText:
    """Replace spans that are in order and do not overlap."""
    parts: list[str] = []
    originals: list[Original] = []
    place, length = 0, 0
    for span, substitute in zip(spans, substitutes, strict=True):
        parts += [text[place : span.start], substitute]
        length += span.start - place
        originals.append(Original(length, len(substitute), text[span.start : span.end]))
        length += len(substitute)
        place = span.end
    return RedactedText("".join([*parts, text[place:]]), tuple(originals))


def restore_text(text: str, originals: Iterable[Original]) -> str:
    """Put back what stood where the substitutes stand.

    It looks at places only: a `[PER_1]` that the text already had is left alone.
    """
    parts, place = [], 0
    for start, length, original in originals:
        parts += [text[place:start], original]
        place = start + length
    return "".join([*parts, text[place:]])


def normalise_name(surface: str) -> str:
    """Return what two spellings of one name have in common: case and white space are not told apart.

    >>> normalise_name("ANNA  Smith") == normalise_name("Anna Smith")
    True
    """
    return " ".join(surface.split()).casefold()
