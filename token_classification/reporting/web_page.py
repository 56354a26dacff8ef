"""Web pages that need nothing but themselves: style, script and data stand in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

from token_classification.output_text import dump_json

SHARED = resources.files("token_classification.reporting") / "page"
"""The folder of `look.css`, the look of every page, and of `elements.js`, what every script draws with"""


@dataclass(frozen=True)
class WebPage:
    """A page, and what stands in its elements for style and script."""

    text: str
    style: str
    script: str


def build_web_page(folder: Traversable, name: str, data: Mapping[str, object]) -> WebPage:
    """Build a page: frame, style and script of that name from a folder, and the data as JSON that the script reads.

    No data are ever part of the markup. The script writes them as text, so a word such as `<img>` stays a word.
    """
    style = _join(SHARED / "look.css", folder / f"{name}.css")
    script = _join(SHARED / "elements.js", folder / f"{name}.js")
    text = (folder / f"{name}.html").read_text(encoding="utf-8")
    for key, part in {"style": style, "script": script, "data": dump_for_script(data)}.items():
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
