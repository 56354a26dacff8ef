"""Starts servers on loopback as a user does, each a process of its own, and puts load on them; for serve_*.py."""

import http.client
import json
import os
import platform
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
LIBRARIES = ("torch", "transformers", "openvino", "onnxruntime", "fastapi", "uvicorn", "httptools", "uvloop")
ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)")
PATIENCE_S = 180.0
"""How long a server may take to start or to stop"""


class Server:
    """A server that runs."""

    def __init__(self, process: subprocess.Popen, port: int, log: Path) -> None:
        self.process, self.port, self.log = process, port, log

    def list_processes(self) -> list[psutil.Process]:
        """The server, and the processes that it started."""
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def read_cpu(self) -> float:
        """Return the seconds that its processes have computed so far."""
        return sum(sum(process.cpu_times()[:2]) for process in self.list_processes())

    def read_memory(self) -> tuple[float, float]:
        """Return resident megabytes, and those of them that no other process shares."""
        found = [process.memory_full_info() for process in self.list_processes()]
        return sum(one.rss for one in found) / 2**20, sum(one.uss for one in found) / 2**20

    def get(self, path: str) -> tuple[int, str]:
        """Return status and body of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def stop(self) -> int:
        """Stop it as a service manager does; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)


@contextmanager
def start_server(command: list[str], folder: Path, ready_path: str | None, **environment: str) -> Iterator[Server]:
    """Start a server in a folder, wait until it is ready, and stop it at the end; what it prints goes to a file there.

    `OMP_NUM_THREADS` is taken out of its environment: a user's machine lets a server use all cores.
    """
    kept = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    kept |= {"PYTHONPATH": str(ROOT)} | environment
    log = folder / f"server-{len(list(folder.glob('server-*')))}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=folder, env=kept)
    try:
        yield wait_until_ready(process, log, ready_path)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def start_ours(model: str, folder: Path, *flags: str) -> Iterator[Server]:
    """Start `token_classification serve`."""
    model = str(Path(model).resolve()) if Path(model).exists() else model
    command = [sys.executable, "-m", "token_classification", "serve", "-m", model, "--port", "0", *flags]
    return start_server(command, folder, "/ready")


def wait_until_ready(process: subprocess.Popen, log: Path, ready_path: str | None) -> Server:
    """Read the port from the server's first lines, and wait until it takes requests."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if process.poll() is not None:
            sys.exit(f"the server ended: {log.read_text(errors='replace')[-3000:]}")
        if found := ADDRESS.search(log.read_text(errors="replace")):
            server = Server(process, int(found[1]), log)
            try:
                if ready_path is None or server.get(ready_path)[0] == 200:
                    return server
            except OSError:
                pass  # it does not listen yet
        time.sleep(0.1)
    sys.exit(f"the server was not ready after {PATIENCE_S:.0f} s: {log.read_text(errors='replace')[-3000:]}")


def begin_load(server: Server, requests_file: Path, **options: object) -> subprocess.Popen:
    """Start the load generator; it prints JSON lines, the last of which are the counts."""
    flags = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    command = [sys.executable, str(ROOT / "benchmarks" / "http_load.py"), str(server.port), str(requests_file), *flags]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def run_load(server: Server, requests_file: Path, **options: object) -> dict:
    """Put load on a server; return the counts, with the milliseconds of processor time that an answer took."""
    before = server.read_cpu()
    counts = end_load(begin_load(server, requests_file, **options))
    answers = sum(counts["answered"].values())
    return counts | {"server_cpu_ms_per_request": 1000 * (server.read_cpu() - before) / max(answers, 1)}


def end_load(process: subprocess.Popen) -> dict:
    """Wait for a load generator, which ends by itself, and return its counts."""
    output, _ = process.communicate()
    if process.returncode:
        sys.exit(f"the load generator ended with {process.returncode}")
    return json.loads(output.splitlines()[-1])


def list_failures(counts: dict) -> dict[str, int]:
    """Return what no run may have: requests without an answer or a connection, statuses that nobody expects."""
    statuses = {f"status {status}": number for status, number in counts["unexpected"].items()}
    names = ("unread", "unanswered", "failed_connections", "not_sent")
    return {name: number for name, number in (statuses | {name: counts[name] for name in names}).items() if number}


def ask(path: str, body: object, status: int = 200) -> dict:
    """Return a request to a path of a server, with a JSON body (a text is sent as it is) and the expected status."""
    return {"path": path, "body": body if isinstance(body, str) else json.dumps(body), "status": status}


def write_requests(path: Path, requests: list[dict]) -> Path:
    """Write a file of requests for the load generator."""
    path.write_text("".join(json.dumps(request) + "\n" for request in requests), encoding="utf-8")
    return path


def read_texts(text_file: str) -> list[str]:
    """Return the sentences of a file in any format that training reads, as texts."""
    from token_classification.data.formats import read_sentences

    return [" ".join(words) for words in read_sentences(text_file).tokens if words]


def describe_machine() -> str:
    """Describe the machine, the versions and what else runs."""
    described = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.partition(":")[2].strip() for line in described if line.startswith("model name")), "?")
    found = []
    for name in LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{platform.platform()}, {os.cpu_count()} cores ({model}), Python {platform.python_version()}, "
        f"{', '.join(found)}; load of the last 1, 5 and 15 minutes: {load}"
    )
