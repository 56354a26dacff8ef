"""Mentions: the same words, nearly always of one entity type and here of another one, or of none."""

from collections import Counter, defaultdict
from collections.abc import Iterator

import numpy as np

from token_classification.checking.files import CheckedData, CheckedFile
from token_classification.data.entities import find_entities
from token_classification.data.problems import Kind, Problem
from token_classification.data.schemes import OUTSIDE

OFTEN = 10
"""A mention is known from this many places on where it has its usual type."""
SELDOM = 0.05
"""Another type is doubtful up to this share of the usual one."""
LONGEST = 6
"""Words of the longest mention that is looked for where it is not tagged"""

Mention = tuple[str, ...]
Place = tuple[CheckedFile, int]
"""A file and a word counted through it"""


def collect_mentions(file: CheckedFile) -> Iterator[tuple[Mention, str, int]]:
    """Yield words, type and first word (counted through the file) of each entity; a tag without a type makes none."""
    for row, tags in enumerate(file.sentences.gold):
        if tags.count(OUTSIDE) < len(tags):
            words = file.sentences.tokens[row]
            for entity_type, start, end in find_entities(tags):
                if entity_type:
                    yield tuple(words[start:end]), entity_type, int(file.starts[row]) + start


def find_inconsistent_mentions(data: CheckedData) -> Iterator[Problem]:
    """Yield mentions with another type than nearly everywhere else, or without one."""
    places: dict[Mention, dict[str, list[Place]]] = defaultdict(lambda: defaultdict(list))
    for file in data.tagged_files:
        for mention, entity_type, position in collect_mentions(file):
            places[mention][entity_type].append((file, position))
    usual = {mention: max(types, key=lambda name: len(types[name])) for mention, types in places.items()}
    known = {mention for mention, name in usual.items() if len(places[mention][name]) >= OFTEN}
    for mention, untagged in _find_untagged(data, known).items():
        places[mention][OUTSIDE] = untagged
    doubtful = []
    for mention in known:
        most = len(places[mention][usual[mention]])
        for entity_type, found in places[mention].items():
            if entity_type != usual[mention] and len(found) <= SELDOM * most:
                doubtful += [(place, mention, entity_type) for place in found]
    for (file, position), mention, entity_type in doubtful:
        counts = {name: len(found) for name, found in places[mention].items() if found}
        yield _report(file, position, mention, entity_type, usual[mention], Counter(counts))


def _find_untagged(data: CheckedData, mentions: set[Mention]) -> dict[Mention, list[Place]]:
    """Return where the words of mentions stand and all of them are tagged `O`."""
    numbers = {word: number for number, word in enumerate(data.words)}
    found: dict[Mention, list[Place]] = defaultdict(list)
    for length in range(1, LONGEST + 1):
        wanted = {tuple(numbers[word] for word in mention): mention for mention in mentions if len(mention) == length}
        if not wanted:
            continue
        firsts = np.zeros(len(data.words), dtype=bool)
        firsts[[key[0] for key in wanted]] = True
        for file in data.tagged_files:
            outside = np.append(np.cumsum(np.append(0, file.gold_ids != 0)), 0)
            starts = np.flatnonzero(firsts[file.word_ids])
            starts = starts[starts + length <= len(file.word_ids)]
            # All O, and no sentence begins between the first word and the last.
            rows = file.starts.searchsorted(starts, side="right")
            is_whole = (outside[starts + length] == outside[starts]) & (file.starts[rows] >= starts + length)
            for position in starts[is_whole].tolist():
                mention = wanted.get(tuple(file.word_ids[position : position + length].tolist()))
                if mention:
                    found[mention].append((file, position))
    return found


def _report(
    file: CheckedFile, position: int, mention: Mention, entity_type: str, usual: str, counts: Counter[str]
) -> Problem:
    here = "no entity" if entity_type == OUTSIDE else entity_type
    elsewhere = ", ".join(f"{name} {count:,}x" for name, count in counts.most_common())
    text = (
        f"{' '.join(mention)!r} is {here} here ({elsewhere}); accepted where the context says so; "
        f"make it {usual} if it does not"
    )
    return file.report_word(Kind.INCONSISTENT_MENTION, position, text)
