"""Tag schemes: how prefixes mark where an entity begins and ends (IOB1, IOB2, IOBES, BILOU), or plain tags (POS)."""

import logging
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum

from token_classification.errors import DataError, list_problems

logger = logging.getLogger(__name__)

Tags = Sequence[Sequence[str]]
"""The tags of sentences"""

OUTSIDE = "O"
PREFIXES = frozenset("BIESLU")
SUFFIXED = re.compile(r".+-[BIESLU]", re.DOTALL)
UNNAMED = "_"
"""The type of entities whose tags name none (`B I I O`), as seqeval calls it"""
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

    >>> split_tag("B-PER"), split_tag("B"), split_tag("O"), split_tag("I-AB-B-")
    (('B', 'PER'), ('B', ''), ('O', ''), ('I', 'AB-B-'))
    """
    if tag == OUTSIDE:
        return OUTSIDE, ""
    prefix, _, entity_type = tag.partition("-")
    return prefix, entity_type


def join_tag(prefix: str, entity_type: str) -> str:
    """Return the tag that `split_tag` splits; without a type the prefix alone."""
    return f"{prefix}-{entity_type}" if entity_type else prefix


def is_prefixed(tag: str) -> bool:
    """Tell whether a tag is `X-TYPE` with one of the prefixes B I E S L U."""
    return len(tag) > 2 and tag[1] == "-" and tag[0] in PREFIXES


def is_bare(tag: str) -> bool:
    """Tell whether a tag is nothing but a prefix, as in corpora with one type of entities (`B I I O`)."""
    return len(tag) == 1 and tag in PREFIXES


def name_type(tag: str) -> str:
    """Return the entity type that a tag counts for; that of a bare one is `UNNAMED`.

    >>> name_type("B-PER"), name_type("B")
    ('PER', '_')
    """
    return UNNAMED if is_bare(tag) else split_tag(tag)[1]


def choose_entity_rule(counts: Mapping[str, int]) -> Callable[[str], bool]:
    """Return the rule by which tags of some data mark entities: `is_bare` where most are bare, else `is_prefixed`.

    A set of plain tags may have the letters too, but not `O` and a `B` or `I` more often than all other tags.
    """
    bare = sum(count for tag, count in counts.items() if is_bare(tag))
    others = sum(count for tag, count in counts.items() if tag != OUTSIDE and not is_bare(tag))
    has_bare = counts.get(OUTSIDE) and (counts.get("B") or counts.get("I"))
    return is_bare if has_bare and bare > others else is_prefixed


def is_continuation(before: str, tag: str) -> bool:
    """Tell whether a tag goes on with the entity of the tag before it, as conlleval sees it, in any scheme.

    >>> is_continuation("B-PER", "I-PER"), is_continuation("E-PER", "I-PER"), is_continuation("O", "I-PER")
    (True, False, False)
    """
    if not all(is_prefixed(side) or is_bare(side) for side in (before, tag)):
        return False
    (before_prefix, before_type), (prefix, entity_type) = split_tag(before), split_tag(tag)
    return prefix in "IEL" and before_prefix in "BI" and before_type == entity_type


def order_tags(tags: Iterable[str], first: str = OUTSIDE) -> list[str]:
    """Return distinct tags in the order in which they get numbers: `O`, or another first one, then by code point.

    >>> order_tags(["I-PER", "B-PER", "O", "B-PER"])
    ['O', 'B-PER', 'I-PER']
    """
    return sorted(set(tags), key=lambda tag: (tag != first, tag))


def turn_suffixed(names: Iterable[str]) -> dict[str, str]:
    """Return for each tag with its prefix after the type (`NP-B`) the usual spelling, where most tags are written so.

    >>> turn_suffixed(["O", "NP-B", "NP-I"]), turn_suffixed(["O", "B-NP", "NN-B"])
    ({'NP-B': 'B-NP', 'NP-I': 'I-NP'}, {})
    """
    names = list(names)
    turned = {tag: f"{tag[-1]}-{tag[:-2]}" for tag in names if SUFFIXED.fullmatch(tag) and not is_prefixed(tag)}
    others = sum(tag != OUTSIDE for tag in names) - len(turned)
    has_inner = any(tag[-1] in "BI" for tag in turned)
    return turned if OUTSIDE in names and has_inner and len(turned) > others else {}


def recognise_scheme(sentences: Iterable[Sequence[str]], names: Iterable[str] = (), task: str = "ner") -> Scheme:
    """Recognise the scheme of gold tags; label names without gold count too (B/I names alone count as IOB2).

    POS tags (`task="pos"`), and tags of which none has a prefix, are plain. Bare tags (`B I O`) are those of one type
    without a name, if there are no others. Two schemes in one corpus are a warning with examples, and the one that
    covers more is taken.

    Raises:
        DataError: some tags mark entities and others (beside `O`) don't, or their prefixes stand after the types: no
            scorer can make sense of them.
    """
    counts = Counter(dict.fromkeys(names, 0))
    starts: Counter[tuple[str, str]] = Counter()
    for tags in sentences:
        counts.update(tags)
        starts.update(_find_entity_starts(tags))
    tags = [tag for tag in counts if tag != OUTSIDE]
    if task == "pos":
        return Scheme.PLAIN
    if not has_bare_tags(counts):
        _check_order(counts)
        marks_entity = choose_entity_rule(counts)
        if not any(map(marks_entity, tags)):
            return Scheme.PLAIN
        _check_prefixes(counts, tags, marks_entity)
    return _choose_scheme(counts, starts)


def has_bare_tags(names: Iterable[str]) -> bool:
    """Tell whether all tags are bare ones and `O`, with a `B` or `I` among them."""
    names = set(names)
    return OUTSIDE in names and not names.isdisjoint("BI") and all(tag == OUTSIDE or is_bare(tag) for tag in names)


def _find_entity_starts(tags: Sequence[str]) -> list[tuple[str, str]]:
    """Return the places (tag before, tag) where an entity begins that does not follow one of its type.

    There IOB1 writes I- and IOB2 writes B-; everywhere else they agree.
    """
    starts = []
    previous = OUTSIDE
    for tag in tags:
        if tag != OUTSIDE and (previous == OUTSIDE or split_tag(previous)[1] != split_tag(tag)[1]):
            starts.append((previous, tag))
        previous = tag
    return starts


def _check_order(counts: Counter[str]) -> None:
    turned = turn_suffixed(counts)
    if turned:
        examples = [f"{tag!r} ({counts[tag]:,} times)" for tag in turned]
        raise DataError(
            f"tags with the prefix after the type: {', '.join(examples[:3])}; accepted: the prefix first, as in "
            f"{next(iter(turned.values()))!r}; turn them around with: token_classification check FILE --repair FOLDER"
        )


def _check_prefixes(counts: Counter[str], tags: Sequence[str], marks_entity: Callable[[str], bool]) -> None:
    others = [f"{tag!r} ({counts[tag]:,} times)" for tag in tags if not marks_entity(tag)]
    if others:
        marking = next(filter(marks_entity, tags))
        raise DataError(
            f"tags that mark entities are mixed with others:\n{list_problems(others)}\n"
            f"beside {marking!r} ({counts[marking]:,} times). Accepted: O and B-/I- (or IOBES, BILOU) tags, all with "
            "a type or all without; correct the tags, or use --task_name pos to score every tag by itself."
        )


def _choose_scheme(counts: Counter[str], starts: Counter[tuple[str, str]]) -> Scheme:
    """Return the scheme that explains most of the tags; a second one in the data is warned of."""
    present: dict[str, float] = defaultdict(float)
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
