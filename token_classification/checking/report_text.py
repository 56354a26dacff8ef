"""The findings as text for a terminal."""

from collections.abc import Sequence

from token_classification.checking.doctor import Examination
from token_classification.checking.findings import Finding
from token_classification.checking.statistics import SplitStatistics
from token_classification.data.problems import Severity
from token_classification.errors import LISTED_PROBLEMS, list_problems
from token_classification.output_text import make_printable, make_printable_lines
from token_classification.text_tables import format_table

LISTED_LABELS = 12


def format_text(examination: Examination) -> str:
    """Return the statistics, then each finding with its first ten places, then the verdict."""
    parts = [format_statistics(examination.statistics), f"Tag scheme: {examination.scheme}", ""]
    for finding in examination.findings:
        parts += [format_finding(finding), ""]
    return make_printable_lines("\n".join([*parts, summarise(examination)]))


def format_finding(finding: Finding) -> str:
    """Return a line with severity, number and title, and the first ten places."""
    places = list_problems([str(problem) for problem in finding.problems[: LISTED_PROBLEMS + 1]])
    lines = places.split("\n")[:LISTED_PROBLEMS]
    if len(finding.problems) > LISTED_PROBLEMS:
        lines.append(f"... and {len(finding.problems) - LISTED_PROBLEMS:,} more of this kind")
    return "\n".join([format_head(finding), *(f"  {line}" for line in lines)])


def format_head(finding: Finding) -> str:
    """Return severity, heading and number of a finding."""
    return f"{finding.kind.severity}: {finding.kind.heading} ({finding.kind}): {len(finding.problems):,}"


def summarise(examination: Examination) -> str:
    """Return the verdict in one line."""
    counts = {
        severity: sum(len(finding.problems) for finding in examination.findings if finding.kind.severity == severity)
        for severity in Severity
    }
    return ", ".join(f"{count:,} {name}{'' if count == 1 else 's'}" for name, count in counts.items())


def format_statistics(statistics: Sequence[SplitStatistics]) -> str:
    """Return the figures as a table."""
    return format_table([[title, *cells] for title, cells in list_figures(statistics)])


def list_figures(statistics: Sequence[SplitStatistics]) -> list[tuple[str, list[str]]]:
    """Return title and one cell per split of each row of the table."""
    rows = [
        ("", [make_printable(row.split) for row in statistics]),
        ("sentences", [f"{row.sentences:,}" for row in statistics]),
        ("words", [f"{row.words:,}" for row in statistics]),
        ("words per sentence", [f"{row.mean_length:.1f}" for row in statistics]),
        ("  median, 95 %", [f"{row.median_length:g}, {row.long_length:g}" for row in statistics]),
        ("  longest", [f"{row.longest:,}" for row in statistics]),
        ("tagged words", [format_share(row.tagged_share) for row in statistics]),
        ("words not in train", [format_share(row.new_words_share) for row in statistics]),
        ("mentions not in train", [format_share(row.new_mentions_share) for row in statistics]),
        ("label drift from train", ["-" if row.drift is None else f"{row.drift:.3f}" for row in statistics]),
    ]
    names = list(dict.fromkeys(name for row in statistics for name in row.labels))
    rows += [
        (f"  {make_printable(name)}", [format_label(row, name) for row in statistics])
        for name in names[:LISTED_LABELS]
    ]
    if len(names) > LISTED_LABELS:
        rows.append((f"  and {len(names) - LISTED_LABELS} labels more", [""] * len(statistics)))
    return rows


def format_share(share: float | None) -> str:
    """Return a fraction in percent; a dash for None."""
    return "-" if share is None else f"{share:.1%}"


def format_label(row: SplitStatistics, name: str) -> str:
    """Return how often a split has a label, and its share of all."""
    count = row.labels.get(name, 0)
    return f"{count:,} ({count / max(sum(row.labels.values()), 1):.1%})"
