"""The Chromium of the system, in which tests look at pages: a plugin with the fixtures for it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here (on Debian: apt-get install chromium)")


@contextmanager
def open_chromium(profile: Path) -> Iterator:
    """Give Chromium with a profile of its own; the test is skipped where playwright is absent."""
    playwright = pytest.importorskip("playwright.sync_api", reason="the browser is driven by playwright")
    with playwright.sync_playwright() as driver:
        context = driver.chromium.launch_persistent_context(
            str(profile), executable_path=CHROMIUM, args=ARGUMENTS, viewport={"width": 1240, "height": 900}
        )
        yield context
        context.close()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """Chromium with a profile of its own, in which pages may use the clipboard."""
    with open_chromium(tmp_path_factory.mktemp("profile")) as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        yield context


@pytest.fixture
def open_page(browser) -> Iterator:
    """Give a function that opens a page on disk, which must complain of nothing and ask for nothing but itself."""
    complaints, requests, opened = [], [], set()
    page = browser.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.on("dialog", lambda dialog: dialog.accept())

    def open_file(path: Path):
        opened.add(path.as_uri())
        page.goto(path.as_uri())
        return page

    yield open_file
    page.close()
    assert complaints == []
    # What a page has made itself and gives to be saved is a blob.
    assert {url for url in requests if not url.startswith("blob:")} == opened
