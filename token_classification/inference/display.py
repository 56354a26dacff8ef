"""Entities marked in their text: coloured in a notebook, in brackets elsewhere."""

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from token_classification.inference.entities import TextEntity
from token_classification.output_text import make_printable_lines

TEXT_COLOUR = "#1a1a1a"
COLOURS = (
    "#a6d8f0",
    "#ffd59e",
    "#b9e4b4",
    "#f5c2e7",
    "#fff2a8",
    "#cfc9f2",
    "#f7c6c1",
    "#bfe6e0",
    "#e0d2bd",
    "#d5dbe3",
)
"""Backgrounds, one per label and then again from the first: dark text is easy to read on each, and every mark also
names its label, so that no one depends on the colours"""
MARK = (
    '<mark style="background: {colour}; color: {text_colour}; padding: 0.15em 0.3em; border-radius: 0.3em" '
    'title="{label}, score {score:.2f}"><bdi>{text}</bdi> <b style="font-size: 0.75em">{label}</b></mark>'
)


@dataclass(frozen=True, repr=False)
class MarkedText:
    """A text with its entities: a notebook shows it in colours, `print` with brackets."""

    text: str
    entities: Sequence[TextEntity]
    labels: Sequence[str]
    """All labels of the model: a label has the same colour in every text"""

    def __repr__(self) -> str:
        parts = [f"[{part}: {entity['label']}]" if entity else part for part, entity in self._cut()]
        return make_printable_lines("".join(parts))

    def _repr_html_(self) -> str:
        parts = [self._mark(part, entity) if entity else _escape(part) for part, entity in self._cut()]
        return f'<div dir="auto" style="white-space: pre-wrap; line-height: 2">{"".join(parts)}</div>'

    def _cut(self) -> Iterator[tuple[str, TextEntity | None]]:
        """Cut the text into its entities and what stands between them."""
        end = 0
        for entity in self.entities:
            yield self.text[end : entity["start"]], None
            yield entity["text"], entity
            end = entity["end"]
        yield self.text[end:], None

    def _mark(self, text: str, entity: TextEntity) -> str:
        colour = COLOURS[self.labels.index(entity["label"]) % len(COLOURS)]
        label = _escape(entity["label"])
        return MARK.format(
            text=_escape(text), label=label, score=entity["score"], colour=colour, text_colour=TEXT_COLOUR
        )


def _escape(text: str) -> str:
    return html.escape(make_printable_lines(text))
