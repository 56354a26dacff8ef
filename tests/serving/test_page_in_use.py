"""The page at `/` in use: files, the keyboard, models, keys, and what tries to get out of a text."""

import json
from pathlib import Path

import pytest
from chromium import needs_chromium
from serving_apps import build_served_app, served_at

from serving.page_server import run_page_server
from serving.page_visit import FOUND, TEXT, Visit, expect, list_marks, write_conll
from token_classification.serving.requests import respond

pytestmark = [pytest.mark.slow, needs_chromium]

HOSTILE = "</script><script>window.hacked=1</script> <img src=x onerror=window.hacked=1> &lt;b&gt; <!-- {{script}}"


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
