"""A real Label Studio whose ML backend is the server: it stores and its editor marks the right characters.

`make label-studio` makes its environment and runs these tests.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from table_model import save_table

from token_classification import Predictor

playwright = pytest.importorskip("playwright.sync_api", reason="the browser is driven by playwright")

PROGRAM = os.environ.get("LABEL_STUDIO")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
USER, PASSWORD, TOKEN = "user@example.com", "a-password-1", "0123456789abcdef0123456789abcdef01234567"
SETTINGS = {
    "USE_DEFAULT_BANNED_SUBNETS": "false",
    "USER_ADDITIONAL_BANNED_SUBNETS": "10.0.0.0/8,169.254.0.0/16,172.16.0.0/12,192.168.0.0/16",
    "COLLECT_ANALYTICS": "false",
    "LATEST_VERSION_CHECK": "false",
    "SENTRY_DSN": "",
    "FRONTEND_SENTRY_DSN": "",
}
"""Label Studio talks to loopback, which it does not of its own accord, and to nobody else"""
START_S = 600
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

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(PROGRAM is None, reason="LABEL_STUDIO names no label-studio to start; type: make label-studio"),
]


@dataclass(frozen=True)
class LabelStudio:
    """A running Label Studio, asked as its own pages ask it."""

    address: str

    def ask(self, path: str, body: object = None, method: str | None = None) -> Any:
        """Ask, and return its answer."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Token {TOKEN}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.address}/api/{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=100) as answer:
            return json.load(answer)

    def refuse(self, path: str, body: object) -> str:
        """Ask for what is refused, and return the refusal."""
        with pytest.raises(urllib.error.HTTPError) as refused:
            self.ask(path, body)
        assert refused.value.code == 400
        return refused.value.read().decode()

    def create_project(self, texts: list[str], config: str = CONFIG) -> tuple[int, list[int]]:
        """Create a project, and return its number and those of its tasks."""
        project = self.ask("projects", {"title": "names", "label_config": config})["id"]
        return project, self.import_texts(project, texts)

    def import_texts(self, project: int, texts: list[str]) -> list[int]:
        """Add tasks, and return their numbers."""
        tasks = [{"data": {"text": text}} for text in texts]
        return self.ask(f"projects/{project}/import?return_task_ids=true", tasks)["task_ids"]

    def predict(self, project: int) -> dict[int, dict]:
        """Ask for predictions for all tasks, as its page does, and return task -> prediction."""
        selected = {"selectedItems": {"all": True, "excluded": []}}
        self.ask(f"dm/actions?id=retrieve_tasks_predictions&project={project}", selected)
        predictions = self.ask(f"predictions?task__project={project}")
        assert len({one["task"] for one in predictions}) == len(predictions)
        return {one["task"]: one for one in predictions}


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def run_server(command: list[str], port: int, path: str, log: Path, **environment: str) -> Iterator[str]:
    """Run a server until a block ends, which starts as soon as the server answers on a path; yield its address."""
    with log.open("w") as output:
        server = subprocess.Popen(command, stdout=output, stderr=output, env=os.environ | environment, cwd=log.parent)
    try:
        until = time.monotonic() + START_S
        while not is_up(f"http://127.0.0.1:{port}{path}"):
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=60)


def is_up(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


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
    """Label Studio with an empty SQLite database and one user."""
    folder, port = tmp_path_factory.mktemp("label-studio"), find_free_port()
    user = ["--username", USER, "--password", PASSWORD, "--user-token", TOKEN, "--enable-legacy-api-token"]
    place = ["--no-browser", "--internal-host", "127.0.0.1", "--port", str(port), "--data-dir", str(folder)]
    command = [str(PROGRAM), "start", *place, *user]
    # Neither our environment's packages nor an address of the developer's own Label Studio.
    environment = SETTINGS | {"PYTHONPATH": "", "HOST": ""}
    with run_server(command, port, "/health", folder / "log", **environment) as address:
        yield LabelStudio(address)


@pytest.fixture(scope="module")
def project(label_studio, backend) -> tuple[int, dict[str, int]]:
    """A project with all texts whose backend is the server; return its number, and text -> task."""
    project, tasks = label_studio.create_project(list(EXPECTED))
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
        project, _ = label_studio.create_project(texts)
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
