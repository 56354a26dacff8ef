"""Tag schemes: how prefixes mark where an entity begins and ends (IOB1, IOB2, IOBES, BILOU), or plain tags (POS)."""

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum

from token_classification.errors import DataError, list_problems

logger = logging.getLogger(__name__)

OUTSIDE = "O"
PREFIXES = frozenset("BIESLU")


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


def recognise_scheme(sentences: Iterable[Sequence[str]], task: str = "ner") -> Scheme:
    """Recognise the scheme of gold tags.

    POS tags (`task="pos"`), and tags of which none has a prefix, are plain. Two schemes in one corpus are a warning
    with examples, and the one that covers more is taken.

    Raises:
        DataError: some tags have a prefix and others (beside `O`) have none: no scorer can make sense of them.
    """
    names: Counter[str] = Counter()
    entity_starts: Counter[str] = Counter()
    for tags in sentences:
        names.update(tags)
        entity_starts.update(_ambiguous_starts(tags))
    return _scheme_of_counts(names, entity_starts, task)


def recognise_scheme_of_names(names: Iterable[str], task: str = "ner") -> Scheme:
    """The scheme as far as label names alone tell it: B/I names count as IOB2."""
    return _scheme_of_counts(Counter(names), Counter(), task)


def _ambiguous_starts(tags: Sequence[str]) -> list[str]:
    """Tags that only IOB1 ("I" begins an entity) or only IOB2 ("B" where IOB1 writes "I") would write."""
    starts = []
    previous = ("", "")
    for tag in tags:
        if tag == OUTSIDE:
            previous = ("", "")
            continue
        prefix, entity_type = split_tag(tag)
        follows_same = previous[1] == entity_type
        if (prefix == "I" and not follows_same) or (prefix == "B" and not follows_same):
            starts.append(prefix)
        previous = (prefix, entity_type)
    return starts


def _scheme_of_counts(names: Counter[str], entity_starts: Counter[str], task: str) -> Scheme:
    tags = [name for name in names if name != OUTSIDE]
    prefixed = [name for name in tags if is_prefixed(name)]
    if task == "pos" or not prefixed:
        return Scheme.PLAIN
    plain = [name for name in tags if not is_prefixed(name)]
    if plain:
        found = [f"{name!r} ({names[name]:,} times)" for name in plain]
        raise DataError(
            f"tags with and without a prefix in the same data; without: {list_problems(found)}\n"
            f"beside {prefixed[0]!r} ({names[prefixed[0]]:,} times). Accepted: O and B-/I- (or IOBES, BILOU) tags "
            "only; correct the tags, or use --task_name pos to score every tag by itself."
        )
    prefixes = Counter()
    for name in prefixed:
        prefixes[name[0]] += names[name]
    return _scheme_of_prefixes(prefixes, entity_starts, names)


def _scheme_of_prefixes(prefixes: Counter[str], entity_starts: Counter[str], names: Counter[str]) -> Scheme:
    iobes, bilou = prefixes["E"] + prefixes["S"], prefixes["L"] + prefixes["U"]
    if iobes and bilou:
        examples = [name for name in names if name[0] in "ESLU"][:6]
        logger.warning("The tags mix IOBES and BILOU: %s. One scheme throughout gives better models.", examples)
    if iobes or bilou:
        return Scheme.IOBES if iobes >= bilou else Scheme.BILOU
    if entity_starts["I"] and entity_starts["B"]:
        logger.warning(
            "The tags mix IOB1 and IOB2: %s entities begin with B-, %s with I-. One scheme throughout is better.",
            f"{entity_starts['B']:,}",
            f"{entity_starts['I']:,}",
        )
    return Scheme.IOB1 if entity_starts["I"] > entity_starts["B"] else Scheme.IOB2
