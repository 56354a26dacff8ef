"""Every command, client and configuration of docs/serving.md, tried on a server that its first command starts."""

import http.client
import json
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import huggingface_hub
import playwright
import pytest
import servers
import yaml
from conftest import ROOT
from test_readme import read_blocks, read_commands

pytest.importorskip("uvicorn", reason='needs the extra "serve"')

PAGE = ROOT / "docs" / "serving.md"
ADDRESS = "127.0.0.1:8080"
SERVE = [command for command in read_commands(PAGE) if command.startswith("token_classification serve")]
TEXT = "Anna Smith moved to New York."


@pytest.fixture(scope="module")
def folder(tagger_folder, tmp_path_factory) -> Path:
    """A working folder with the files that the commands name."""
    folder = tmp_path_factory.mktemp("work")
    for name in ("ner-model", "pos-model"):
        (folder / name).symlink_to(tagger_folder)
    (folder / "ner.key").write_text("a secret\n")
    return folder


def start(command: str, folder: Path, port: int = 0):
    """Start what a command says, at a port of its own or a given one."""
    words = [*shlex.split(command)[1:], "--port", str(port)]
    return servers.start_server([sys.executable, "-m", "token_classification", *words], folder, "/ready")


@pytest.fixture(scope="module")
def server(folder):
    """The server of the first command."""
    with start(SERVE[0], folder) as server:
        yield server


@pytest.mark.slow
@pytest.mark.parametrize("command", SERVE[1:])
def test_servers_start_and_end(command, folder):
    with start(command, folder) as server:
        assert server.get("/health")[0] == 200
        if "--reuse_port" in command:
            with start(command, folder, server.port) as another:
                assert another.stop() == 0
                assert server.get("/health")[0] == 200
        assert server.stop() == 0


def test_every_request_is_answered(server):
    commands = [command for command in read_commands(PAGE) if not command.startswith("token_classification serve")]
    assert len(commands) >= 2
    for command in commands:
        words = shlex.split(command.replace(ADDRESS, f"127.0.0.1:{server.port}"))
        assert words[0] == "curl", f"no test runs: {command}"
        done = subprocess.run([*words, "--fail", "--silent"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, command + done.stdout + done.stderr
        assert json.loads(done.stdout)


def test_the_python_client_works(server, capsys, monkeypatch):
    # Offline, it refuses even a server on the same machine.
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    [example] = read_blocks(PAGE, "python")
    exec(example.replace(ADDRESS, f"127.0.0.1:{server.port}"), {})
    assert capsys.readouterr().out.count("\n") == len(ask_for_entities(server, TEXT))


def test_the_javascript_client_works(server):
    [example] = read_blocks(PAGE, "javascript")
    # The browser's driver brings node along.
    node = shutil.which("node") or str(Path(playwright.__file__).parent / "driver" / "node")
    script = example.replace(ADDRESS, f"127.0.0.1:{server.port}")
    done = subprocess.run(
        [node, "--input-type=module", "-e", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    [text] = re.findall(r'const text = "(.*)";', example)
    assert "👋" in text
    expected = [f"{one['word']} {one['entity_group']}" for one in ask_for_entities(server, text)]
    assert done.stdout.splitlines() == expected


def ask_for_entities(server, text: str) -> list[dict]:
    """Ask a server directly."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("POST", "/", json.dumps({"inputs": text}), {"Content-Type": "application/json"})
    return json.loads(connection.getresponse().read())


@pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed")
def test_nginx_passes_requests_on(server, tmp_path):
    [block] = read_blocks(PAGE, "nginx")
    # Without TLS, for which there is no certificate here.
    block = re.sub(r"\n *ssl_.*", "", block).replace("listen 443 ssl", f"listen unix:{tmp_path}/nginx.sock")
    block = block.replace(ADDRESS, f"127.0.0.1:{server.port}")
    paths = "".join(
        f"{name}_temp_path {tmp_path}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {tmp_path}/nginx.pid; error_log {tmp_path}/error.log;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{paths}{block}}}\n"
    )
    process = subprocess.Popen(["nginx", "-c", tmp_path / "nginx.conf", "-e", tmp_path / "error.log"])
    try:
        deadline = time.monotonic() + 20
        while not (tmp_path / "nginx.sock").exists():
            assert process.poll() is None, (tmp_path / "error.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        words = ["curl", "--silent", "--fail", "--unix-socket", tmp_path / "nginx.sock", "http://ner.example.org/"]
        body = json.dumps({"inputs": TEXT})
        done = subprocess.run(
            [*words, "-H", "Content-Type: application/json", "-d", body], capture_output=True, check=False
        )
        assert json.loads(done.stdout) == ask_for_entities(server, TEXT)
    finally:
        process.terminate()
        process.wait(20)


def test_probes_and_commands_of_the_configurations_are_those_of_the_server(server):
    [pod] = [yaml.safe_load(block) for block in read_blocks(PAGE, "yaml")]
    [container] = pod["containers"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert server.get(container[probe]["httpGet"]["path"])[0] == 200
