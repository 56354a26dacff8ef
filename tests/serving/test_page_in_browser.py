"""What the page at `/` shows in a real browser: marks where the server says, in characters, and their copies."""

import json

import pytest
from chromium import needs_chromium
from conftest import SENTENCES
from serving_apps import build_served_app, served_at

from serving.page_visit import FOUND, TEXT, Visit, expect, list_marks, write_conll

pytestmark = [pytest.mark.slow, needs_chromium]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (TEXT, FOUND),
        (
            "😀 Émile 👩‍👩‍👧 met Zoe\u0301 in 𝔅erlin 🇩🇪.\n\n  Zoe\u0301!",
            (("Émile", "PER", 1.0), ("Zoe\u0301", "PER", 0.7), ("𝔅erlin 🇩🇪", "LOC", 0.4), ("Zoe\u0301", "PER", 0.3)),
        ),
        (
            "דוד בן גוריון נולד ב-Plonsk, Poland.\nوُلد محمد في مكة عام 570",
            (("דוד בן גוריון", "PER", 0.9), ("Plonsk", "LOC", 0.9), ("محمد", "PER", 0.8), ("مكة", "LOC", 0.8)),
        ),
        (
            "\tBerlin\u2028New\nYork\u202eevil\u200b 東京 \U0010ffff",
            (("Berlin", "LOC", 0.9), ("New\nYork", "LOC", 0.9), ("東京", "LOC", 0.6)),
        ),
        ("nothing here", ()),
    ],
    ids=["plain", "emoji", "right to left", "odd blanks", "none"],
)
def test_marks_are_where_the_server_says(visit, server, text, found) -> None:
    entities = server.plan(text, *found)
    visit.tag(text)
    assert server.asked == [{"model": "ner", "texts": [text], "words": True}]
    assert visit.read_marks() == [[text, list_marks(entities)]]


def test_marks_are_those_of_predictor(browser, predictor) -> None:
    texts = [words for words, _ in SENTENCES]
    text = " 😀 ".join(texts) + "\n\n" + "\n".join(texts)
    found = predictor(text)
    assert len(found) > 10
    with served_at(build_served_app(predictor)) as served:
        visit = Visit(browser.new_page(), served.address)
        visit.open()
        expect(visit.page.locator("#about")).to_have_text("ner: LOC, PER")
        visit.tag(text)
        assert visit.read_marks() == [[text, list_marks(found)]]
        titles = visit.page.locator(".mark").evaluate_all("marks => marks.map((mark) => mark.title)")
        assert titles == [f"{entity['label']}, score {entity['score']:.4f}" for entity in found]
        middle = sorted(entity["score"] for entity in found)[len(found) // 2]
        visit.set_threshold(round(middle, 2))
        shown = [entity for entity in found if entity["score"] >= round(middle, 2)]
        assert visit.read_marks() == [[text, list_marks(shown)]]
        assert visit.complaints == []
        visit.page.close()


def test_half_characters_are_one_character_each(visit, server) -> None:
    entities = server.plan("a \ud83d Berlin", ("Berlin", "LOC", 0.9))
    visit.page.get_by_label("Text", exact=True).evaluate("area => { area.value = 'a \\ud83d Berlin'; }")
    visit.page.keyboard.press("Control+Enter")
    visit.wait_for("1 entity in 3 words")
    assert visit.page.locator(".mark").inner_text() == "Berlin"
    assert entities[0]["start"] == 4


def test_right_to_left_lines_start_at_the_right(visit, server) -> None:
    text = "Anna left.\nדוד הלך."
    server.plan(text, ("Anna", "PER", 0.9), ("דוד", "PER", 0.9))
    visit.tag(text)
    boxes = [mark.bounding_box() for mark in visit.page.locator(".mark").all()]
    width = visit.page.viewport_size["width"]
    assert boxes[0]["x"] < width / 3
    assert boxes[1]["x"] > 2 * width / 3
    assert boxes[1]["y"] > boxes[0]["y"]


def test_marks_say_label_and_score_in_the_colours_of_the_types(visit, server) -> None:
    server.plan(TEXT, *FOUND)
    visit.tag(TEXT)
    said = visit.page.locator(".mark").evaluate_all(
        """marks => marks.map((mark) => {
             const said = getComputedStyle(mark, "::after").content.replaceAll('"', "");
             return [mark.title, said.split(" ").filter(Boolean)];
           })"""
    )
    assert said[0] == ["PER, score 0.9000", ["PER", "0.90"]]
    assert said[2] == ["LOC, score 0.7960", ["LOC", "0.79"]]
    colours = visit.page.locator(".mark, .key").evaluate_all(
        """marks => marks.map((mark) => {
             const label = mark.dataset.label ?? mark.textContent.split(" ")[0];
             return [label, getComputedStyle(mark).backgroundColor];
           })"""
    )
    of_labels = {}
    for label, colour in colours:
        of_labels.setdefault(label, set()).add(colour)
    assert {len(found) for found in of_labels.values()} == {1}
    assert len(set.union(*of_labels.values())) == 3


def test_the_threshold_hides_what_is_below_it_and_asks_nothing(visit, server) -> None:
    entities = server.plan(TEXT, *FOUND)
    visit.tag(TEXT)
    asked = len(visit.requests)
    for threshold in (0.3, 0.5, 0.51, 0.79, 0.8, 1, 0.9, 0.5, 0.25, 0):
        visit.set_threshold(threshold)
        shown = [entity for entity in entities if entity["score"] >= threshold]
        assert visit.read_marks() == [[TEXT, list_marks(shown)]], threshold
        assert f"{len(shown)} of 4 entities" in visit.page.locator("#shown").inner_text()
        counts = {label: sum(entity["label"] == label for entity in shown) for label in ("LOC", "ORG", "PER")}
        expected = [f"{label} {number}" for label, number in counts.items() if number]
        assert visit.page.locator(".key").all_inner_texts() == expected
    assert len(visit.requests) == asked
    visit.set_threshold(0.6)
    visit.tag(TEXT)
    assert visit.page.locator(".mark:not(.off)").all_inner_texts() == ["Anna Smith", "New York"]


def test_copies_hold_what_is_shown(visit, server) -> None:
    text = f"{TEXT} 😀 Paris 東京"
    entities = server.plan(text, *FOUND, ("Paris", "LOC", 0.6), ("東", "LOC", 0.7), ("京", "LOC", 0.5))
    visit.tag(text)
    visit.set_threshold(0.55)
    shown = [entity for entity in entities if entity["score"] >= 0.55]
    visit.page.get_by_role("button", name="Copy as JSON").click()
    visit.wait_for("Copied as JSON")
    assert json.loads(visit.read_clipboard()) == {"text": text, "entities": shown}
    visit.page.get_by_role("button", name="Copy as CoNLL").click()
    visit.wait_for("Copied as CoNLL")
    assert visit.read_clipboard() == write_conll(server, text, shown)
    assert "Acme\tO\n" in visit.read_clipboard()
    assert "New\tB-LOC\nYork\tI-LOC\n" in visit.read_clipboard()
    assert "東\tB-LOC\n京\tO\n" in visit.read_clipboard()


def test_copying_works_where_the_browser_keeps_the_clipboard_from_the_page(browser, server) -> None:
    page = browser.new_page()
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    visit = Visit(page, server.url)
    visit.open()
    entities = server.plan(TEXT, *FOUND)
    visit.tag(TEXT)
    page.get_by_role("button", name="Copy as JSON").press("Enter")
    visit.wait_for("Copied as JSON")
    assert page.evaluate("document.activeElement.id") == "copy-json"
    page.get_by_label("Text", exact=True).fill("")
    page.keyboard.press("Control+V")
    assert json.loads(page.get_by_label("Text", exact=True).input_value()) == {"text": TEXT, "entities": entities}
    page.close()


def test_words_are_listed_on_demand(visit, server) -> None:
    text = " ".join(["Anna", *(f"word{number}" for number in range(249))])
    server.plan(text, ("Anna", "PER", 0.9))
    visit.tag(text)
    assert visit.page.locator("#words tbody tr").count() == 0
    visit.page.get_by_text("Words with scores").click()
    rows = visit.page.locator("#words tbody tr")
    expect(rows).to_have_count(100)
    assert rows.first.inner_text().split("\t") == ["Anna", "B-PER", "0.5000"]
    assert visit.page.locator("#words th:not([scope])").count() == 0
    for place, number in ((2, 100), (3, 50)):
        visit.page.get_by_role("button", name="next →").click()
        expect(visit.page.locator("#words-place")).to_have_text(f"page {place} of 3")
        expect(rows).to_have_count(number)
    assert rows.last.inner_text().startswith("word248\t")
    assert visit.page.get_by_role("button", name="next →").is_disabled()


def test_the_dark_mode_is_that_of_the_system(visit, server) -> None:
    server.plan(TEXT, *FOUND)
    visit.tag(TEXT)
    read = """() => ["body", ".mark", "textarea"].map((name) => {
      const style = getComputedStyle(document.querySelector(name));
      return [style.backgroundColor, style.color].map((colour) => {
        const [red, green, blue] = colour.match(/[\\d.]+/g).map(Number);
        return (0.3 * red + 0.6 * green + 0.1 * blue) / 255;
      });
    })"""
    for scheme in ("light", "dark"):
        visit.page.emulate_media(color_scheme=scheme)
        for ground, text in visit.page.evaluate(read):
            assert (ground > 0.8 and text < 0.3) if scheme == "light" else (ground < 0.4 and text > 0.8)


def test_a_text_of_100_000_characters_is_laid_out_where_it_is_seen(visit, server) -> None:
    line = "Anna Smith went from Berlin to 😀 with somebody else "
    text = line * (100_000 // len(line))
    parts = [("Anna Smith", "PER", 0.9), ("Berlin", "LOC", 0.5)] * (100_000 // len(line))
    entities = server.plan(text, *parts)
    visit.tag(text)
    assert visit.read_marks() == [[text, list_marks(entities)]]
    laid_out = visit.page.locator(".mark").evaluate_all(
        "marks => marks.filter((mark) => mark.checkVisibility({ contentVisibilityAuto: true })).length"
    )
    assert 0 < laid_out < len(entities) / 5
    visit.set_threshold(0.6)
    assert visit.read_marks() == [[text, list_marks(entities[::2])]]


@pytest.mark.parametrize(
    ("text", "found", "ends"),
    [
        ("a" + "😀" * 3000, [], set()),
        ("𝔅" * 1003 + "东京" * 3000 + "Berlin" * 400, ["𝔅" * 1003 + "东京" * 1200, "Berlin" * 300], set()),
        ("one two three four\n" * 500, [], {"\n"}),
        ("one two three four " * 500, [], {" "}),
    ],
    ids=["emoji", "no blanks", "lines", "blanks"],
)
def test_blocks_of_a_long_text_end_at_lines_or_blanks_and_in_no_character_or_entity(
    visit, server, text, found, ends
) -> None:
    entities = server.plan(text, *((part, "LOC", 0.9) for part in found))
    visit.tag(text)
    assert visit.read_marks() == [[text, list_marks(entities)]]
    blocks = visit.page.locator(".block").evaluate_all(
        "blocks => blocks.map(({ textContent }) => [textContent.at(-1), textContent.isWellFormed()])"
    )
    assert len(blocks) > 2
    assert all(is_whole for _, is_whole in blocks)
    if ends:
        assert {last for last, _ in blocks} == ends
