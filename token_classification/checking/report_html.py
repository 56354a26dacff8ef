"""The findings as one HTML page that needs nothing else: it opens from the disk, without a network."""

from collections.abc import Sequence
from html import escape

from token_classification.checking.doctor import Examination
from token_classification.checking.findings import Finding
from token_classification.checking.report_text import list_figures, summarise
from token_classification.checking.statistics import SplitStatistics
from token_classification.errors import LISTED_PROBLEMS
from token_classification.output_text import make_printable

STYLE = """
:root { color-scheme: light dark; --line: #8884; --error: #c62828; --warning: #b26a00; --note: #1565c0 }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse }
th, td { border-bottom: 1px solid var(--line); padding: .2rem .8rem; text-align: right }
th:first-child { text-align: left; font-weight: normal; white-space: pre }
details { border: 1px solid var(--line); border-left-width: .4rem; margin: .6rem 0; padding: .4rem .8rem }
details.error { border-left-color: var(--error) }
details.warning { border-left-color: var(--warning) }
details.note { border-left-color: var(--note) }
summary { cursor: pointer; font-weight: 600 }
summary small { font-weight: normal }
li { margin: .3rem 0; overflow-wrap: anywhere }
code { font-weight: 600 }
"""


def format_html(examination: Examination) -> str:
    """Return a page with the verdict, the findings (errors and warnings open, notes closed) and the statistics."""
    findings = "\n".join(map(_format_finding, examination.findings)) or "<p>Nothing was found.</p>"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Data check</title>
<style>{STYLE}</style>
</head>
<body>
<h1>Data check</h1>
<p>{_show(summarise(examination))}. Tag scheme: {examination.scheme}.</p>
{findings}
<h2>Splits</h2>
{_format_table(examination.statistics)}
</body>
</html>
"""


def _format_finding(finding: Finding) -> str:
    places = "\n".join(
        f"<li><code>{_show(f'{problem.path}:{problem.line}')}</code> {_show(problem.text)}</li>"
        for problem in finding.problems[:LISTED_PROBLEMS]
    )
    more = len(finding.problems) - LISTED_PROBLEMS
    rest = f"<p>... and {more:,} more of this kind</p>" if more > 0 else ""
    is_open = "" if finding.kind.severity == "note" else " open"
    return (
        f'<details class="{finding.kind.severity}"{is_open}><summary>{len(finding.problems):,} {finding.kind.heading} '
        f"<small>{finding.kind.severity}, {finding.kind}</small></summary>\n<ul>\n{places}\n</ul>{rest}</details>"
    )


def _format_table(statistics: Sequence[SplitStatistics]) -> str:
    rows = "\n".join(
        f"<tr><th>{_show(title)}</th>{''.join(f'<td>{_show(cell)}</td>' for cell in cells)}</tr>"
        for title, cells in list_figures(statistics)
    )
    return f"<table>\n{rows}\n</table>"


def _show(text: str) -> str:
    return escape(make_printable(text))
