"""The images of the Dockerfile, as far as that needs no Docker: what is copied, what runs, the health check."""

import json
import re
import shlex
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from conftest import ROOT

LINES = [
    line
    for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    if line and not line.startswith("#")
]


def read_stages() -> dict[str, list[str]]:
    """Name of a stage -> its instructions, after those of the stage that it builds on."""
    stages: dict[str, list[str]] = {}
    for line in LINES:
        if line.startswith("FROM "):
            _, source, _, name = line.split()
            stages[name] = list(stages.get(source, []))
        else:
            stages[name].append(line)
    return stages


def find_list(stage: str, instruction: str) -> list[str]:
    """The JSON list of a stage's last instruction of a kind."""
    [*_, last] = [line for line in read_stages()[stage] if line.startswith(f"{instruction} ")]
    return json.loads(last[last.index("[") :])


def test_the_image_of_the_commands_is_built_without_a_target():
    assert list(read_stages())[-1] == "commands"
    assert find_list("commands", "ENTRYPOINT") == ["token_classification"]


def test_what_is_copied_exists_and_is_not_ignored():
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    copied = [name for line in LINES if line.startswith("COPY ") for name in shlex.split(line)[1:-1]]
    assert len(copied) > 5
    for name in copied:
        assert (ROOT / name).exists()
        assert f"!{name}" in ignored


@pytest.mark.parametrize(
    ("stage", "option"),
    [
        ("serve", "--no-deps --requirement /project/requirements-serving.txt"),
        ("commands", "--constraint /project/requirements-test.txt"),
    ],
)
def test_images_install_within_the_pins_and_run_as_a_user(stage, option):
    instructions = read_stages()[stage]
    [install] = [line for line in instructions if line.startswith("RUN pip install")]
    assert option in install
    assert "USER user" in instructions


def test_the_image_that_serves_holds_what_is_imported_and_neither_torch_nor_transformers():
    pins = re.findall(r"^([\w.-]+)==", (ROOT / "requirements-serving.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert {"openvino", "onnxruntime", "tokenizers", "numpy", "fastapi"} <= set(pins)
    assert set(pins) & {"torch", "transformers", "datasets", "pyarrow", "pandas", "scipy", "huggingface_hub"} == set()


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_the_health_check_asks_whether_the_server_is_ready(status, code):
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        program, *words = find_list("serve", "HEALTHCHECK")
        assert program == "python"
        command = [word.replace("8080", str(server.server_port)) for word in words]
        assert subprocess.run([sys.executable, *command], check=False).returncode == code
        server.shutdown()
    assert asked == ["/ready"]


def test_the_health_check_fails_where_nothing_listens():
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        port = server.server_port
    command = [word.replace("8080", str(port)) for word in find_list("serve", "HEALTHCHECK")[1:]]
    assert subprocess.run([sys.executable, *command], capture_output=True, check=False).returncode != 0
