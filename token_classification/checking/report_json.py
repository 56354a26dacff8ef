"""The findings as JSON, for programs."""

from dataclasses import asdict

from token_classification.checking.doctor import Examination
from token_classification.checking.findings import Finding
from token_classification.errors import LISTED_PROBLEMS
from token_classification.output_text import dump_json


def format_json(examination: Examination) -> str:
    """Return `exit_code`, `scheme`, `splits` (the statistics) and `findings`, each with its first ten places."""
    content = {
        "exit_code": examination.exit_code,
        "scheme": str(examination.scheme),
        "splits": [asdict(row) for row in examination.statistics],
        "findings": [_describe(finding) for finding in examination.findings],
    }
    return dump_json(content)


def _describe(finding: Finding) -> dict[str, object]:
    examples = [
        {"file": str(problem.path), "line": problem.line, "text": problem.text}
        for problem in finding.problems[:LISTED_PROBLEMS]
    ]
    return {
        "kind": finding.kind,
        "severity": str(finding.kind.severity),
        "title": finding.kind.heading,
        "count": len(finding.problems),
        "examples": examples,
    }
