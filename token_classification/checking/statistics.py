"""The shape of each split in figures, and how far the others are from the training data."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from token_classification.checking.files import CheckedData, CheckedFile
from token_classification.checking.mentions import Mention, collect_mentions
from token_classification.data.problems import Kind, Problem
from token_classification.data.schemes import Scheme
from token_classification.data.splits import SPLITS

FAR = 0.05
"""Jensen-Shannon divergence (in bits) of two label distributions from which on they are of different kinds of data"""
LENGTH_RATIO = 2.0
"""So many times longer or shorter than the training sentences (medians) is another kind of data"""
ENOUGH = 200
"""Labels (entities, or tagged words) below which a distribution says nothing"""
ENOUGH_SENTENCES = 100
"""Sentences below which a median length says nothing"""


@dataclass(frozen=True)
class SplitStatistics:
    """One split in figures. Shares are fractions; None where there is nothing to divide by, or no training data."""

    split: str
    files: list[str]
    sentences: int
    words: int
    mean_length: float
    """Words per sentence"""
    median_length: float
    long_length: float
    """95th percentile of the words per sentence"""
    longest: int
    labels: dict[str, int]
    """Entity type -> entities; tag -> words with plain tags"""
    tagged_share: float | None
    """Words that are not `O`"""
    new_words_share: float | None
    """Words that the training data does not have"""
    new_mentions_share: float | None
    """Entities whose words are no entity of the training data"""
    drift: float | None
    """Jensen-Shannon divergence of the labels from those of the training data, in bits: 0 the same, 1 none shared"""


def describe_splits(data: CheckedData, scheme: Scheme) -> list[SplitStatistics]:
    """Return figures of each split: train, validation, test, then the others in the order of the files."""
    names = list(dict.fromkeys(file.split for file in data.files))
    splits = [name for name in SPLITS if name in names] + [name for name in names if name not in SPLITS]
    files = {split: [file for file in data.files if file.split == split] for split in splits}
    labels = {split: _count_labels(data, files[split], scheme) for split in splits}
    mentions = {split: _count_mentions(files[split]) if scheme != Scheme.PLAIN else Counter() for split in splits}
    return [_describe(data, split, files, labels, mentions) for split in splits]


def find_drift(data: CheckedData, statistics: list[SplitStatistics]) -> Iterator[Problem]:
    """Yield splits whose labels or sentence lengths are far from those of the training data."""
    by_split = {row.split: row for row in statistics}
    train = by_split.get("train")
    if train is None:
        return
    for split, row in by_split.items():
        if split == "train" or not row.sentences or not train.sentences:
            continue
        file = next(file for file in data.files if file.split == split)
        counted = min(sum(row.labels.values()), sum(train.labels.values()))
        if row.drift is not None and row.drift > FAR and counted >= ENOUGH:
            text = (
                f"the labels of the {split} split are distributed differently from training (divergence "
                f"{row.drift:.2f}; {_name_differences(train, row)}); accepted: splits of one kind of data; draw "
                "the splits at random, or expect lower scores"
            )
            yield Problem(Kind.DRIFT, file.path, 1, text)
        ratio = row.median_length / train.median_length
        has_enough = min(row.sentences, train.sentences) >= ENOUGH_SENTENCES
        if has_enough and not 1 / LENGTH_RATIO < ratio < LENGTH_RATIO:
            text = (
                f"sentences of the {split} split have {row.median_length:g} words, those of the training data "
                f"{train.median_length:g} (medians); accepted: splits of one kind of data; check how they were cut"
            )
            yield Problem(Kind.DRIFT, file.path, 1, text)


def compute_divergence(first: Counter[str], second: Counter[str]) -> float | None:
    """Return the Jensen-Shannon divergence of two distributions in bits (Lin 1991); None where one is empty.

    >>> compute_divergence(Counter(a=2, b=2), Counter(a=1, b=1)), compute_divergence(Counter(a=1), Counter(b=1))
    (0.0, 1.0)
    """
    if not first.total() or not second.total():
        return None
    names = list(first | second)
    p, q = (np.array([counts[name] for name in names]) / counts.total() for counts in (first, second))
    middle = (p + q) / 2
    parts = [side[side > 0] * np.log2(side[side > 0] / middle[side > 0]) for side in (p, q)]
    return float(sum(part.sum() for part in parts) / 2)


def _describe(
    data: CheckedData,
    split: str,
    files: dict[str, list[CheckedFile]],
    labels: dict[str, Counter[str]],
    mentions: dict[str, Counter[Mention]],
) -> SplitStatistics:
    own = files[split]
    has_train = "train" in files and split != "train"
    lengths = np.concatenate([np.diff(file.starts) for file in own])
    lengths = lengths if len(lengths) else np.zeros(1, dtype=np.int64)
    words = np.concatenate([file.word_ids for file in own])
    tagged = [file.tag_ids != 0 for file in own if file.tag_ids is not None]
    tagged_words = np.concatenate(tagged) if tagged else np.zeros(0)
    is_known = np.zeros(len(data.words), dtype=bool)
    new_mentions = None
    if has_train:
        for file in files["train"]:
            is_known[file.word_ids] = True
        new = sum(count for mention, count in mentions[split].items() if mention not in mentions["train"])
        new_mentions = new / mentions[split].total() if mentions[split] else None
    return SplitStatistics(
        split=split,
        files=[str(file.path) for file in own],
        sentences=sum(len(file.sentences) for file in own),
        words=len(words),
        mean_length=float(lengths.mean()),
        median_length=float(np.median(lengths)),
        long_length=float(np.percentile(lengths, 95)),
        longest=int(lengths.max()),
        labels=dict(labels[split].most_common()),
        tagged_share=float(tagged_words.mean()) if len(tagged_words) else None,
        new_words_share=float((~is_known[words]).mean()) if has_train and len(words) else None,
        new_mentions_share=new_mentions,
        drift=compute_divergence(labels["train"], labels[split]) if has_train else None,
    )


def _count_labels(data: CheckedData, files: list[CheckedFile], scheme: Scheme) -> Counter[str]:
    if scheme != Scheme.PLAIN:
        return Counter(name for file in files if file.tag_ids is not None for _, name, _ in collect_mentions(file))
    counts = data.count_tags(files).tolist()
    return Counter({tag: count for tag, count in zip(data.tags, counts, strict=True) if count})


def _count_mentions(files: list[CheckedFile]) -> Counter[Mention]:
    return Counter(words for file in files if file.tag_ids is not None for words, _, _ in collect_mentions(file))


def _name_differences(train: SplitStatistics, other: SplitStatistics) -> str:
    """Return the three labels whose shares differ most, with both shares."""
    totals = [sum(row.labels.values()) for row in (train, other)]
    shares = {
        name: tuple(row.labels.get(name, 0) / total for row, total in zip((train, other), totals, strict=True))
        for name in train.labels | other.labels
    }
    widest = sorted(shares, key=lambda name: -abs(shares[name][0] - shares[name][1]))[:3]
    return ", ".join(f"{name} {shares[name][0]:.0%} in training and {shares[name][1]:.0%} here" for name in widest)
