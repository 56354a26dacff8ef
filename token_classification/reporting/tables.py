"""The table of scores that a run prints at its end."""

from collections.abc import Mapping, Sequence

from token_classification.scoring.metrics import SHARES, STRICT
from token_classification.text_tables import format_table


def format_scores(split: str, metrics: Mapping[str, float], types: Mapping[str, Mapping[str, float]]) -> str:
    """Format overall and per-type scores, in percent.

    Args:
        split: Title of the table.
        metrics: Result names without prefix (`f1`, `strict_f1` ...), as fractions.
        types: Entity type -> precision, recall, f1, number.
    """
    number = sum(row["number"] for row in types.values())
    rows = [["", "precision", "recall", "F1", "gold"]]
    rows += [[name, *_list_percents(row, SHARES), f"{row['number']:,}"] for name, row in types.items()]
    rows.append(["all (micro)", *_list_percents(metrics, SHARES), f"{number:,}"])
    rows.append(["all (macro)", "", "", *_list_percents(metrics, ["macro_f1"]), ""])
    if "strict_f1" in metrics:
        rows.append(["all (strict)", *_list_percents(metrics, STRICT), ""])
    rows.append(["word accuracy", "", "", *_list_percents(metrics, ["accuracy"]), ""])
    return f"{split}: {metrics['samples']:,} sentences, {metrics['words']:,} words\n{format_table(rows)}"


def _list_percents(scores: Mapping[str, float], names: Sequence[str]) -> list[str]:
    return [f"{100 * scores[name]:.2f}" for name in names]
