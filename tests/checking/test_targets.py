"""Reports and copies take the place of nothing but what a check wrote."""

from pathlib import Path

import pytest

from token_classification.checking.files import number_files, read_files
from token_classification.checking.targets import CheckOptions, list_targets, reserve_targets
from token_classification.errors import UserError


@pytest.fixture
def source(tmp_path) -> Path:
    (tmp_path / "a.conll").write_text("a\tB-X\n")
    return tmp_path / "a.conll"


def reserve(source: Path, **options: Path) -> None:
    reserve_targets(number_files(read_files([source])), CheckOptions(**options), [source])


def test_a_copy_has_a_diff_and_an_unreadable_file_neither(source):
    (source.parent / "b.conll").write_bytes(b"\xff")
    data = number_files(read_files([source, source.parent / "b.conll"]))
    targets = list_targets(data, CheckOptions(repair_folder=Path("out")))
    assert [path.name for path in targets.values()] == ["a.conll", "a.conll.diff"]


@pytest.mark.parametrize("flag", ["json_file", "html_file"])
def test_a_report_replaces_reports_only(source, flag):
    report, other = source.parent / "report", source.parent / "mine"
    reserve(source, **{flag: report})
    report.write_text("written")
    reserve(source, **{flag: report})
    other.write_text("mine")
    with pytest.raises(UserError, match="not written by this tool"):
        reserve(source, **{flag: other})
    with pytest.raises(UserError, match="is read as data"):
        reserve(source, **{flag: source})
    with pytest.raises(UserError, match="Is a directory"):
        reserve(source, **{flag: source.parent})


def test_copies_into_the_folder_of_the_file_are_refused(source):
    with pytest.raises(UserError, match="is read as data"):
        reserve(source, repair_folder=source.parent)
