"""A real Label Studio whose ML backend is the server: it stores and its editor marks the right characters.

`make label-studio` makes its environment and runs these tests.
"""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT
from running_label_studio import (
    NEEDS_PROGRAM,
    PASSWORD,
    USER,
    LabelStudio,
    find_free_port,
    run_label_studio,
    run_server,
)
from table_model import save_table

from token_classification import Predictor

playwright = pytest.importorskip("playwright.sync_api", reason="the browser is driven by playwright")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ROWS = {
    "Mira": {"B-PER": 9.0},
    "Tol": {"B-PER": 9.0},
    "Kas": {"I-PER": 9.0},
    "😀": {"I-PER": 9.0},
    "Ber": {"B-LOC": 9.0},
    "東": {"B-LOC": 9.0},
}
"""Sub-token -> what it is; every other one is outside"""
CONFIG = """<View>
  <Choices name="mood" toName="text"><Choice value="good"/><Choice value="bad"/></Choices>
  <Labels name="label" toName="text">
    <Label value="Person" alias="PER"/><Label value="Place" predicted_values="LOC"/>
  </Labels>
  <Text name="text" value="$text"/>
</View>"""
STORED = {"PER": "PER", "LOC": "Place"}
"""Label of the model -> what Label Studio stores"""
EXPECTED = {
    "Mira met Tol Kas in Ber.": [("Mira", "PER"), ("Tol Kas", "PER"), ("Ber", "Place")],
    "nothing in here": [],
    " \t 😀 in, 👨‍👩‍👧 met Mira": [("😀", "PER"), ("Mira", "PER")],
    "Mira Tol Mira": [("Mira", "PER"), ("Tol", "PER"), ("Mira", "PER")],
    "met in " * 300 + "🇩🇪 Tol 😀": [("Tol 😀", "PER")],
    "\n\n  Mira\r\nmet 👋🏽\n\n東 e\u0301 𝔘 Ber  ": [("Mira", "PER"), ("東", "Place"), ("Ber", "Place")],
    "met": [],
}
"""Text -> what is marked in it, as read off ROWS"""

pytestmark = [pytest.mark.slow, NEEDS_PROGRAM]


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return save_table(tmp_path_factory.mktemp("model"), ROWS)


@pytest.fixture(scope="module")
def serve(model, tmp_path_factory):
    """Give a function that serves the model, with further flags, until a block ends."""

    def run(*flags: str):
        port = find_free_port()
        program = [
            sys.executable,
            "-m",
            "token_classification",
            "serve",
            "-m",
            str(model),
            "--port",
            str(port),
            *flags,
        ]
        return run_server(program, port, "/ready", tmp_path_factory.mktemp("serve") / "log", PYTHONPATH=str(ROOT))

    return run


@pytest.fixture(scope="module")
def backend(serve) -> Iterator[str]:
    with serve() as address:
        yield address


@pytest.fixture(scope="module")
def label_studio(tmp_path_factory) -> Iterator[LabelStudio]:
    with run_label_studio(tmp_path_factory.mktemp("label-studio")) as running:
        yield running


@pytest.fixture(scope="module")
def project(label_studio, backend) -> tuple[int, dict[str, int]]:
    """A project with all texts whose backend is the server; return its number, and text -> task."""
    project, tasks = label_studio.create_project(list(EXPECTED), CONFIG)
    connected = label_studio.ask("ml", {"project": project, "url": backend, "title": "names"})
    assert connected["state"] == "CO"
    return project, dict(zip(EXPECTED, tasks, strict=True))


@pytest.fixture(scope="module")
def page(label_studio, tmp_path_factory):
    """A page of Chromium in which the user is logged in."""
    arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    with playwright.sync_playwright() as driver:
        context = driver.chromium.launch_persistent_context(
            str(tmp_path_factory.mktemp("profile")), executable_path=CHROMIUM, args=arguments
        )
        page = context.new_page()
        page.set_default_timeout(60_000)
        playwright.expect.set_options(timeout=60_000)
        page.goto(f"{label_studio.address}/user/login/")
        page.fill("input[name=email]", USER)
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(f"{label_studio.address}/")
        yield page
        context.close()


def open_task(page, label_studio: LabelStudio, project: int, task: int, marks: int) -> None:
    """Open a task in the editor, and wait until as many regions are marked."""
    page.goto(f"{label_studio.address}/projects/{project}/data?task={task}")
    page.get_by_role("button", name="Submit").wait_for()
    playwright.expect(page.locator(".htx-highlight[data-label]")).to_have_count(marks)


def list_marked(text: str, result: list[dict]) -> list[tuple[str, str]]:
    """What Label Studio stores as marked in a text: characters, label."""
    for region in result:
        value = region["value"]
        assert text[value["start"] : value["end"]] == value["text"]
        assert (region["from_name"], region["to_name"], region["type"]) == ("label", "text", "labels")
    return [(text[one["value"]["start"] : one["value"]["end"]], one["value"]["labels"][0]) for one in result]


def test_a_batch_of_tasks(label_studio, project, model):
    number, tasks = project
    stored = label_studio.predict(number)
    assert set(stored) == set(tasks.values())
    predictor = Predictor.from_pretrained(model)
    for text, task in tasks.items():
        prediction = stored[task]
        assert list_marked(text, prediction["result"]) == EXPECTED[text]
        found = [
            {"start": one["start"], "end": one["end"], "text": one["text"], "labels": [STORED[one["label"]]]}
            for one in predictor(text)
        ]
        assert [region["value"] for region in prediction["result"]] == found
        scores = [region["score"] for region in prediction["result"]]
        assert scores == pytest.approx([one["score"] for one in predictor(text)], abs=1e-6)
        assert prediction["score"] == pytest.approx(min(tag["score"] for tag in predictor.tag(text)), abs=1e-6)


def test_one_task_that_is_opened(label_studio, project):
    number, _ = project
    text = "  👋 Tol met Ber"
    [task] = label_studio.import_texts(number, [text])
    [prediction] = label_studio.ask(f"tasks/{task}")["predictions"]
    assert list_marked(text, prediction["result"]) == [("Tol", "PER"), ("Ber", "Place")]


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here (on Debian: apt-get install chromium)")
def test_the_editor_marks_the_right_characters(label_studio, project, page):
    number, tasks = project
    label_studio.predict(number)
    shown = {"PER": "Person", "Place": "Place"}
    for text, expected in EXPECTED.items():
        if not expected:
            continue
        open_task(page, label_studio, number, tasks[text], len(expected))
        marks = page.locator(".htx-highlight").evaluate_all(
            "marks => marks.map((mark) => [mark.textContent, mark.dataset.label.replace(/^[0-9]+:/, '')])"
        )
        assert [tuple(mark) for mark in marks] == [(marked, shown[label]) for marked, label in expected]


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here (on Debian: apt-get install chromium)")
def test_the_editor_counts_code_points(label_studio, project, page):
    number, tasks = project
    label_studio.predict(number)
    text = " \t 😀 in, 👨‍👩‍👧 met Mira"
    open_task(page, label_studio, number, tasks[text], 2)
    page.get_by_text("Place", exact=True).click()
    # A user marks a word by hand: the one between the family of three and the last name.
    page.evaluate(
        """() => {
             const [, last] = document.querySelectorAll(".htx-highlight");
             const before = last.previousSibling, end = before.data.lastIndexOf("met") + 3;
             getSelection().setBaseAndExtent(before, end - 3, before, end);
             last.closest(".lsf-htx-richtext").dispatchEvent(new MouseEvent("mouseup", {bubbles: true}));
           }"""
    )
    page.locator(".htx-highlight").nth(2).wait_for()
    with page.expect_response(lambda answer: "/annotations" in answer.url and answer.request.method == "POST"):
        page.get_by_role("button", name="Submit").click()
    [annotation] = label_studio.ask(f"tasks/{tasks[text]}")["annotations"]
    marked = list_marked(text, annotation["result"])
    assert sorted(marked) == sorted([*EXPECTED[text], ("met", "Place")])
    assert max(region["value"]["end"] for region in annotation["result"]) == len(text)


def test_the_version_of_the_model(label_studio, project):
    number, _ = project
    [backend] = label_studio.ask(f"ml?project={number}")
    [prediction, *_] = label_studio.predict(number).values()
    assert prediction["model_version"] == backend["model_version"]
    assert label_studio.ask(f"ml/{backend['id']}/versions")["versions"] == [backend["model_version"]]


def test_a_key_is_the_password(label_studio, serve, tmp_path):
    (tmp_path / "key").write_text("a-secret-key\n")
    texts = ["Mira met Tol in Ber."]
    with serve("--api_key", f"@{tmp_path / 'key'}") as address:
        project, _ = label_studio.create_project(texts, CONFIG)
        body = {"project": project, "url": address, "title": "names"}
        assert "doesn't look like a valid ML backend" in label_studio.refuse("ml", body)
        credentials = {"auth_method": "BASIC_AUTH", "basic_auth_user": "anybody", "basic_auth_pass": "a-secret-key"}
        assert label_studio.ask("ml", body | credentials)["state"] == "CO"
        [prediction] = label_studio.predict(project).values()
    assert [marked for marked, _ in list_marked(texts[0], prediction["result"])] == ["Mira", "Tol", "Ber"]


@pytest.mark.parametrize(
    ("old", "new"), [('<Text name="text" value="$text"/>', '<HyperText name="text" value="$text"/>'), ("PER", "Date")]
)
def test_a_project_that_does_not_fit_is_refused(label_studio, backend, old, new):
    config = CONFIG.replace("LOC", "Time").replace("Person", "Day").replace(old, new)
    project, _ = label_studio.create_project(["Mira"], config)
    refusal = label_studio.refuse("ml", {"project": project, "url": backend, "title": "names"})
    assert "doesn't look like a valid ML backend" in refusal
    assert "422" in refusal
