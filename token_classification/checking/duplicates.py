"""Sentences that come more than once: in one split, in several (leakage), or with different tags."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from token_classification.checking.files import CheckedData, CheckedFile
from token_classification.data.problems import Kind, Problem
from token_classification.data.sentences import Sentences
from token_classification.data.splits import SPLITS

SHORTEST = 5
"""Words from which on a sentence does not come twice by itself, as `Thank you !` does"""

Place = tuple[CheckedFile, int]
"""A file and a sentence in it"""


def find_duplicates(data: CheckedData) -> Iterator[Problem]:
    """Yield problems with sentences of the same words, at each but the one that is to stay."""
    places: dict[tuple[str, ...], list[Place]] = defaultdict(list)
    for file in data.files:
        for row, words in enumerate(file.sentences.tokens):
            if len(words) >= SHORTEST:
                places[tuple(words)].append((file, row))
    for group in places.values():
        if len(group) > 1:
            yield from _compare_splits(group)
            yield from _compare_tags(group)


def find_common_sentences(sentences: Sentences, others: Sentences) -> list[tuple[int, int]]:
    """Find the sentences that also stand among others: pairs of a row, and the first row there with the same words."""
    rows: dict[tuple[str, ...], int] = {}
    for row, words in enumerate(others.tokens):
        rows.setdefault(tuple(words), row)
    return [
        (row, rows[tuple(words)])
        for row, words in enumerate(sentences.tokens)
        if len(words) >= SHORTEST and tuple(words) in rows
    ]


def _compare_splits(group: Sequence[Place]) -> Iterator[Problem]:
    """Yield leakage where it is to be taken out, in the earlier split, and repetitions at their later places."""
    by_split: dict[str, list[Place]] = defaultdict(list)
    for place in group:
        by_split[place[0].split].append(place)
    splits = [split for split in SPLITS if split in by_split]
    for split, places in by_split.items():
        later = splits[splits.index(split) + 1 :] if split in splits else []
        first_file, first_row = places[0]
        if later:
            other_file, other_row = by_split[later[0]][0]
            for file, row in places:
                text = (
                    f"{_quote(file, row)} is also in the {later[0]} split ({other_file.place(other_row)}); accepted: "
                    f"splits without a common sentence; remove it from the {split} split"
                )
                yield file.report_sentence(Kind.LEAKAGE, row, text)
        for file, row in places[1:]:
            text = (
                f"{_quote(file, row)} again, first in {first_file.place(first_row)}; accepted, but it counts twice; "
                "remove it unless that is intended"
            )
            yield file.report_sentence(Kind.DUPLICATE_SENTENCE, row, text)


def _compare_tags(group: Sequence[Place]) -> Iterator[Problem]:
    """Yield the places whose tags differ from the most frequent tags of the same words (from the first at a tie)."""
    tagged = [(file, row) for file, row in group if file.sentences.tags is not None]
    annotations = [tuple(file.sentences.gold[row]) for file, row in tagged]
    if len(set(annotations)) < 2:
        return
    usual = Counter(annotations).most_common(1)[0][0]
    usual_file, usual_row = tagged[annotations.index(usual)]
    for (file, row), tags in zip(tagged, annotations, strict=True):
        if tags != usual:
            word = next(place for place, pair in enumerate(zip(tags, usual, strict=True)) if len(set(pair)) > 1)
            text = (
                f"{_quote(file, row)}: {file.sentences.tokens[row][word]!r} is {tags[word]!r} here and "
                f"{usual[word]!r} in {usual_file.place(usual_row)}; accepted: the same tags; correct one of them"
            )
            yield file.report_sentence(Kind.CONFLICTING_ANNOTATION, row, text)


def _quote(file: CheckedFile, row: int) -> str:
    text = " ".join(file.sentences.tokens[row])
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
