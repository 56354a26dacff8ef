"""A Label Studio that runs, for tests; `make label-studio` makes its environment."""

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from span_documents import LABELS

PROGRAM = os.environ.get("LABEL_STUDIO")
NEEDS_PROGRAM = pytest.mark.skipif(
    PROGRAM is None, reason="LABEL_STUDIO names no label-studio to start; type: make label-studio"
)
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
CONFIG_OF_LABELS = f"""<View><Labels name="label" toName="text">
{"".join(f'<Label value="{label}"/>' for label in LABELS)}</Labels>
<Text name="text" value="$text"/></View>"""
"""The project that our tasks are for, with the labels of hostile documents"""
START_S = 600
BOUNDARY = "between-the-parts-of-a-form"


@dataclass(frozen=True)
class LabelStudio:
    """A running Label Studio, asked as its own pages ask it."""

    address: str

    def ask(self, path: str, body: object = None, method: str | None = None) -> Any:
        """Ask, and return its answer."""
        data = None if body is None else json.dumps(body).encode()
        return json.loads(self.request(path, data, method=method))

    def request(
        self, path: str, data: bytes | None = None, kind: str = "application/json", method: str | None = None
    ) -> bytes:
        """Send what is of some kind, and return the bytes of the answer."""
        headers = {"Authorization": f"Token {TOKEN}", "Content-Type": kind}
        request = urllib.request.Request(f"{self.address}/api/{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=100) as answer:
            return answer.read()

    def refuse(self, path: str, body: object) -> str:
        """Ask for what is refused, and return the refusal."""
        with pytest.raises(urllib.error.HTTPError) as refused:
            self.ask(path, body)
        assert refused.value.code == 400
        return refused.value.read().decode()

    def create_project(self, texts: list[str], config: str) -> tuple[int, list[int]]:
        """Create a project, and return its number and those of its tasks."""
        project = self.ask("projects", {"title": "names", "label_config": config})["id"]
        return project, self.import_texts(project, texts) if texts else []

    def import_texts(self, project: int, texts: list[str]) -> list[int]:
        """Add tasks, and return their numbers."""
        tasks = [{"data": {"text": text}} for text in texts]
        return self.ask(f"projects/{project}/import?return_task_ids=true", tasks)["task_ids"]

    def import_file(self, project: int, path: Path) -> dict[str, Any]:
        """Add the tasks of a file, as the page for imports does, and return what it says."""
        head = (
            f"--{BOUNDARY}\r\nContent-Disposition: form-data; "
            f'name="file"; filename="{path.name}"\r\nContent-Type: application/json\r\n\r\n'
        )
        form = head.encode() + path.read_bytes() + f"\r\n--{BOUNDARY}--\r\n".encode()
        answer = self.request(f"projects/{project}/import", form, f"multipart/form-data; boundary={BOUNDARY}")
        return json.loads(answer)

    def export(self, project: int, kind: str) -> bytes:
        """Return the export of a project with all its tasks, `JSON`, `JSON_MIN` or `CONLL2003`."""
        return self.request(f"projects/{project}/export?exportType={kind}&download_all_tasks=true")

    def predict(self, project: int) -> dict[int, dict]:
        """Ask for predictions for all tasks, as its page does, and return task -> prediction."""
        selected = {"selectedItems": {"all": True, "excluded": []}}
        self.ask(f"dm/actions?id=retrieve_tasks_predictions&project={project}", selected)
        predictions = self.ask(f"predictions?task__project={project}")
        assert len({one["task"] for one in predictions}) == len(predictions)
        return {one["task"]: one for one in predictions}


def find_free_port() -> int:
    """Return a port of loopback that nobody listens on."""
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
    """Tell whether a server answers."""
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


@contextmanager
def run_label_studio(folder: Path) -> Iterator[LabelStudio]:
    """Run Label Studio with an empty SQLite database in a folder and one user, until a block ends."""
    port = find_free_port()
    user = ["--username", USER, "--password", PASSWORD, "--user-token", TOKEN, "--enable-legacy-api-token"]
    place = ["--no-browser", "--internal-host", "127.0.0.1", "--port", str(port), "--data-dir", str(folder)]
    command = [str(PROGRAM), "start", *place, *user]
    # Neither our environment's packages nor an address of the developer's own Label Studio.
    environment = SETTINGS | {"PYTHONPATH": "", "HOST": ""}
    with run_server(command, port, "/health", folder / "log", **environment) as address:
        yield LabelStudio(address)
