"""Make the site of `docs/` whole: pages that lie elsewhere in the project, their links, and nothing from other hosts.

MkDocs calls these functions by their names (`hooks` in mkdocs.yml).
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]

PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "LICENSE": "license.md",
    "benchmarks/README.md": "benchmarks.md",
    "benchmarks/train_speed.png": "images/train_speed.png",
    "examples/README.md": "examples.md",
    "examples/fine_tune.ipynb": "examples/fine_tune.ipynb",
}
"""File of the project outside docs/ -> file of the site"""

LINK = re.compile(r"(?<=\]\()([^)\s#:]+)(?=[)#])")
LOADED = re.compile(r"<(?:script|img|iframe|source)\b[^>]*\bsrc=.?(?:https?:)?//|<link\b[^>]*\bhref=.?(?:https?:)?//")
"""What a browser fetches by itself; a link that a reader may click is none"""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie outside of docs/."""
    for source, page in PAGES.items():
        content = (ROOT / source).read_bytes()
        if source == "LICENSE":
            content = b"# License\n\n```text\n" + content + b"```\n"
        files.append(File.generated(config, page, content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Point the links of a page, which hold in the project's folders, at the pages of the site."""
    sources = {page: source for source, page in PAGES.items()}
    folder = posixpath.dirname(sources.get(page.file.src_uri, f"docs/{page.file.src_uri}"))

    def point(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, link[0]))
        return PAGES.get(target, target.removeprefix("docs/"))

    return LINK.sub(point, markdown)


def on_post_build(config: MkDocsConfig) -> None:
    """Refuse a site that fetches something from another host."""
    for page in sorted(Path(config.site_dir).rglob("*.html")):
        if found := LOADED.search(page.read_text(encoding="utf-8")):
            raise PluginError(f"{page}: {found[0]}: the site loads something from another host")
