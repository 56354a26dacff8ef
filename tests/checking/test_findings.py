"""Kinds, their severities and what the exit code makes of them."""

from pathlib import Path

import pytest
from conftest import ROOT

from token_classification.checking.findings import KINDS, Severity, choose_exit_code, group_problems
from token_classification.checking.repair import LEFT_OUT_KINDS
from token_classification.data.problems import Problem

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


def test_kinds_stand_in_the_order_of_their_severity():
    severities = [severity for severity, _ in KINDS.values()]
    assert severities == sorted(severities, key=list(Severity).index)
    assert set(KINDS) >= LEFT_OUT_KINDS


def test_the_page_explains_every_kind():
    page = (ROOT / "docs" / "check.md").read_text(encoding="utf-8")
    for kind, (severity, _) in KINDS.items():
        assert f"| {severity} | `{kind}` | " in page
