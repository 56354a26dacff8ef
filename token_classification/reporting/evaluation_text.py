"""`report.txt`: an evaluation as tables for the terminal."""

from collections.abc import Mapping, Sequence

from token_classification.data.schemes import Scheme
from token_classification.output_text import make_printable
from token_classification.reporting.evaluation import Evaluation
from token_classification.scoring.error_classes import ERRORS, ErrorClass
from token_classification.scoring.intervals import CONFIDENCE, REPLICATES, GroupScore, Score

NUMBERS = ("precision", "recall", "F1", f"{CONFIDENCE:.0%} interval", "gold", "predicted")
WIDTHS = (11, 9, 9, 17, 9, 11)


def format_evaluation(evaluation: Evaluation) -> str:
    """All tables below each other; scores in percent."""
    split = evaluation.split
    words = sum(map(len, split.sentences.tokens))
    head = (
        f"{split.name}: {make_printable(split.source)}\n"
        f"{len(split.sentences):,} sentences, {words:,} words, {evaluation.micro.gold:,} entities in gold, "
        f"{evaluation.micro.predicted:,} predicted, scheme {split.scheme}"
    )
    if split.scheme == Scheme.PLAIN:
        head = head.replace("entities in gold", "tags in gold")
    parts = [
        head,
        _format_scores(evaluation),
        _format_errors(evaluation),
        _format_confusions(evaluation),
        *(format_group_table(part.name, part.groups) for part in evaluation.slices),
        _format_tags(evaluation),
        f"Intervals: {REPLICATES:,} resamplings of the sentences (percentile bootstrap).",
    ]
    return "\n\n".join(parts) + "\n"


def format_group_table(title: str, groups: Mapping[str, GroupScore]) -> str:
    """A row of scores for each group."""
    groups = {make_printable(name): score for name, score in groups.items()}
    width = max(map(len, [title, *groups])) + 2
    lines = [title.ljust(width) + "".join(name.rjust(size) for name, size in zip(NUMBERS, WIDTHS, strict=True))]
    lines += [name.ljust(width) + _format_row(score) for name, score in groups.items()]
    return "\n".join(lines)


def format_interval(score: Score) -> str:
    """The interval of a score, in percent.

    >>> format_interval(Score(0.5, 0.452, 0.55))
    '45.20 - 55.00'
    """
    return f"{100 * score.low:.2f} - {100 * score.high:.2f}"


def _format_row(score: GroupScore) -> str:
    cells = [f"{100 * part.value:.2f}" for part in (score.precision, score.recall, score.f1)]
    cells += [format_interval(score.f1), f"{score.gold:,}", f"{score.predicted:,}"]
    return "".join(cell.rjust(size) for cell, size in zip(cells, WIDTHS, strict=True))


def _format_scores(evaluation: Evaluation) -> str:
    rows = {**evaluation.types, "all (micro)": evaluation.micro}
    if evaluation.strict is not None:
        rows["all (strict)"] = evaluation.strict
    table = format_group_table("scores", rows)
    width = len(table.partition("precision")[0]) + len("precision") - WIDTHS[0]
    single = {"all (macro)": evaluation.macro, "word accuracy": evaluation.accuracy}
    lines = [
        name.ljust(width) + f"{100 * score.value:.2f}".rjust(sum(WIDTHS[:3])) + format_interval(score).rjust(WIDTHS[3])
        for name, score in single.items()
    ]
    return "\n".join([table, *lines])


def _format_errors(evaluation: Evaluation) -> str:
    """Entities of each class; those that there can't be with plain tags are left out."""
    classes = [error for error in ErrorClass if error in (ErrorClass.CORRECT, ErrorClass.TYPE)]
    if evaluation.split.scheme != Scheme.PLAIN:
        classes = list(ErrorClass)
    rows = [[name, *(f"{row[error]:,}" for error in classes)] for name, row in evaluation.errors.items()]
    rows.append(["all", *(f"{evaluation.error_totals[error]:,}" for error in classes)])
    return "\n".join(_align([["errors", *classes], *rows]))


def _format_confusions(evaluation: Evaluation) -> str:
    if not evaluation.confusions:
        return f"No errors: none of the classes {', '.join(ERRORS)} occurs."
    rows = [
        [confusion.error, confusion.gold or "-", confusion.predicted or "-", f"{confusion.count:,}"]
        for confusion in evaluation.confusions
    ]
    lines = _align([["most frequent", "gold", "predicted", "number"], *rows], left=3)
    texts = [make_printable(" | ".join(confusion.examples)) for confusion in evaluation.confusions]
    examples = ["examples", *texts]
    return "\n".join(f"{line}   {example}" for line, example in zip(lines, examples, strict=True))


def _format_tags(evaluation: Evaluation) -> str:
    rows = [
        [tag, *(f"{100 * row[name]:.2f}" for name in ("precision", "recall", "f1")), f"{row['number']:,}"]
        for tag, row in evaluation.tags.items()
    ]
    return "\n".join(_align([["words by tag", "precision", "recall", "F1", "gold"], *rows]))


def _align(rows: Sequence[Sequence[str]], left: int = 1) -> list[str]:
    """A line for each row: columns as wide as their widest cell, the first `left` of them flush left."""
    rows = [[*map(make_printable, row)] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place < left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
