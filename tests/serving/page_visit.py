"""An open page of the server in a real browser, and what is looked at there."""

import base64

import pytest

from serving.page_server import PageServer
from token_classification.inference.answers import Answer, encode_sentence
from token_classification.inference.predictor import TaggedText
from token_classification.inference.records import Record

expect = pytest.importorskip("playwright.sync_api", reason="the browser is driven by playwright").expect

TEXT = "Anna Smith moved from Berlin to New York, where Acme employs her."
FOUND = (("Anna Smith", "PER", 0.9), ("Berlin", "LOC", 0.5), ("New York", "LOC", 0.796), ("Acme", "ORG", 0.25))
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


def list_marks(entities: list[dict]) -> list[list]:
    """Entities of the server in the form of `read_marks`."""
    return [[entity[key] for key in ("start", "end", "label", "text")] for entity in entities]


def write_conll(server: PageServer, text: str | list[str], entities: list[dict]) -> str:
    """What `infer --output_format conll` would write if the model had found these entities only."""
    words = server.answer(text)["words"]
    inside = [any(one["start"] <= word["start"] < one["end"] for one in entities) for word in words]
    tags = [word["tag"] if is_inside else "O" for word, is_inside in zip(words, inside, strict=True)]
    spans = [(word["start"], word["end"]) for word in words]
    said = text if isinstance(text, str) else " ".join(text)
    tagged = TaggedText(said, spans, tags, [1.0] * len(tags))
    return encode_sentence(Answer(Record(1, text, {}), tagged, [])).decode()
