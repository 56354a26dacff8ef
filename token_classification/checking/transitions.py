"""Tags that the scheme does not allow where they stand, and sentences that are tagged in another scheme."""

from collections.abc import Iterator

import numpy as np

from token_classification.checking.files import CheckedData, CheckedFile
from token_classification.data.problems import Kind, Problem
from token_classification.data.schemes import OUTSIDE, Scheme, join_tag
from token_classification.data.transitions import CLOSING, INSIDE, OPENING, SINGLE, find_role, may_follow

FOREIGN_PREFIXES = {Scheme.IOB2: "ESLU", Scheme.IOB1: "ESLU", Scheme.IOBES: "LU", Scheme.BILOU: "ES"}
"""Scheme -> prefixes that it lacks. Where sentences are legal in several schemes alike, the first of them counts."""

ROLES = (OUTSIDE, OPENING, INSIDE, CLOSING, SINGLE)

MIXED_SHARE = 0.05
MIXED_SENTENCES = 3
"""From this share (and number) of a file's sentences with entities on, a second scheme is no slip of the pen."""


def recognise_main_scheme(data: CheckedData) -> Scheme:
    """Return the scheme in which most sentences are legal; plain where most tags mark no entities.

    One sentence in another scheme does not change it, other than in `recognise_scheme`, by which a run goes.
    """
    counts = data.count_tags(data.files)
    marking = np.array([data.marks_entity(tag) for tag in data.tags])
    if counts[marking].sum() <= counts[1:][~marking[1:]].sum():
        return Scheme.PLAIN
    legal = {
        scheme: sum(int((~find_illegal_rows(file, data, scheme)).sum()) for file in data.tagged_files)
        for scheme in FOREIGN_PREFIXES
    }
    return max(legal, key=legal.__getitem__)


def find_illegal_tags(data: CheckedData, scheme: Scheme) -> Iterator[Problem]:
    """Yield problems of each file with the order of its tags, by line."""
    foreign = np.array([is_foreign(tag, data, scheme) for tag in data.tags])
    for file in data.tagged_files:
        illegal = _find_illegal_positions(file, data, scheme)
        rows = file.starts.searchsorted(illegal, side="right") - 1
        other_scheme = _find_other_schemes(file, data, scheme, foreign)
        broken_lines = {problem.line for problem in file.problems}
        reported = set()
        for position, row in zip(illegal.tolist(), rows.tolist(), strict=True):
            if row in other_scheme:
                if row not in reported:
                    reported.add(row)
                    yield _report_scheme(file, row, position, other_scheme[row], scheme)
            elif not _is_beside(file, position, broken_lines):
                yield _report_tag(file, position, scheme)


def is_foreign(tag: str, data: CheckedData, scheme: Scheme) -> bool:
    """Tell whether a tag has a prefix that an entity scheme lacks."""
    return data.marks_entity(tag) and tag[0] in FOREIGN_PREFIXES[scheme]


class StepRule:
    """Which tag of the data may follow which, for as many types as there are: a rule on roles and equal types."""

    def __init__(self, data: CheckedData, scheme: Scheme) -> None:
        # Tags that mark no entities count as `O`: they are a problem of their own.
        found = [find_role(tag if data.marks_entity(tag) else OUTSIDE) for tag in data.tags]
        types = {name: number for number, name in enumerate(dict.fromkeys(name for _, name in found))}
        self.roles = np.array([ROLES.index(role) for role, _ in found])
        self.types = np.array([types[name] for _, name in found])
        self.foreign = np.array([is_foreign(tag, data, scheme) for tag in data.tags])
        self.table = np.array([[_allow_types(before, role, scheme) for role in ROLES] for before in ROLES])

    def allow(self, before: np.ndarray, tags: np.ndarray) -> np.ndarray:
        """Tell whether each tag may follow the one before it; a prefix that the scheme lacks follows nothing."""
        is_same_type = (self.types[before] == self.types[tags]).astype(np.int64)
        allowed = self.table[self.roles[before], self.roles[tags], is_same_type]
        return allowed & ~self.foreign[before] & ~self.foreign[tags]


def _allow_types(before: str, role: str, scheme: Scheme) -> tuple[bool, bool]:
    """Tell whether a role may follow another one with another type, and with the same."""
    first = join_tag(before, "A")
    return may_follow(first, join_tag(role, "B"), scheme), may_follow(first, join_tag(role, "A"), scheme)


def _find_illegal_positions(file: CheckedFile, data: CheckedData, scheme: Scheme) -> np.ndarray:
    """Return the words (counted through the file) whose tag begins, goes on or is left open where it must not."""
    rule = StepRule(data, scheme)
    before, after = _pair_neighbours(file)
    # A step is the fault of its second tag if that goes on with nothing, else of the first, which is left open.
    goes_on = np.array([data.marks_entity(tag) and find_role(tag)[0] in "IE" for tag in data.tags])
    stays_open = np.array([data.marks_entity(tag) and find_role(tag)[0] in (OPENING, INSIDE) for tag in data.tags])
    if scheme in (Scheme.IOB1, Scheme.IOB2):
        stays_open[:] = False
    wrong_start = ~rule.allow(before, file.gold_ids) & (goes_on[file.gold_ids] | ~stays_open[before])
    wrong_end = ~rule.allow(file.gold_ids, after) & stays_open[file.gold_ids] & ~goes_on[after]
    return np.flatnonzero(wrong_start | wrong_end)


def _pair_neighbours(file: CheckedFile) -> tuple[np.ndarray, np.ndarray]:
    """Return the tags before and after each word's, int32 (words,); `O` (0) beyond the ends of a sentence."""
    before, after = np.roll(file.gold_ids, 1), np.roll(file.gold_ids, -1)
    has_words = np.diff(file.starts) > 0
    before[file.starts[:-1][has_words]] = 0
    after[file.starts[1:][has_words] - 1] = 0
    return before, after


def find_illegal_rows(file: CheckedFile, data: CheckedData, scheme: Scheme) -> np.ndarray:
    """Tell whether each sentence has an illegal tag: bool, (sentences,)."""
    rows = np.zeros(len(file.sentences), dtype=bool)
    illegal = _find_illegal_positions(file, data, scheme)
    rows[file.starts.searchsorted(illegal, side="right") - 1] = True
    return rows


def _find_other_schemes(
    file: CheckedFile, data: CheckedData, scheme: Scheme, foreign: np.ndarray
) -> dict[int, Scheme | None]:
    """Return sentences that are tagged in another scheme, and in which; None where none explains their prefixes.

    That is so with prefixes that the main scheme does not have, and where illegal sentences that another scheme
    explains are many.
    """
    illegal_rows = find_illegal_rows(file, data, scheme)
    explained: dict[int, Scheme | None] = {}
    for other in FOREIGN_PREFIXES:
        if other != scheme:
            legal = illegal_rows & ~find_illegal_rows(file, data, other)
            explained |= {row: other for row in np.flatnonzero(legal).tolist() if row not in explained}
    positions = np.flatnonzero(foreign[file.gold_ids])
    with_foreign = set((file.starts.searchsorted(positions, side="right") - 1).tolist())
    tagged = len(np.unique(file.starts.searchsorted(np.flatnonzero(file.gold_ids), side="right")))
    others = [row for row in explained if row not in with_foreign]
    is_mixed = len(others) >= max(MIXED_SENTENCES, MIXED_SHARE * tagged)
    rows = with_foreign | set(others) if is_mixed else with_foreign
    return {row: explained.get(row) for row in rows}


def _is_beside(file: CheckedFile, position: int, broken_lines: set[int]) -> bool:
    """Tell whether a row that could not be read is right before or behind a word."""
    line = file.find_line(position)
    return file.sentences.has_line_per_word and (line - 1 in broken_lines or line + 1 in broken_lines)


def _report_scheme(file: CheckedFile, row: int, position: int, other: Scheme | None, scheme: Scheme) -> Problem:
    place = position - int(file.starts[row])
    tag, word = file.sentences.gold[row][place], file.sentences.tokens[row][place]
    found = f"tagged in {other}" if other else "tagged in another scheme"
    text = (
        f"a sentence {found} ({tag!r} for {word!r}) where the data is {scheme}; accepted: one scheme throughout; "
        f"convert it (--repair does)"
    )
    return file.report_word(Kind.MIXED_SCHEMES, position, text)


def _report_tag(file: CheckedFile, position: int, scheme: Scheme) -> Problem:
    row, place = file.find_word(position)
    words, tags = file.sentences.tokens[row], file.sentences.gold[row]
    before = f"after {tags[place - 1]!r}" if place else "at the start of the sentence"
    ending = tags[place][1:]
    if find_role(tags[place])[0] not in "IE" or may_follow(tags[place - 1] if place else OUTSIDE, tags[place], scheme):
        before += f" and before {tags[place + 1]!r}" if place + 1 < len(tags) else " and at the end of the sentence"
    accepted = {
        Scheme.IOB1: f"I{ending} unless an entity of that type ends right before",
        Scheme.IOB2: f"B{ending} where an entity begins",
        Scheme.IOBES: f"B I E{ending} or S{ending}",
        Scheme.BILOU: f"B I L{ending} or U{ending}",
    }[scheme]
    text = f"{tags[place]!r} {before} (word {words[place]!r}); accepted in {scheme}: {accepted}; correct the tag"
    return file.report_word(Kind.ILLEGAL_TRANSITION, position, f"{text} (--repair reads it as conlleval does)")
