"""All that an evaluation report says about a split, as numbers; other modules make files of it."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from token_classification.data.schemes import Scheme, Tags
from token_classification.data.sentences import Sentences
from token_classification.reporting.confusion import count_confusions
from token_classification.reporting.slices import Mentions, SliceRule, count_mentions, join_sides, list_slice_rules
from token_classification.scoring.error_classes import EntityPair, ErrorClass, pair_entities, pair_sentences
from token_classification.scoring.intervals import (
    GroupScore,
    Score,
    SentenceCounts,
    count_pairs,
    count_types,
    resample,
    score_groups,
    score_macro,
    score_micro,
)
from token_classification.scoring.metrics import score_plain_tags, type_scores
from token_classification.scoring.strict_entities import find_strict_entities

LISTED_CONFUSIONS = 20
EXAMPLES = 3


@dataclass(frozen=True)
class LabelledSplit:
    """A split with gold, what a model predicts for it, and what is known about both."""

    name: str
    """`validation`, `test` ..."""
    source: str
    sentences: Sentences
    predicted: Tags
    scheme: Scheme
    model: str = ""
    train: Sentences | None = None
    """What the model was trained on, if it is at hand"""


@dataclass(frozen=True)
class Confusion:
    """How often entities of one kind were taken for another, with the first examples."""

    error: ErrorClass
    gold: str | None
    predicted: str | None
    count: int
    examples: list[str]


@dataclass(frozen=True)
class Slice:
    """The scores of the entities in each group."""

    name: str
    groups: dict[str, GroupScore]


@dataclass(frozen=True)
class Evaluation:
    """What is known about the predictions for a split. All scores are fractions from 0 to 1."""

    split: LabelledSplit
    pairs: list[list[EntityPair]]
    micro: GroupScore
    macro: Score
    """Mean F1 of the types"""
    strict: GroupScore | None
    """Entities whose tags are legal in the scheme; None for plain tags"""
    accuracy: Score
    types: dict[str, GroupScore]
    tags: dict[str, dict[str, float]]
    """Tag -> precision, recall, f1, number; each word by itself"""
    errors: dict[str, dict[ErrorClass, int]]
    """Type (of the gold entity, or of the predicted one if spurious) -> number of entities in each class"""
    confusions: list[Confusion]
    slices: list[Slice]
    tag_names: list[str]
    tag_confusions: Mapping[tuple[int, int], int]
    """Indices of a gold tag and of a predicted one in `tag_names` -> number of words"""

    @property
    def error_totals(self) -> dict[ErrorClass, int]:
        """Entities of each class."""
        return {error: sum(row[error] for row in self.errors.values()) for error in ErrorClass}


def analyse_split(split: LabelledSplit) -> Evaluation:
    """Score a split, sort its errors into classes and slices, and find out how certain each score is."""
    gold, predicted = split.sentences.gold, split.predicted
    pairs = pair_sentences(gold, predicted, split.scheme)
    rules = _list_rules(split)
    types = count_types(pairs)
    words = _count_words(gold, predicted)
    strict = None if split.scheme == Scheme.PLAIN else _count_strict(gold, predicted, split.scheme)
    slices = [count_pairs(pairs, rule.groups, rule.find_group) for rule in rules]
    # One draw of sentences for all of them.
    all_counts = [types, words, *slices, *([strict] if strict else [])]
    samples = resample(all_counts)
    names, confusions = count_confusions(gold, predicted)
    return Evaluation(
        split=split,
        pairs=pairs,
        micro=score_micro(types, samples[0]),
        macro=score_macro(types, samples[0]),
        strict=score_micro(strict, samples[-1]) if strict else None,
        accuracy=score_micro(words, samples[1]).f1,
        types=dict(zip(types.groups, score_groups(types, samples[0]), strict=True)),
        tags=type_scores(score_plain_tags(gold, predicted)),
        errors=_count_errors(pairs),
        confusions=_list_confusions(split, pairs),
        slices=[
            _score_slice(rule, counts, drawn)
            for rule, counts, drawn in zip(rules, slices, samples[2 : 2 + len(rules)], strict=True)
        ],
        tag_names=names,
        tag_confusions=confusions,
    )


def checksum_gold(sentences: Sentences) -> str:
    """Return the SHA-256 of words and gold tags: that of a test set, whatever the name and layout of its file."""
    digest = hashlib.sha256()
    for words, tags in zip(sentences.tokens, sentences.gold, strict=True):
        digest.update("".join(f"{word}\t{tag}\n" for word, tag in zip(words, tags, strict=True)).encode() + b"\n")
    return digest.hexdigest()


def _list_rules(split: LabelledSplit) -> list[SliceRule]:
    train: Mentions | None = None if split.train is None else count_mentions(split.train, split.scheme)
    return list_slice_rules(split.sentences, split.scheme, count_mentions(split.sentences, split.scheme), train)


def _count_words(gold: Tags, predicted: Tags) -> SentenceCounts:
    """Count words as entities of a single group, so that F1 is the accuracy."""
    rows = [
        (len(gold_tags), len(gold_tags), sum(map(str.__eq__, gold_tags, predicted_tags)))
        for gold_tags, predicted_tags in zip(gold, predicted, strict=True)
    ]
    return SentenceCounts(("words",), np.array(rows, dtype=np.int32)[:, :, None])


def _count_strict(gold: Tags, predicted: Tags, scheme: Scheme) -> SentenceCounts:
    sides = (find_strict_entities(gold, scheme), find_strict_entities(predicted, scheme))
    return count_types([pair_entities(*row) for row in zip(*sides, strict=True)])


def _count_errors(pairs: Sequence[Sequence[EntityPair]]) -> dict[str, dict[ErrorClass, int]]:
    counts = Counter((pair.sides[0].type, pair.error) for row in pairs for pair in row)
    return {
        kind: {error: counts[kind, error] for error in ErrorClass} for kind in sorted({kind for kind, _ in counts})
    }


def _list_confusions(split: LabelledSplit, pairs: Sequence[Sequence[EntityPair]]) -> list[Confusion]:
    """List the most frequent errors; missed and spurious entities have only one type."""
    examples: dict[tuple[ErrorClass, str | None, str | None], list[str]] = {}
    counts: Counter[tuple[ErrorClass, str | None, str | None]] = Counter()
    for words, row in zip(split.sentences.tokens, pairs, strict=True):
        for pair in row:
            if pair.error == ErrorClass.CORRECT:
                continue
            kind = (pair.error, pair.gold and pair.gold.type, pair.predicted and pair.predicted.type)
            counts[kind] += 1
            seen = examples.setdefault(kind, [])
            if len(seen) < EXAMPLES:
                seen.append(join_sides(words, pair))
    return [Confusion(*kind, count, examples[kind]) for kind, count in counts.most_common(LISTED_CONFUSIONS)]


def _score_slice(rule: SliceRule, counts: SentenceCounts, samples: np.ndarray) -> Slice:
    scores: Mapping[str, GroupScore] = dict(zip(rule.groups, score_groups(counts, samples), strict=True))
    return Slice(rule.name, {group: score for group, score in scores.items() if score.gold or score.predicted})
