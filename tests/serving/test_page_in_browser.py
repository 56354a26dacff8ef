"""The page at `/` in a real browser: what the server says stands where it says, and nobody else is asked."""

import base64
import json
from pathlib import Path

import pytest
from chromium import needs_chromium, open_chromium
from conftest import SENTENCES
from serving_apps import build_served_app, served_at

from serving.page_server import PageServer, run_page_server
from token_classification.inference.answers import Answer, encode_sentence
from token_classification.inference.predictor import TaggedText
from token_classification.inference.records import Record
from token_classification.serving.requests import respond

expect = pytest.importorskip("playwright.sync_api", reason="the browser is driven by playwright").expect

pytestmark = [pytest.mark.slow, needs_chromium]

TEXT = "Anna Smith moved from Berlin to New York, where Acme employs her."
FOUND = (("Anna Smith", "PER", 0.9), ("Berlin", "LOC", 0.5), ("New York", "LOC", 0.796), ("Acme", "ORG", 0.25))
HOSTILE = "</script><script>window.hacked=1</script> <img src=x onerror=window.hacked=1> &lt;b&gt; <!-- {{script}}"
READ_MARKS = """() => [...document.querySelectorAll(".text")].map((text) => {
  const found = [];
  let place = 0;
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE) { place += [...node.data].length; return; }
    const start = place;
    node.childNodes.forEach(walk);
    if (node.matches(".mark:not(.off)")) found.push([start, place, node.dataset.label, node.textContent]);
  };
  walk(text);
  return [text.textContent, found];
})"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """Chromium with a profile of its own."""
    with open_chromium(tmp_path_factory.mktemp("profile")) as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        yield context


class Visit:
    """An open page, its server, and what the page complained of and asked for."""

    def __init__(self, page, address: str) -> None:
        self.page, self.address = page, address
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))

    def open(self) -> None:
        """Open the page and wait until it knows the models, or that it may not."""
        self.page.goto(self.address)
        expect(self.page.locator("#about:not(:empty), #error:not(:empty)")).to_be_visible()

    def tag(self, text: str) -> None:
        """Type a text, have it tagged, and wait for the result."""
        self.page.get_by_label("Text", exact=True).fill(text)
        self.page.keyboard.press("Control+Enter")
        self.wait_for(" s.")

    def wait_for(self, status: str) -> None:
        expect(self.page.locator("#status")).to_contain_text(status)

    def wait_for_error(self, message: str) -> None:
        expect(self.page.get_by_role("alert")).to_contain_text(message)

    def read_marks(self) -> list[list]:
        """For each text what the page shows of it, and `[start, end, label, text]` of its marks, in characters."""
        return self.page.evaluate(READ_MARKS)

    def set_threshold(self, threshold: float) -> None:
        self.page.get_by_label("Lowest score").fill(str(threshold))
        expect(self.page.locator("#shown")).to_contain_text(f"{threshold:.2f}: ")

    def read_clipboard(self) -> str:
        return self.page.evaluate("navigator.clipboard.readText()")

    def drop(self, *files: tuple[str, str | bytes]) -> None:
        """Drop files on the page, as from a file manager."""
        contents = [
            [name, base64.b64encode(content.encode() if isinstance(content, str) else content).decode()]
            for name, content in files
        ]
        transfer = self.page.evaluate_handle(
            """(files) => {
                 const transfer = new DataTransfer();
                 for (const [name, encoded] of files) {
                   const bytes = Uint8Array.from(atob(encoded), (byte) => byte.charCodeAt(0));
                   transfer.items.add(new File([bytes], name));
                 }
                 return transfer;
               }""",
            contents,
        )
        self.page.dispatch_event("body", "drop", {"dataTransfer": transfer})


@pytest.fixture(scope="module")
def running_server():
    """A server for all tests."""
    with run_page_server(names=("ner", "pos")) as server:
        yield server


@pytest.fixture
def server(running_server):
    """The server, as new."""
    running_server.reset()
    yield running_server
    running_server.gate.set()


@pytest.fixture
def visit(browser, server):
    """An open page; it must ask for nothing from elsewhere, and complain of nothing."""
    visit = Visit(browser.new_page(), server.url)
    visit.open()
    yield visit
    visit.page.close()
    assert [url for url in visit.requests if not url.startswith(f"{server.url}/")] == []
    assert visit.complaints == []


def list_marks(entities: list[dict]) -> list[list]:
    """Entities of the server in the form of `read_marks`."""
    return [[entity[key] for key in ("start", "end", "label", "text")] for entity in entities]


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


def write_conll(server: PageServer, text: str | list[str], entities: list[dict]) -> str:
    """What `infer --output_format conll` would write if the model had found these entities only."""
    words = server.answer(text)["words"]
    inside = [any(one["start"] <= word["start"] < one["end"] for one in entities) for word in words]
    tags = [word["tag"] if is_inside else "O" for word, is_inside in zip(words, inside, strict=True)]
    spans = [(word["start"], word["end"]) for word in words]
    said = text if isinstance(text, str) else " ".join(text)
    tagged = TaggedText(said, spans, tags, [1.0] * len(tags))
    return encode_sentence(Answer(Record(1, text, {}), tagged, [])).decode()


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


def test_a_text_file_becomes_the_text(visit, server, tmp_path: Path) -> None:
    file = tmp_path / "notes.TXT"
    file.write_bytes("\ufeffAnna 😀\r\nleft Berlin.\n".encode())
    with visit.page.expect_file_chooser() as chosen:
        visit.page.get_by_role("button", name="Open a file…").press("Enter")
    chosen.value.set_files(file)
    visit.wait_for("notes.TXT: 20 characters")
    text = "Anna 😀\nleft Berlin.\n"
    assert visit.page.get_by_label("Text", exact=True).input_value() == text
    entities = server.plan(text, ("Anna", "PER", 0.9), ("Berlin", "LOC", 0.8))
    visit.page.keyboard.press("Enter")
    visit.wait_for("2 entities")
    assert visit.read_marks() == [[text, list_marks(entities)]]


def test_json_lines_are_dropped_and_tagged_one_by_one(visit, server) -> None:
    texts = ["Anna left.", ["She", "saw\tNew York", "."], *(f"text {number}" for number in range(60))]
    found = [server.plan("Anna left.", ("Anna", "PER", 0.9)), server.plan(texts[1], ("New York", "LOC", 0.6))]
    rows = [{"text": texts[0], "id": 7}, {"id": 8, "tokens": texts[1]}, *({"text": text} for text in texts[2:])]
    visit.drop(("tweets.jsonl", "\n\n".join(map(json.dumps, rows)) + "\n"))
    visit.wait_for("tweets.jsonl: 62 texts")
    assert not visit.page.get_by_label("Text", exact=True).is_visible()
    visit.page.get_by_role("button", name="Find entities").click()
    visit.wait_for("2 entities")
    assert [text for question in server.asked for text in question["texts"]] == texts
    assert max(len(question["texts"]) for question in server.asked) == 32
    marks = visit.read_marks()
    assert marks[0] == [texts[0], list_marks(found[0])]
    assert marks[1] == ["She saw\tNew York .", list_marks(found[1])]
    assert len(marks) == 62
    assert visit.page.locator(".row .what").all_inner_texts()[:3] == ["line 1", "line 3", "line 5"]
    visit.page.get_by_role("button", name="Copy as CoNLL").click()
    visit.wait_for("Copied as CoNLL")
    written = [write_conll(server, text, found[place] if place < 2 else []) for place, text in enumerate(texts)]
    assert visit.read_clipboard() == "".join(written)
    visit.page.get_by_role("button", name="Copy as JSON").click()
    visit.wait_for("Copied as JSON")
    copied = json.loads(visit.read_clipboard())
    assert [row["text"] for row in copied[:2]] == [texts[0], "She saw\tNew York ."]
    assert [row["entities"] for row in copied] == [*found, *([] for _ in texts[2:])]
    visit.page.get_by_role("button", name="Back to the text").click()
    assert visit.page.get_by_label("Text", exact=True).is_visible()


def test_results_of_a_file_outlive_it(visit, server) -> None:
    server.plan("Anna left.", ("Anna", "PER", 0.9))
    server.gate.clear()
    visit.drop(("tweets.jsonl", '\n{"text": "Anna left."}\n{"text": "so"}\n'))
    visit.wait_for("tweets.jsonl: 2 texts")
    visit.page.keyboard.press("Control+Enter")
    visit.page.get_by_role("button", name="Back to the text").click()
    server.gate.set()
    visit.wait_for("1 entity in 4 words")
    assert [text for text, _ in visit.read_marks()] == ["Anna left.", "so"]
    visit.page.get_by_text("Words with scores").click()
    rows = visit.page.locator("#words tbody tr")
    expect(rows).to_have_count(4)
    assert rows.nth(0).inner_text().split("\t") == ["Anna", "B-PER", "0.5000", "line 2"]
    assert rows.nth(3).inner_text().split("\t") == ["so", "O", "0.5000", "line 3"]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([("big.txt", b"a" * 1_000_001)], "big.txt has 1,000,001 bytes; accepted are 1,000,000 at most."),
        ([("a.jsonl", '{"text": ""}\n' * 10_001)], "a.jsonl has 10,001 texts; accepted are 10,000 at most."),
        ([("table.csv", "a,b")], "table.csv: accepted are .txt and .jsonl files."),
        ([("latin.txt", b"Z\xfcrich")], "latin.txt is not UTF-8"),
        ([("a.jsonl", '{"text": "x"}\n\n{"text": "y"')], "a.jsonl:3: not JSON; accepted is one object per line"),
        ([("a.jsonl", '{"text": 3}')], "a.jsonl:1: no text"),
        ([("a.jsonl", "null")], "a.jsonl:1: no text"),
        ([("a.jsonl", '{"tokens": ["a", 1]}')], "a.jsonl:1: no text"),
        ([("a.jsonl", "5")], "a.jsonl:1: no text"),
        ([("a.jsonl", "\n \n")], "a.jsonl is empty"),
        ([("a.txt", "a"), ("b.txt", "b")], "Accepted is one file at a time."),
        ([("<img src=x onerror=window.hacked=1>.csv", "")], "<img src=x onerror=window.hacked=1>.csv: accepted"),
    ],
)
def test_files_that_are_not_accepted_change_nothing(visit, files, message) -> None:
    visit.page.get_by_label("Text", exact=True).fill("what I typed")
    visit.drop(*files)
    visit.wait_for_error(message)
    assert visit.page.get_by_label("Text", exact=True).input_value() == "what I typed"
    assert visit.page.get_by_label("Text", exact=True).is_visible()
    assert visit.page.evaluate("window.hacked") is None


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


def test_everything_can_be_done_with_the_keyboard(visit, server) -> None:
    server.plan(TEXT, *FOUND)
    keyboard = visit.page.keyboard
    reached = []
    for _ in range(20):
        keyboard.press("Tab")
        element = visit.page.evaluate(
            """() => { const [now, style] = [document.activeElement, getComputedStyle(document.activeElement)];
                       return [now.id || now.tagName, style.outlineStyle, style.outlineWidth]; }"""
        )
        if element[0] == "text":
            keyboard.insert_text(TEXT)
            keyboard.press("Control+Enter")
            visit.wait_for("4 entities")
        if element[0] == "BODY":
            break
        assert element[1:] == ["solid", "2px"], element
        reached.append(element[0])
    assert reached == ["model", "text", "tag", "open-file", "threshold", "copy-json", "copy-conll", "SUMMARY"]
    visit.page.get_by_label("Lowest score").focus()
    for _ in range(30):
        keyboard.press("ArrowRight")
    expect(visit.page.locator("#shown")).to_have_text("0.30: 3 of 4 entities")
    keyboard.press("End")
    expect(visit.page.locator("#shown")).to_have_text("1.00: 0 of 4 entities")


def test_results_and_errors_are_announced_and_fields_have_labels(visit) -> None:
    assert visit.page.locator("#status").get_attribute("role") == "status"
    assert visit.page.locator("#error").get_attribute("role") == "alert"
    assert visit.page.locator("#shown").evaluate("output => output.htmlFor.value") == "threshold"
    fields = "[...document.querySelectorAll('input:not([type=file]), select, textarea')]"
    assert visit.page.evaluate(f"{fields}.filter((field) => !field.labels.length).map((field) => field.id)") == []
    visit.page.get_by_role("button", name="Find entities").click()
    visit.wait_for_error("There is no text yet.")
    assert visit.page.evaluate("document.activeElement.id") == "text"


def test_escape_cancels_what_is_asked(visit, server) -> None:
    server.plan(TEXT, *FOUND)
    server.gate.clear()
    visit.page.get_by_label("Text", exact=True).fill(TEXT)
    visit.page.keyboard.press("Control+Enter")
    expect(visit.page.get_by_role("button", name="Cancel")).to_be_visible()
    visit.page.keyboard.press("Control+Enter")
    visit.page.keyboard.press("Escape")
    visit.wait_for("Cancelled.")
    expect(visit.page.get_by_role("button", name="Cancel")).to_be_hidden()
    server.gate.set()
    visit.tag(TEXT)
    assert visit.page.locator(".mark").count() == 4
    assert len(server.asked) == 2


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


def test_texts_labels_and_names_are_never_markup(browser) -> None:
    label = "<img src=x onerror=window.hacked=1>"
    name = "</option><script>window.hacked=1</script>"
    with run_page_server(names=(name, "other"), labels=("O", f"B-{label}")) as server:
        visit = Visit(browser.new_page(), server.url)
        visit.open()
        entities = server.plan(HOSTILE, ("<img src=x onerror=window.hacked=1>", label, 0.9), ("<!--", label, 0.8))
        visit.tag(HOSTILE)
        assert visit.read_marks() == [[HOSTILE, list_marks(entities)]]
        visit.page.get_by_text("Words with scores").click()
        expect(visit.page.locator("#words tbody tr").first).to_be_visible()
        assert visit.page.locator(".key").inner_text() == f"{label} 2"
        assert visit.page.locator("#about").inner_text() == f"{name}: {label}"
        assert visit.page.locator("img, main script").count() == 0
        assert visit.page.evaluate("window.hacked") is None
        assert visit.complaints == []
        visit.page.close()


def test_the_browser_refuses_what_the_page_does_not_bring_along(visit) -> None:
    attempts = {
        "script": "const script = document.createElement('script'); script.append('window.hacked = 1'); "
        "document.body.append(script)",
        "style-src": "document.body.setAttribute('style', 'color: red')",
        "img-src": "document.body.append(Object.assign(new Image(), { src: '/x.png' }))",
        "connect-src": "await fetch('http://localhost:9/')",
        "base-uri": "document.head.append(Object.assign(document.createElement('base'), { href: '/x/' }))",
        "trusted": "document.body.insertAdjacentHTML('beforeend', '<b id=bold>bold</b>')",
    }
    for directive, attempt in attempts.items():
        visit.complaints.clear()
        error = visit.page.evaluate(f"async () => {{ try {{ {attempt} }} catch (error) {{ return error.message }} }}")
        said = f"{error} {visit.complaints}".lower()
        assert directive in said, said
    assert visit.page.evaluate("window.hacked") is None
    assert visit.page.locator("#bold").count() == 0
    visit.complaints.clear()
    visit.requests.clear()


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


def test_the_key_is_asked_for_and_forgotten(browser, predictor) -> None:
    with served_at(build_served_app(predictor, api_key="s3cret-key")) as served:
        visit = Visit(browser.new_page(), served.address)
        visit.open()
        visit.wait_for_error("The server asks for its API key.")
        key = visit.page.get_by_label("API key")
        assert visit.page.evaluate("document.activeElement.id") == "key"
        for typed, message in (
            ("wrong", "The server does not accept this API key."),
            ("schlüssel", "No API key has such characters"),
        ):
            key.fill(typed)
            key.press("Tab")
            visit.wait_for_error(message)
        key.fill(" s3cret-key ")
        key.press("Tab")
        visit.wait_for("The server accepts the API key.")
        visit.tag(TEXT)
        assert visit.read_marks() == [[TEXT, list_marks(predictor(TEXT))]]
        kept = "[localStorage.length, sessionStorage.length, document.cookie, location.search]"
        assert visit.page.evaluate(kept) == [0, 0, "", ""]
        assert browser.cookies() == []
        with visit.page.expect_response("**/v1/models"):
            visit.page.reload()
        assert visit.page.get_by_label("API key").input_value() == ""
        visit.page.close()


def test_a_model_is_chosen_where_there_are_several(visit, server) -> None:
    server.plan(TEXT, *FOUND)
    assert visit.page.locator("#about").inner_text() == "ner: LOC, ORG, PER"
    visit.tag(TEXT)
    with visit.page.expect_response("**/v1/entities"):
        visit.page.get_by_label("Model").select_option("pos")
    assert [question["model"] for question in server.asked] == ["ner", "pos"]
    assert visit.page.locator("#about").inner_text() == "pos: LOC, ORG, PER"


def test_one_model_needs_no_choice(browser) -> None:
    with run_page_server() as server:
        visit = Visit(browser.new_page(), server.url)
        visit.open()
        expect(visit.page.locator("#about")).to_have_text("ner: LOC, ORG, PER")
        assert not visit.page.get_by_label("Model").is_visible()
        visit.page.close()


def test_what_goes_wrong_is_said(visit, server) -> None:
    visit.page.get_by_label("Text", exact=True).fill(TEXT)
    send = visit.page.get_by_role("button", name="Find entities").click
    server.refusal = respond({"error": "text 0 has 9 characters; accepted are 8", "error_type": "too_long"}, 413)
    send()
    visit.wait_for_error("text 0 has 9 characters; accepted are 8")
    server.refusal = respond("no JSON object", 502)
    send()
    visit.wait_for_error("The server answered 502 Bad Gateway.")
    server.refusal = respond(
        {"results": [{"entities": [{"start": 0, "end": 3, "label": "PER", "score": 1, "text": "Anna"}], "words": []}]}
    )
    send()
    visit.wait_for_error("The places in the server's answer are not those of this text.")
    assert not visit.page.locator("#result").is_visible()
    visit.page.route("**/v1/entities", lambda route: route.abort())
    send()
    visit.wait_for_error("The server can't be reached.")
    visit.complaints[:] = [text for text in visit.complaints if not text.startswith("Failed to load resource")]
