"""Inline markup, `<PER>Anna</PER>`: its pieces, and how it is told from texts in which a `<` stands."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

_FIRST = (
    "A-Z_a-z\xc0-\xd6\xd8-\xf6\xf8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff"
    "\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
NAME = rf"[{_FIRST}][-.0-9\xb7\u0300-\u036f\u203f-\u2040{_FIRST}]*"
"""A name of XML 1.0, without the colon of namespaces"""
PIECES = re.compile(
    rf"""(?P<opened><!--|<\?|<!\[CDATA\[)
    |<!DOCTYPE[^<>\[]*>
    |<(?P<close>/?)(?P<name>{NAME})(?P<attributes>(?:\s+{NAME}\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(?P<empty>/?)>
    |(?P<reference>&[\w#]*;?)
    |(?P<broken><)""",
    re.VERBOSE,
)
CLOSED_BY = {"<!--": "-->", "<?": "?>", "<![CDATA[": "]]>"}
"""What ends a comment, an instruction and raw text. A pattern would look for it again at each one that has no end."""
ATTRIBUTE = re.compile(rf"""({NAME})\s*=\s*(?:"([^"]*)"|'([^']*)')""")
REFERENCE = re.compile(r"&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9a-fA-F]{1,6}));")
NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has not, not even by their numbers"""
DOCUMENTS = frozenset(["doc", "document"])
WRAPPERS = frozenset(["docs", "documents", "corpus"])
"""Elements around documents; in any case of letters"""
LAYOUT = frozenset(
    [
        *(
            "a",
            "abbr",
            "b",
            "big",
            "blockquote",
            "body",
            "br",
            "center",
            "cite",
            "code",
            "dd",
            "del",
            "div",
            "dl",
            "dt",
        ),
        *("em", "font", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "headline", "hr", "html", "i"),
        *("img", "ins", "kbd", "li", "link", "mark", "meta", "nav", "ol", "p", "paragraph", "pre", "q", "s", "script"),
        *("section", "sentence", "small", "span", "strike", "strong", "style", "sub", "sup", "table", "tbody", "td"),
        *("dateline", "docid", "docno", "doctype"),
        *("text", "tfoot", "th", "thead", "title", "tr", "tt", "u", "ul", "var"),
    ]
)
"""Elements of pages and of the layout of documents, in small letters: no labels"""
DOCUMENT_FORM = re.compile(
    r"\s*(?:<\?xml[^>]*\?>\s*|<!--(?:(?!-->).)*-->\s*|<!DOCTYPE[^<>\[]*>\s*)*"
    rf"<(?:{'|'.join(sorted(DOCUMENTS | WRAPPERS))})[\s>]",
    re.DOTALL | re.IGNORECASE,
)
MOST = 0.9
"""Share of the lines with tags in which each is closed again"""


@dataclass(frozen=True)
class Piece:
    """A stretch of text, a tag, or what should be one of them and is not."""

    kind: Literal["text", "start", "end", "empty", "broken"]
    text: str
    """The characters that it stands for; of tags the name"""
    place: int
    """Where it begins"""
    attributes: Mapping[str, str] = field(default_factory=dict)


def cut_markup(text: str) -> Iterator[Piece]:
    """Cut a text into its pieces; comments, declarations and instructions are left out."""
    end = 0
    never_closed: set[str] = set()
    while match := PIECES.search(text, end):
        start = match.start()
        if start > end:
            yield Piece("text", text[end:start], end)
        end = match.end()
        if (opened := match["opened"]) is not None:
            close = -1 if opened in never_closed else text.find(CLOSED_BY[opened], end)
            if close < 0:
                never_closed.add(opened)
                yield Piece("broken", "<", start)
                end = start + 1
            else:
                if opened == "<![CDATA[":
                    yield Piece("text", text[end:close], start)
                end = close + len(CLOSED_BY[opened])
        elif match["name"] is not None:
            kind: Literal["start", "end", "empty"] = (
                "end" if match["close"] else "empty" if match["empty"] else "start"
            )
            yield Piece(kind, match["name"], start, _read_attributes(match["attributes"]))
        elif match["reference"] is not None:
            character = resolve_reference(match["reference"])
            yield Piece("broken" if character is None else "text", character or match[0], start)
        elif match["broken"] is not None:
            yield Piece("broken", match[0], start)
    if end < len(text):
        yield Piece("text", text[end:], end)


def _read_attributes(text: str) -> dict[str, str]:
    def resolve(match: re.Match[str]) -> str:
        return resolve_reference(match[0]) or match[0]

    return {name: REFERENCE.sub(resolve, one or other) for name, one, other in ATTRIBUTE.findall(text)}


def resolve_reference(reference: str) -> str | None:
    """Return the character that a reference stands for, None for what is no reference.

    >>> resolve_reference("&amp;"), resolve_reference("&#x41;"), resolve_reference("&T")
    ('&', 'A', None)
    """
    match = REFERENCE.fullmatch(reference)
    if match is None:
        return None
    if match[1]:
        return NAMED[match[1]]
    code = int(match[2]) if match[2] else int(match[3], 16)
    return None if code > 0x10FFFF or ILLEGAL.match(chr(code)) else chr(code)


def has_documents(text: str) -> bool:
    """Tell whether a text begins with an element for a document, or for several.

    Of the rows between such elements, as corpora have them that are a word a line, most hold a TAB.
    """
    if not DOCUMENT_FORM.match(text):
        return False
    lines = [line for line in text.split("\n") if line.strip() and not line.startswith("<")]
    return 2 * sum("\t" in line for line in lines) <= len(lines)


def find_line_elements(lines: Sequence[str]) -> set[str]:
    """Return the names of the elements of a text whose lines are documents; none if hardly a line is well-formed."""
    names: set[str] = set()
    tagged = sound = 0
    for line in lines:
        if "<" not in line:
            continue
        opened: list[str] = []
        found: list[str] = []
        is_sound = True
        for piece in cut_markup(line):
            if piece.kind == "start":
                opened.append(piece.text)
            elif piece.kind == "end":
                is_sound = is_sound and bool(opened) and opened.pop() == piece.text
                found.append(piece.text)
            elif piece.kind in ("empty", "broken"):
                is_sound = is_sound and piece.text.startswith("&")
        tagged += 1
        if is_sound and not opened:
            sound += 1
            names.update(found)
    return names if sound >= MOST * tagged else set()
