"""`report.txt`: an evaluation as tables for the terminal."""

from collections.abc import Mapping

from token_classification.data.schemes import Scheme
from token_classification.output_text import make_printable
from token_classification.reporting.evaluation import Evaluation
from token_classification.scoring.error_classes import ERRORS, ErrorClass
from token_classification.scoring.intervals import CONFIDENCE, REPLICATES, GroupScore, Score
from token_classification.scoring.significance import Difference
from token_classification.text_tables import format_table

NUMBERS = ("precision", "recall", "F1", f"{CONFIDENCE:.0%} interval", "gold", "predicted")


def format_evaluation(evaluation: Evaluation) -> str:
    """Format all tables, one below another, scores in percent."""
    split = evaluation.split
    words = sum(map(len, split.sentences.tokens))
    head = (
        f"{split.name}: {make_printable(split.source)}\n"
        f"{len(split.sentences):,} sentences, {words:,} words, {evaluation.micro.gold:,} entities in gold, "
        f"{evaluation.micro.predicted:,} predicted, scheme {split.scheme.upper()}"
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
        f"Scores are percentages. Intervals: percentile bootstrap, {REPLICATES:,} resamplings of the sentences.",
    ]
    return "\n\n".join(parts) + "\n"


def format_group_table(title: str, groups: Mapping[str, GroupScore], single: Mapping[str, Score] | None = None) -> str:
    """Format a row of scores per group, then a row per score that is F1 alone."""
    rows = [[title, *NUMBERS], *([name, *_list_cells(score)] for name, score in groups.items())]
    rows += [
        [name, "", "", f"{100 * score.value:.2f}", format_interval(score), "", ""]
        for name, score in (single or {}).items()
    ]
    return format_table(rows)


def format_interval(score: Score) -> str:
    """Format the interval of a score, in percent.

    >>> format_interval(Score(0.5, 0.452, 0.55))
    '45.20 - 55.00'
    """
    return f"{100 * score.low:.2f} - {100 * score.high:.2f}"


def list_difference_cells(row: Difference) -> list[str]:
    """Return both scores, their difference with its interval, and the number of gold entities as cells of a table."""
    interval = f"{100 * row.low:+.2f} .. {100 * row.high:+.2f}"
    return [f"{100 * row.a:.2f}", f"{100 * row.b:.2f}", f"{100 * row.value:+.2f}", interval, f"{row.gold:,}"]


def _list_cells(score: GroupScore) -> list[str]:
    shares = [f"{100 * part.value:.2f}" for part in (score.precision, score.recall, score.f1)]
    return [*shares, format_interval(score.f1), f"{score.gold:,}", f"{score.predicted:,}"]


def _format_scores(evaluation: Evaluation) -> str:
    rows = {**evaluation.types, "all (micro)": evaluation.micro}
    if evaluation.strict is not None:
        rows["all (strict)"] = evaluation.strict
    single = {"all (macro)": evaluation.macro, "word accuracy": evaluation.accuracy}
    return format_group_table("type", rows, single)


def _format_errors(evaluation: Evaluation) -> str:
    """Format the number of entities in each class, without those that plain tags can't have."""
    classes = [error for error in ErrorClass if error in (ErrorClass.CORRECT, ErrorClass.TYPE)]
    if evaluation.split.scheme != Scheme.PLAIN:
        classes = list(ErrorClass)
    rows = [[name, *(f"{row[error]:,}" for error in classes)] for name, row in evaluation.errors.items()]
    rows.append(["all", *(f"{evaluation.error_totals[error]:,}" for error in classes)])
    return format_table([["errors by type", *classes], *rows])


def _format_confusions(evaluation: Evaluation) -> str:
    if not evaluation.confusions:
        return f"No errors: none of the classes {', '.join(ERRORS)} occurs."
    rows = [
        [row.error, row.gold or "-", row.predicted or "-", f"{row.count:,}", " | ".join(row.examples)]
        for row in evaluation.confusions
    ]
    return format_table(
        [["most frequent errors", "gold", "predicted", "count", "first examples"], *rows], left=(0, 1, 2, 4)
    )


def _format_tags(evaluation: Evaluation) -> str:
    rows = [
        [tag, *(f"{100 * row[name]:.2f}" for name in ("precision", "recall", "f1")), f"{row['number']:,}"]
        for tag, row in evaluation.tags.items()
    ]
    return format_table([["words by tag", "precision", "recall", "F1", "gold"], *rows])
