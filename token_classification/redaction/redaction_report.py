"""What a run has replaced, and, where gold labels came with the texts, what it has missed."""

from collections.abc import Mapping
from typing import Any

from token_classification.inference.progress import Progress
from token_classification.redaction.leaks import find_interval
from token_classification.scoring.intervals import CONFIDENCE
from token_classification.text_tables import format_table

REPORT_NAME = "redacted.report.json"


def summarise_run(progress: Progress, settings: Mapping[str, object]) -> dict[str, object]:
    """Return the figures of a run.

    Args:
        progress: What it has counted.
        settings: How it replaced names.
    """
    tallies = progress.tallies
    replaced = _pick(tallies, "replaced.")
    gold, leaked = _pick(tallies, "gold."), _pick(tallies, "leaked.")
    report: dict[str, object] = {
        **settings,
        "documents": progress.records - progress.bad_records,
        "documents_with_replacements": tallies.get("redacted_documents", 0),
        "documents_not_written": progress.bad_records,
        "documents_with_fields_left_out": tallies.get("records_with_fields_left_out", 0),
        "replaced": replaced,
    }
    if gold:
        totals = {label: (leaked.get(label, 0), count) for label, count in gold.items()}
        totals["all"] = (sum(leaked.values()), sum(gold.values()))
        report["leaks"] = {
            label: {
                "gold": count,
                "leaked": missed,
                "rate": missed / count,
                "interval": list(find_interval(missed, count)),
            }
            for label, (missed, count) in totals.items()
        }
        report["interval"] = f"Clopper-Pearson, {CONFIDENCE:.0%}"
    return report


def format_report(report: Mapping[str, object]) -> str:
    """Return the figures as tables for the terminal."""
    replaced: Mapping[str, int] = report["replaced"]  # type: ignore[assignment]
    rows = [["label", "replaced"], *([label, f"{count:,}"] for label, count in replaced.items())]
    tables = [format_table([*rows, ["all", f"{sum(replaced.values()):,}"]])]
    leaks: Mapping[str, Any] | None = report.get("leaks")  # type: ignore[assignment]
    if leaks:
        head = ["label", "gold", "leaked", "rate %", "at least", "at most"]
        tables.append(format_table([head, *(_format_leak(label, leak) for label, leak in leaks.items())]))
    return "\n\n".join(tables)


def _format_leak(label: str, leak: Mapping[str, Any]) -> list[str]:
    shares = (leak["rate"], *leak["interval"])
    return [label, f"{leak['gold']:,}", f"{leak['leaked']:,}", *(f"{100 * share:.2f}" for share in shares)]


def _pick(tallies: Mapping[str, int], prefix: str) -> dict[str, int]:
    return {name.removeprefix(prefix): tallies[name] for name in sorted(tallies) if name.startswith(prefix)}
