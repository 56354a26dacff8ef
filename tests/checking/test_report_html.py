"""The findings as one page."""

from html.parser import HTMLParser

from checked_splits import examine_odd_words

from token_classification.checking.report_html import format_html


class Tags(HTMLParser):
    """Which elements a page has."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))


def test_words_are_no_markup_and_nothing_is_loaded():
    page = format_html(examine_odd_words())
    parser = Tags()
    parser.feed(page)
    names = [name for name, _ in parser.seen]
    assert "b" not in names
    assert "&lt;b&gt;" in page
    assert "\x1b" not in page
    assert not {"script", "link", "img"} & set(names)
    assert not any(key in ("src", "href") for _, attributes in parser.seen for key in attributes)
    assert ("details", {"class": "warning", "open": None}) in parser.seen
