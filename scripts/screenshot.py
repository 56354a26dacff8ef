#!/usr/bin/env python
"""Photograph a report and the page of a server for the README, as PNG files.

python scripts/screenshot.py runs/sample/report/report.html runs/sample docs/images
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

VIEW = {"width": 1120, "height": 860}
PICTURES = {"report.png": "sentences", "report_scores.png": "head"}
"""File -> id of the part of the report at its top"""
SERVED = "serve.png"
TEXT = (
    "Charlotte Haas, 29, left Radianz Laboratory in Dublin on Monday to lead the University of Kinshasa. Shares in "
    "de Boer Brothers, which makes the Osprey 200, lost 8.5 percent after the Dutch group warned that sales in Jordan "
    'and Egypt were slower than it had hoped.\n\nIvan Rossi, whose new album "A Thief in Turin" was recorded in '
    "Monterrey, played at the Boston Classic."
)
THRESHOLD = "0.8"


def main(report: Path, model: Path, folder: Path) -> None:
    """Open the pages in the Chromium of the system and take the pictures."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--headless", "--no-sandbox"])
        page = browser.new_page(viewport=VIEW)
        page.goto(report.resolve().as_uri())
        for name, part in PICTURES.items():
            page.evaluate("id => document.getElementById(id).scrollIntoView()", part)
            save(page, folder / name)
        with serving(model) as address:
            page.goto(address)
            page.get_by_label("Text", exact=True).fill(TEXT)
            page.keyboard.press("Control+Enter")
            page.get_by_label("Lowest score").fill(THRESHOLD)
            page.get_by_text(re.compile(rf"{THRESHOLD}\d*: .+ entities")).wait_for()
            save(page, folder / SERVED)
        browser.close()


def save(page: Page, file: Path) -> None:
    """Write what is in view, and name the file."""
    page.screenshot(path=file)
    print(file)


@contextmanager
def serving(model: Path) -> Iterator[str]:
    """Serve a model at any free port, and give its address."""
    command = [sys.executable, "-m", "token_classification", "serve", "-m", str(model), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as server:
        found = next(filter(None, (re.search(r"http://\S+", line) for line in server.stderr)))
        try:
            yield found[0]
        finally:
            server.terminate()
            server.communicate()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
