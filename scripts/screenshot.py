#!/usr/bin/env python
"""Photograph a report for the README: its sentences and its top, as two PNG files.

python scripts/screenshot.py runs/sample/report/report.html docs/images
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

VIEW = {"width": 1120, "height": 860}
PICTURES = {"report.png": "sentences", "report_scores.png": "head"}
"""File -> id of the part at its top"""


def main(report: Path, folder: Path) -> None:
    """Open the page in the Chromium of the system and take the pictures."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--headless", "--no-sandbox"])
        page = browser.new_page(viewport=VIEW)
        page.goto(report.resolve().as_uri())
        for name, part in PICTURES.items():
            page.evaluate("id => document.getElementById(id).scrollIntoView()", part)
            page.screenshot(path=folder / name)
            print(folder / name)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
