"""Tag schemes: how prefixes mark where an entity begins and ends (IOB1, IOB2, IOBES, BILOU), or plain tags (POS)."""

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum

from token_classification.errors import DataError, list_problems

logger = logging.getLogger(__name__)

Tags = Sequence[Sequence[str]]
"""The tags of sentences"""

OUTSIDE = "O"
PREFIXES = frozenset("BIESLU")
IOBES_SPELLING = {"L": "E", "U": "S"}
"""Prefixes of BILOU that IOBES spells otherwise"""


class Scheme(StrEnum):
    """How tags mark entities."""

    IOB1 = "iob1"
    IOB2 = "iob2"
    IOBES = "iobes"
    BILOU = "bilou"
    PLAIN = "plain"


def split_tag(tag: str) -> tuple[str, str]:
    """Split a tag of an entity scheme into prefix and type.

    >>> split_tag("B-PER"), split_tag("O"), split_tag("I-AB-B-")
    (('B', 'PER'), ('O', ''), ('I', 'AB-B-'))
    """
    if tag == OUTSIDE:
        return OUTSIDE, ""
    prefix, _, entity_type = tag.partition("-")
    return prefix, entity_type


def is_prefixed(tag: str) -> bool:
    """Whether a tag is `X-TYPE` with one of the prefixes B I E S L U."""
    return len(tag) > 2 and tag[1] == "-" and tag[0] in PREFIXES


def is_continuation(before: str, tag: str) -> bool:
    """Whether a tag goes on with the entity of the tag before it, as conlleval sees it, in any scheme.

    >>> is_continuation("B-PER", "I-PER"), is_continuation("E-PER", "I-PER"), is_continuation("O", "I-PER")
    (True, False, False)
    """
    if not (is_prefixed(before) and is_prefixed(tag)):
        return False
    (before_prefix, before_type), (prefix, entity_type) = split_tag(before), split_tag(tag)
    return prefix in "IEL" and before_prefix in "BI" and before_type == entity_type


def recognise_scheme(sentences: Iterable[Sequence[str]], names: Iterable[str] = (), task: str = "ner") -> Scheme:
    """Recognise the scheme of gold tags; label names without gold count too (B/I names alone count as IOB2).

    POS tags (`task="pos"`), and tags of which none has a prefix, are plain. Two schemes in one corpus are a warning
    with examples, and the one that covers more is taken.

    Raises:
        DataError: some tags have a prefix and others (beside `O`) have none: no scorer can make sense of them.
    """
    counts = Counter(dict.fromkeys(names, 0))
    starts: Counter[tuple[str, str]] = Counter()
    for tags in sentences:
        counts.update(tags)
        starts.update(_find_entity_starts(tags))
    tags = [tag for tag in counts if tag != OUTSIDE]
    if task == "pos" or not any(map(is_prefixed, tags)):
        return Scheme.PLAIN
    _check_prefixes(counts, tags)
    return _choose_scheme(counts, starts)


def _find_entity_starts(tags: Sequence[str]) -> list[tuple[str, str]]:
    """Places (tag before, tag) where an entity begins that does not follow one of its type.

    There IOB1 writes I- and IOB2 writes B-; everywhere else they agree.
    """
    starts = []
    previous = OUTSIDE
    for tag in tags:
        if tag != OUTSIDE and split_tag(previous)[1] != split_tag(tag)[1]:
            starts.append((previous, tag))
        previous = tag
    return starts


def _check_prefixes(counts: Counter[str], tags: Sequence[str]) -> None:
    plain = [f"{tag!r} ({counts[tag]:,} times)" for tag in tags if not is_prefixed(tag)]
    if plain:
        prefixed = next(filter(is_prefixed, tags))
        raise DataError(
            f"tags with and without a prefix in the same data; without:\n{list_problems(plain)}\n"
            f"beside {prefixed!r} ({counts[prefixed]:,} times). Accepted: O and B-/I- (or IOBES, BILOU) tags only; "
            "correct the tags, or use --task_name pos to score every tag by itself."
        )


def _choose_scheme(counts: Counter[str], starts: Counter[tuple[str, str]]) -> Scheme:
    """The scheme that explains most of the tags; a second one in the data is warned of."""
    present = Counter()
    for tag, count in counts.items():
        # A label that the gold doesn't use still tells what the model writes.
        present[tag[0]] += count or 0.001
    iobes, bilou = present["E"] + present["S"], present["L"] + present["U"]
    if iobes or bilou:
        if min(iobes, bilou) >= 1:
            _warn_of_two_schemes("IOBES", "BILOU", [tag for tag in counts if tag[0] in "ESLU"])
        return Scheme.IOBES if iobes >= bilou else Scheme.BILOU
    iob1 = Counter({pair: count for pair, count in starts.items() if pair[1][0] == "I"})
    iob2 = Counter({pair: count for pair, count in starts.items() if pair[1][0] == "B"})
    if iob1 and iob2:
        examples = [
            f"{before} {tag} ({count:,})" for side in (iob1, iob2) for (before, tag), count in side.most_common(3)
        ]
        _warn_of_two_schemes("IOB1", "IOB2", examples)
    return Scheme.IOB1 if iob1.total() > iob2.total() else Scheme.IOB2


def _warn_of_two_schemes(first: str, second: str, examples: Sequence[str]) -> None:
    logger.warning(
        "The tags mix %s and %s: %s. One scheme throughout gives better models.",
        first,
        second,
        ", ".join(examples[:6]),
    )
