"""Web pages that need nothing but themselves: style, script and data stand in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

from token_classification.output_text import dump_json

SHARED = resources.files("token_classification.reporting") / "page"
"""The folder of `frame.html`, `look.css` and `elements.js`: what all pages are built into, look like and draw with"""
FILE_GUARD = (
    """<meta http-equiv="Content-Security-Policy" content="default-src 'none'; """
    """style-src 'unsafe-inline'; script-src 'unsafe-inline'">"""
)
"""Forbids a page that is opened as a file every outside resource"""
SERVED_GUARD = '<link rel="icon" href="data:,">'
"""A page that is served has its policy in headers; without an icon of its own, browsers ask for /favicon.ico"""


@dataclass(frozen=True)
class WebPage:
    """A page, and what stands in its elements for style and script."""

    text: str
    style: str
    script: str


def build_web_page(
    folder: Traversable, name: str, title: str, data: Mapping[str, object], guard: str = FILE_GUARD
) -> WebPage:
    """Build a page: the frame of all pages with body, style and script of a name, and data as JSON for the script.

    No data are ever part of the markup. The script writes them as text, so a word such as `<img>` stays a word.

    Args:
        folder: Where `name.html`, `name.css` and `name.js` are.
        name: The name of the page's files.
        title: Its title.
        data: What its script shows.
        guard: What in its head keeps it from asking for anything else.
    """
    style = _join(SHARED / "look.css", folder / f"{name}.css")
    script = _join(SHARED / "elements.js", folder / f"{name}.js")
    body = (folder / f"{name}.html").read_text(encoding="utf-8").rstrip("\n")
    parts = {
        "guard": guard,
        "title": title,
        "style": style,
        "body": body,
        "script": script,
        "data": dump_for_script(data),
    }
    text = (SHARED / "frame.html").read_text(encoding="utf-8")
    for key, part in parts.items():
        before, _, after = text.partition(f"{{{{{key}}}}}")
        text = before + part + after
    return WebPage(text, style, script)


def dump_for_script(content: Mapping[str, object]) -> str:
    r"""Return JSON that is safe inside a script element: without `<`, so that nothing opens or closes an element.

    >>> print(dump_for_script({"words": ["</script>"]}))
    {"words":["\u003c/script>"]}
    """
    return dump_json(content, indent=None).replace("<", "\\u003c")


def _join(*files: Traversable) -> str:
    return "\n" + "".join(file.read_text(encoding="utf-8") for file in files)
