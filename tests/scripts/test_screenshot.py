"""The pictures of the README: taken of any report and model, and in the README's folder."""

import re
import shutil
from pathlib import Path

import pytest
from conftest import ROOT
from tagged_splits import make_split

from token_classification.reporting.evaluation import analyse_split
from token_classification.reporting.evaluation_report import write_evaluation_report

LARGEST = 300_000
"""Bytes of a picture that everybody who clones the project loads."""


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="no Chromium here (on Debian: apt-get install chromium)")
def test_pictures_are_taken(tmp_path, tagger_folder, monkeypatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "scripts")
    import screenshot

    write_evaluation_report(tmp_path / "report", analyse_split(make_split()))
    screenshot.main(tmp_path / "report" / "report.html", tagger_folder, tmp_path)
    names = [*screenshot.PICTURES, screenshot.SERVED]
    assert all((tmp_path / name).read_bytes().startswith(b"\x89PNG") for name in names)


@pytest.mark.parametrize("page", ["README.md", "docs/report.md"])
def test_every_picture_of_a_page_is_there_and_small(page: str) -> None:
    names = re.findall(r"!\[.+?\]\((.+?)\)", (ROOT / page).read_text(encoding="utf-8"))
    pictures = [Path(ROOT / page).parent / name for name in names]
    assert pictures
    assert all(0 < picture.stat().st_size < LARGEST for picture in pictures)
