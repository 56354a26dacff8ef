"""The page of an audit in a real browser: decisions by keys and buttons; what it saves is what the command writes."""

import json
from pathlib import Path

import pytest
from beliefs import believe
from chromium import needs_chromium
from conftest import SENTENCES, write_sentences

from token_classification.auditing.audit import apply_decisions
from token_classification.auditing.candidates import find_candidates
from token_classification.auditing.fold_training import FoldSettings
from token_classification.auditing.page_data import build_audit_page
from token_classification.auditing.read_file import read_labelled_file
from token_classification.auditing.record import build_record
from token_classification.checking.files import USUAL_COLUMNS
from token_classification.data.scheme_conversion import convert_tags
from token_classification.data.schemes import Scheme

HOSTILE = "</script><script>window.hacked=1</script>"
WRONG = {
    0: "B-ORG I-ORG O O B-LOC O B-LOC I-LOC O",
    3: "B-PER I-PER O O O O B-PER O",
    5: "B-ORG O O B-ORG O O",
    7: "B-PER O O B-LOC O O",
}

pytestmark = [pytest.mark.slow, needs_chromium]


@pytest.fixture
def show(open_page, tmp_path: Path):
    """A function that opens the page of an audit."""

    def open_audit(path: Path, right: list[list[str]]):
        file = read_labelled_file(path, USUAL_COLUMNS)
        record = build_record(file, FoldSettings("encoder"), find_candidates(file, believe(file, right)))
        (tmp_path / "audit.html").write_text(build_audit_page(file, USUAL_COLUMNS, record), encoding="utf-8")
        return open_page(tmp_path / "audit.html")

    return open_audit


def write_wrong(path: Path, scheme: Scheme = Scheme.IOB2, ends: str = "\n") -> tuple[Path, list[list[str]]]:
    """The sentences with four wrong labels, in a scheme; return also what is right."""
    rows = [(words, WRONG.get(row, tags)) for row, (words, tags) in enumerate(SENTENCES)]
    spelt = [(words, " ".join(convert_tags(tags.split(), Scheme.IOB2, scheme))) for words, tags in rows]
    content = write_sentences(path, spelt).read_text().replace("\n", ends)
    path.write_bytes(content.encode())
    return path, [convert_tags(tags.split(), Scheme.IOB2, scheme) for _, tags in SENTENCES]


def save(page, name: str) -> bytes:
    """What a button of the page saves."""
    with page.expect_download() as download:
        page.get_by_role("button", name=f"Save {name}").click()
    assert download.value.suggested_filename == name
    return Path(download.value.path()).read_bytes()


def apply(path: Path, decisions: bytes, folder: Path) -> bytes:
    """What the command makes of the decisions."""
    (folder / "decisions.json").write_bytes(decisions)
    apply_decisions(path, USUAL_COLUMNS, folder / "decisions.json", folder / "out")
    return (folder / "out" / path.name).read_bytes()


@pytest.mark.parametrize("scheme", [Scheme.IOB1, Scheme.IOB2, Scheme.IOBES, Scheme.BILOU])
def test_what_the_page_saves_is_what_the_command_writes(scheme, show, tmp_path):
    path, right = write_wrong(tmp_path / "wrong.conll", scheme, "\r\n")
    page = show(path, right)
    assert page.locator(".row").count() == len(WRONG)
    for _ in WRONG:
        page.keyboard.press("a")
    assert page.get_by_role("status").inner_text() == "4 of 4 decided"
    decisions = save(page, "decisions.json")
    corrected = save(page, "wrong.conll")
    assert corrected == apply(path, decisions, tmp_path)
    tags = [line.split("\t")[1] for line in corrected.decode().split("\r\n") if line]
    assert tags == [tag for row in right for tag in row]


def test_keys_accept_reject_and_take_back(show, tmp_path):
    path, right = write_wrong(tmp_path / "wrong.conll")
    page = show(path, right)
    for key in ("a", "r", "j", "k", "a", "a"):
        page.keyboard.press(key)
    # The third was accepted, then the next one.
    chosen = [row["decision"] for row in json.loads(save(page, "decisions.json"))["candidates"]]
    assert chosen == ["accept", "reject", "accept", "accept"]
    page.locator(".row").first.get_by_role("button", name="accept").click()
    assert page.get_by_role("status").inner_text() == "3 of 4 decided"


def test_an_edited_entity_is_moved_named_added_and_removed(show, tmp_path):
    path, right = write_wrong(tmp_path / "wrong.conll")
    page = show(path, right)
    row = page.locator(".row", has_text="Anna Smith moved")
    row.get_by_role("button", name="edit").click()
    row.get_by_role("button", name="end one word earlier").click()
    row.get_by_role("combobox").select_option("LOC")
    row.get_by_role("button", name="add an entity").click()
    row.get_by_role("combobox").nth(1).select_option("PER")
    # The word behind it is free, the one before it is not.
    row.get_by_role("button", name="start one word earlier").nth(1).click()
    row.get_by_role("button", name="end one word later").nth(1).click()
    decisions = save(page, "decisions.json")
    [edited] = json.loads(decisions)["candidates"]
    assert edited["entities"] == [{"type": "LOC", "start": 0, "end": 1}, {"type": "PER", "start": 1, "end": 3}]
    corrected = save(page, "wrong.conll")
    assert corrected.decode().split("\n")[:3] == ["Anna\tB-LOC", "Smith\tB-PER", "moved\tI-PER"]
    assert corrected == apply(path, decisions, tmp_path)
    for _ in range(2):
        row.get_by_role("button", name="remove the entity").first.click()
    assert save(page, "wrong.conll").decode().split("\n")[:2] == ["Anna\tO", "Smith\tO"]


def test_hostile_words_are_shown_as_they_are(show, tmp_path):
    rows = [(f"{HOSTILE} left", "B-PER O"), ("Anna", "B-PER")]
    page = show(write_sentences(tmp_path / "x.conll", rows), [["O", "O"], ["B-PER"]])
    assert page.locator(".text").inner_text() == f"{HOSTILE} left"
    assert page.evaluate("window.hacked") is None


def test_a_file_of_another_kind_is_corrected_by_the_command_only(show, tmp_path):
    path = tmp_path / "x.jsonl"
    records = [{"tokens": ["Anna", "left"], "ner_tags": tags} for tags in (["O", "O"], ["B-PER", "O"])]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    page = show(path, [["B-PER", "O"]] * 2)
    page.keyboard.press("a")
    assert page.get_by_role("button", name="Save x.jsonl").count() == 0
    corrected = apply(path, save(page, "decisions.json"), tmp_path)
    assert [json.loads(line)["ner_tags"] for line in corrected.splitlines()] == [["B-PER", "O"]] * 2
