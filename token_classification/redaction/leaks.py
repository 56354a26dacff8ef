"""What stayed in a text although the gold labels say that it should not have."""

from collections.abc import Collection, Sequence

from token_classification.data.formats.record_columns import list_tag_columns
from token_classification.data.schemes import Scheme
from token_classification.inference.answers import Answer
from token_classification.inference.entities import find_spans
from token_classification.inference.records import Record
from token_classification.redaction.redacted_text import NamedSpan
from token_classification.scoring.intervals import CONFIDENCE
from token_classification.scoring.operating_points import bound_share


def find_gold(record: Record) -> list[str] | None:
    """Return the tags that came with the words of a record; None if none did."""
    if record.gold is not None or isinstance(record.text, str):
        return record.gold
    for name in list_tag_columns("ner"):
        tags = record.fields.get(name)
        if isinstance(tags, list) and len(tags) == len(record.text) and all(isinstance(tag, str) for tag in tags):
            return tags
    return None


def count_leaks(
    answer: Answer, gold: Sequence[str], spans: Sequence[NamedSpan], scheme: Scheme, labels: Collection[str] | None
) -> dict[str, int]:
    """Count the gold entities of each label (`gold.X`), and those of which a word was not replaced (`leaked.X`)."""
    counts: dict[str, int] = {}
    covered = list_covered(answer.tagged.spans, spans)
    for label, first, end in find_spans(gold, scheme):
        if labels is not None and label not in labels:
            continue
        counts[f"gold.{label}"] = counts.get(f"gold.{label}", 0) + 1
        if not all(covered[first:end]):
            counts[f"leaked.{label}"] = counts.get(f"leaked.{label}", 0) + 1
    return counts


def list_covered(words: Sequence[tuple[int, int]], spans: Sequence[NamedSpan]) -> list[bool]:
    """Tell for each word whether all of it is replaced; words and spans are in order."""
    covered, place = [], 0
    for start, end in words:
        while place < len(spans) and spans[place].end < end:
            place += 1
        covered.append(place < len(spans) and spans[place].start <= start)
    return covered


def find_interval(hits: int, trials: int) -> tuple[float, float]:
    """Return Clopper and Pearson's 95 % interval of a share; it is not empty when nothing leaked.

    >>> tuple(round(end, 4) for end in find_interval(0, 100))
    (0.0, 0.0362)
    """
    level = (1 - CONFIDENCE) / 2
    return bound_share(hits, trials, level), 1 - bound_share(trials - hits, trials, level)
