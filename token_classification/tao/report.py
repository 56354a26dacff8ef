"""NeMo's classification report: one count per word, outside words included, everything in percent.

These are scores of labels, not of entities: `scoring/metrics.py` has those.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import torch

from token_classification.data.schemes import Tags

EPSILON = 1e-6
"""Added to every denominator, so that a label without words scores 0"""

NAME_WIDTH, TITLE_WIDTH, GAP = 50, 10, " " * 3
RULE_UNDER_LABELS, RULE_OVER_RESULTS = "-" * 19, "-" * 80


@dataclass(frozen=True)
class LabelCounts:
    """How often each label of the model was right or wrong, one count per word; int64 (labels,) each."""

    names: tuple[str, ...]
    true_positives: np.ndarray
    false_positives: np.ndarray
    false_negatives: np.ndarray
    unknown: dict[str, int]
    """Gold labels that the model doesn't know -> words; each word counts as a false positive of the predicted label"""


@dataclass(frozen=True)
class ReportRow:
    """Precision, recall and F1 of a label or an average, in percent."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class LabelReport:
    """A row for each label of the model in id order, and the three averages."""

    labels: list[ReportRow]
    micro: ReportRow
    macro: ReportRow
    weighted: ReportRow


def count_labels(gold: Tags, predicted: Tags, names: Sequence[str]) -> LabelCounts:
    """Count right and wrong labels over all words of a split.

    Args:
        gold: Tags of each sentence. A tag that is none of `names` counts against the predicted label and towards no
            label's support; `unknown` names it.
        predicted: As many tags for each sentence.
        names: The model's labels in id order.
    """
    # Every tag outside `names` falls into one more row and column at the end.
    ids = {name: label_id for label_id, name in enumerate(names)}
    size = len(names) + 1
    pairs = np.fromiter(
        (
            ids.get(gold_tag, len(names)) * size + ids.get(predicted_tag, len(names))
            for gold_tags, predicted_tags in zip(gold, predicted, strict=True)
            for gold_tag, predicted_tag in zip(gold_tags, predicted_tags, strict=True)
        ),
        dtype=np.int64,
    )
    confusion = np.bincount(pairs, minlength=size * size).reshape(size, size)
    right = np.diag(confusion)[:-1]
    return LabelCounts(
        names=tuple(names),
        true_positives=right,
        false_positives=confusion.sum(axis=0)[:-1] - right,
        false_negatives=confusion.sum(axis=1)[:-1] - right,
        unknown=dict(Counter(tag for tag in chain.from_iterable(gold) if tag not in ids)),
    )


def score_report(counts: LabelCounts) -> LabelReport:
    """Score the counts: micro from the sums, macro over the labels that occur, weighted by how often they do.

    Labels without support are left out of the macro average, which NeMo returns as `f1`, `precision` and `recall`.
    """
    # NeMo's counts are float32, and so is each of its sums: the last digit depends on it.
    right, false, missed = (
        torch.tensor(count, dtype=torch.float32)
        for count in (counts.true_positives, counts.false_positives, counts.false_negatives)
    )
    support = right + missed
    words = (counts.true_positives + counts.false_negatives).tolist()
    scores = _score(right, false, missed)
    occurring = max(int((support > 0).sum()), 1)
    # The sum runs over all labels: one without support has no true positives and adds 0.
    macro = [score.sum() / occurring for score in scores]
    weighted = [(score * support).sum() / support.sum().clamp(min=1) for score in scores]
    named = [f"{name} (label_id: {label_id})" for label_id, name in enumerate(counts.names)]
    return LabelReport(
        labels=[
            ReportRow(name, precision, recall, f1, number)
            for name, (precision, recall, f1), number in zip(
                named, torch.stack(scores, dim=1).tolist(), words, strict=True
            )
        ],
        micro=_average("micro avg", _score(right.sum(), false.sum(), missed.sum()), sum(words)),
        macro=_average("macro avg", macro, sum(words)),
        weighted=_average("weighted avg", weighted, sum(words)),
    )


def format_report(report: LabelReport) -> str:
    """Lay out the report as NeMo does, to the byte: a line break before and after, titles wider than their numbers."""
    titles = (title.ljust(TITLE_WIDTH) for title in ("precision", "recall", "f1", "support"))
    lines = ["", GAP.join(["label".ljust(NAME_WIDTH), *titles])]
    lines += [_format_row(row) for row in report.labels]
    lines.append(RULE_UNDER_LABELS)
    lines += [_format_row(row) for row in (report.micro, report.macro, report.weighted)]
    return "\n".join([*lines, ""])


def describe_unknown_labels(counts: LabelCounts) -> str | None:
    """Describe how many words have a gold label that the model doesn't know; None if it knows them all."""
    if not counts.unknown:
        return None
    words = sum(counts.unknown.values())
    labels = ", ".join(f"{label} ({number:,})" for label, number in sorted(counts.unknown.items()))
    return (
        f"{words:,} words have a label that the model does not know: {labels}. Each counts as a false positive of the "
        "label that was predicted for it, and towards no row's support."
    )


def format_test_results(results: Mapping[str, float]) -> str:
    """Lay out the results of a test as NeMo prints them, but with plain numbers, so that the dict can be parsed.

    Args:
        results: `f1`, `precision`, `recall` (macro, in percent) and `test_loss`.
    """
    pairs = ",\n     ".join(f"{name!r}: {value:.4f}" for name, value in sorted(results.items()))
    return f"{RULE_OVER_RESULTS}\nDATALOADER:0 TEST RESULTS\n    {{{pairs}}}"


def _score(
    right: torch.Tensor, false: torch.Tensor, missed: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Compute precision, recall and F1 in percent, from counts of any shape."""
    precision = right * 100 / (right + false + EPSILON)
    recall = right * 100 / (right + missed + EPSILON)
    return precision, recall, 2 * precision * recall / (precision + recall + EPSILON)


def _average(name: str, scores: Sequence[torch.Tensor], words: int) -> ReportRow:
    precision, recall, f1 = map(float, scores)
    return ReportRow(name, precision, recall, f1, words)


def _format_row(row: ReportRow) -> str:
    numbers = [f"{value:8.2f}" for value in (row.precision, row.recall, row.f1)]
    return GAP.join([row.name.ljust(NAME_WIDTH), *numbers, f"{row.support:8d}"])
