"""Tables that a person can read at the end of a run."""

from collections.abc import Mapping

from token_classification.output_text import make_printable


def format_scores(split: str, metrics: Mapping[str, float], types: Mapping[str, Mapping[str, float]]) -> str:
    """Overall and per-type scores in percent.

    Args:
        split: Title of the table.
        metrics: Result names without prefix (`f1`, `strict_f1` ...), as fractions.
        types: Entity type -> precision, recall, f1, number.
    """
    types = {make_printable(name): row for name, row in types.items()}
    width = max([len("entities (strict)"), *map(len, types)]) + 2
    lines = [f"{split}: {metrics['samples']:,} sentences, {metrics['words']:,} words"]
    lines.append(f"{'':{width}}{'precision':>10}{'recall':>10}{'F1':>10}{'number':>10}")
    for name, row in types.items():
        lines.append(_format_row(name, row["precision"], row["recall"], row["f1"], width) + f"{row['number']:>10,}")
    number = sum(row["number"] for row in types.values())
    lines.append(
        _format_row("all (micro)", metrics["precision"], metrics["recall"], metrics["f1"], width) + f"{number:>10,}"
    )
    lines.append(f"{'all (macro)':{width}}{'':>20}{100 * metrics['macro_f1']:>10.2f}")
    if "strict_f1" in metrics:
        strict = (metrics["strict_precision"], metrics["strict_recall"], metrics["strict_f1"])
        lines.append(_format_row("all (strict)", *strict, width))
    lines.append(f"{'word accuracy':{width}}{'':>20}{100 * metrics['accuracy']:>10.2f}")
    return "\n".join(lines)


def _format_row(name: str, precision: float, recall: float, f1: float, width: int) -> str:
    return f"{name:{width}}{100 * precision:>10.2f}{100 * recall:>10.2f}{100 * f1:>10.2f}"
