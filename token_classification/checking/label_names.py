"""Labels by their names: tags that are none, rare ones that look like a frequent one, and those that train lacks."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import takewhile

import numpy as np

from token_classification.checking.files import CheckedData
from token_classification.checking.transitions import is_foreign
from token_classification.data.problems import Kind, Problem
from token_classification.data.schemes import (
    OUTSIDE,
    Scheme,
    choose_entity_rule,
    is_bare,
    is_prefixed,
    join_tag,
    split_tag,
)

RARE = 20
"""A label is rare beside one that is this many times as frequent."""
SHORTEST_MISSPELT = 3
"""Letters of the shortest type name that one wrong letter does not make another one."""
LONGEST_MISSPELT = 100
"""Letters from which on a name is not looked at letter by letter"""
FEW = 0.01
"""Share of the words below which tags that are numbers, or have a prefix, are a mistake amid plain tags"""


def find_odd_labels(data: CheckedData, scheme: Scheme) -> Iterator[Problem]:
    """Yield problems with tags that are none, or look like another one, at each place where they stand."""
    counts = dict(zip(data.tags, data.count_tags(data.files).tolist(), strict=True))
    meant = find_near_misses(counts, scheme)
    odd = set(_find_odd_tags(counts, scheme)) - set(meant)
    numbers = [number for number, tag in enumerate(data.tags) if tag in meant or tag in odd]
    known = {tag for tag, count in counts.items() if is_prefixed(tag) and tag not in meant}
    for file in data.tagged_files:
        for position in np.flatnonzero(np.isin(file.gold_ids, numbers)).tolist():
            word, tag = data.words[file.word_ids[position]], data.tags[file.gold_ids[position]]
            if tag in meant:
                text = (
                    f"{tag!r} ({counts[tag]:,}x) beside {meant[tag]!r} ({counts.get(meant[tag], 0):,}x); "
                    f"accepted: one name for one thing; write {meant[tag]!r} if that is intended"
                )
                yield file.report_word(Kind.NEAR_MISS_LABEL, position, text)
            else:
                is_of_bare = data.marks_entity is is_bare
                yield file.report_word(Kind.ODD_TAG, position, _explain_odd_tag(word, tag, known, scheme, is_of_bare))


def find_suffix_tags(data: CheckedData) -> Iterator[Problem]:
    """Yield the first tag of each file whose prefix stands after the type, where most are written so."""
    turned = data.turned_tags
    numbers = [number for number, tag in enumerate(data.tags) if tag in turned]
    for file in data.tagged_files:
        for position in np.flatnonzero(np.isin(file.gold_ids, numbers))[:1].tolist():
            tag = data.tags[file.gold_ids[position]]
            text = (
                f"{tag!r} has its prefix after the type, as most tags here do; accepted: the prefix first, as in "
                f"{turned[tag]!r}; turn them around (--repair does)"
            )
            yield file.report_word(Kind.SUFFIX_TAGS, position, text)


def find_near_misses(counts: dict[str, int], scheme: Scheme) -> dict[str, str]:
    """Return for each rare tag the frequent one that it is most probably meant to be.

    The same letters in another case or with another separator (`b-per`, `B_PER`, `0` for `O`) count, however often.
    With an entity scheme one wrong, missing or additional letter in a rare type (`B-PERS`) counts as well; plain tags
    (`NN`, `NNS`) are too near to each other for that.
    """
    meant: dict[str, str] = {}
    is_entity = scheme != Scheme.PLAIN
    marks_entity = choose_entity_rule(counts)
    by_spelling: dict[str, list[str]] = {}
    for tag in counts:
        by_spelling.setdefault(_spell_plainly(tag), []).append(tag)
    for spellings in by_spelling.values():
        best = max(spellings, key=lambda tag: (tag == OUTSIDE or not is_entity or marks_entity(tag), counts[tag]))
        meant |= {tag: best for tag in spellings if tag != best and counts[best]}
    if not is_entity:
        return meant
    types: Counter[str] = Counter()
    for tag, count in counts.items():
        if marks_entity(tag) and tag not in meant:
            types[split_tag(tag)[1]] += count
    misspelt = _find_misspelt_types(types)
    for tag in counts:
        prefix, name = split_tag(tag)
        if marks_entity(tag) and tag not in meant and name in misspelt:
            meant[tag] = join_tag(prefix, misspelt[name])
    return {tag: meant.get(right, right) for tag, right in meant.items()}


def find_absent_labels(data: CheckedData, scheme: Scheme) -> Iterator[Problem]:
    """Yield labels that only other splits than train have, at their first place in each file.

    Those that are a problem by themselves (misspelt, none at all, of another scheme) are not named again.
    """
    train = [file for file in data.tagged_files if file.split == "train"]
    if not train:
        return
    counts = dict(zip(data.tags, data.count_tags(data.files).tolist(), strict=True))
    named = {OUTSIDE, *find_near_misses(counts, scheme), *_find_odd_tags(counts, scheme)}
    named |= {tag for tag in data.tags if scheme != Scheme.PLAIN and is_foreign(tag, data, scheme)}
    is_sound = (data.count_tags(train) > 0) | np.array([tag in named for tag in data.tags])
    for file in data.tagged_files:
        if file.split == "train":
            continue
        found = np.unique(file.gold_ids, return_index=True, return_counts=True)
        for number, position, count in sorted(zip(*found, strict=True), key=lambda row: row[1]):
            if not is_sound[number]:
                text = (
                    f"{data.tags[number]!r} ({count:,}x here, first for {data.words[file.word_ids[position]]!r}) is "
                    "in no training sentence; accepted: labels that the training data has; add examples or rename it"
                )
                yield file.report_word(Kind.LABEL_NOT_IN_TRAIN, int(position), text)


def is_swapped(word: str, tag: str, known: set[str]) -> bool:
    """Tell whether word and tag of a row with an odd tag are in each other's place; `known` are the prefixed tags."""
    return word in known or (word == OUTSIDE and tag not in known)


def _spell_plainly(tag: str) -> str:
    """Return what is left of a tag without case and separators; a zero is an O."""
    plain = re.sub(r"[-_ .:/]", "", tag).casefold() or tag
    return "o" if plain == "0" else plain


def _find_misspelt_types(types: Counter[str]) -> dict[str, str]:
    """Return for each misspelt type the most frequent one that is spelt alike, or is one letter away and far more so.

    Only types that share a spelling, or what is left of them without one letter, are compared.
    """
    alike: dict[str, list[str]] = defaultdict(list)
    near: dict[str, list[str]] = defaultdict(list)
    for name in types:
        alike[_spell_plainly(name)].append(name)
        for rest in _leave_out_letters(name):
            near[rest].append(name)
    found = {}
    for name, count in types.items():
        spelt_alike = {other for other in alike[_spell_plainly(name)] if types[other] > count}
        neighbours = {other for rest in _leave_out_letters(name) for other in near[rest]}
        slips = {
            other
            for other in neighbours
            if types[other] >= RARE * count
            and min(len(name), len(other)) >= SHORTEST_MISSPELT
            and _is_near(name, other)
        }
        if spelt_alike or slips:
            found[name] = max(sorted(spelt_alike | slips), key=types.__getitem__)
    return found


def _leave_out_letters(name: str) -> set[str]:
    """Return a name with and without each of its letters: names one letter apart have one of these in common."""
    if len(name) > LONGEST_MISSPELT:
        return {name}
    return {name, *(name[:place] + name[place + 1 :] for place in range(len(name)))}


def _is_near(name: str, other: str) -> bool:
    """Tell whether two names differ in one letter: another, one more, one less, or two neighbours exchanged."""
    short, long = sorted((name, other), key=len)
    if len(long) - len(short) > 1 or name == other:
        return False
    start = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(short, long, strict=False)))
    if len(short) < len(long):
        return short[start:] == long[start + 1 :]
    swapped = short[:start] + short[start : start + 2][::-1] + short[start + 2 :]
    return short[start + 1 :] == long[start + 1 :] or swapped == long


def _find_odd_tags(counts: dict[str, int], scheme: Scheme) -> Sequence[str]:
    if scheme != Scheme.PLAIN:
        marks_entity = choose_entity_rule(counts)
        return [tag for tag in counts if tag != OUTSIDE and not marks_entity(tag)]
    total = sum(counts.values())
    odd = [tag for tag in counts if is_prefixed(tag) or tag.isdecimal()]
    return odd if sum(counts[tag] for tag in odd) < FEW * total else []


def _explain_odd_tag(word: str, tag: str, known: set[str], scheme: Scheme, is_of_bare: bool) -> str:
    if scheme == Scheme.PLAIN:
        return (
            f"{tag!r} for {word!r} does not look like the other tags; accepted: tags without a prefix; correct the tag"
        )
    if is_swapped(word, tag, known):
        return (
            f"word {word!r} with tag {tag!r}: the columns of this row are swapped; accepted: word, then tag; "
            "swap them (--repair does)"
        )
    if is_of_bare:
        return f"{tag!r} for {word!r} is not a prefix; accepted: O, B and I (or E, S, L, U); correct the tag"
    accepted = "O, or a prefix and a type, as in B-PER"
    return f"{tag!r} for {word!r} has no prefix and type; accepted: {accepted}; correct the tag"
