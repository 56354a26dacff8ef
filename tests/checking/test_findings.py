"""Kinds, their severities and what the exit code makes of them."""

from pathlib import Path

import pytest
from conftest import ROOT

from token_classification.checking.findings import choose_exit_code, group_problems
from token_classification.data.problems import Kind, Problem, Severity

A, B = Path("a"), Path("b")


def test_worst_kinds_come_first_and_places_in_the_order_of_the_files():
    rows = [Problem("ragged_row", path, line, "") for path, line in [(A, 9), (B, 3), (A, 2)]]
    findings = group_problems([Problem("drift", A, 1, ""), *rows], [B, A])
    assert [finding.kind for finding in findings] == ["ragged_row", "drift"]
    assert [(problem.path, problem.line) for problem in findings[0].problems] == [(B, 3), (A, 2), (A, 9)]


@pytest.mark.parametrize(
    ("kinds", "code"), [("", 0), ("no_tags", 0), ("drift no_tags", 1), ("drift no_tags odd_tag", 2)]
)
def test_exit_codes(kinds, code):
    assert choose_exit_code(group_problems([Problem(kind, A, 1, "") for kind in kinds.split()], [A])) == code


def test_no_kind_is_lost():
    findings = group_problems([Problem(kind, A, 1, "") for kind in reversed(Kind)], [A])
    assert [finding.kind for finding in findings] == list(Kind)
    with pytest.raises(ValueError, match="no_such_kind"):
        Problem("no_such_kind", A, 1, "")


def test_kinds_stand_in_the_order_of_their_severity():
    severities = [kind.severity for kind in Kind]
    assert severities == sorted(severities, key=list(Severity).index)


def test_the_page_explains_every_kind():
    page = (ROOT / "docs" / "check.md").read_text(encoding="utf-8")
    for kind in Kind:
        assert f"| {kind.severity} | `{kind}` | " in page
