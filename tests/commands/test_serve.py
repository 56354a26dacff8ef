"""`serve`: its flags, the key, the address, and a signal under load, which costs no accepted request its answer."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import ROOT
from serving_apps import SECONDS

from token_classification import cli
from token_classification.arguments.serving import ServingArguments
from token_classification.commands.serve import name_models, read_key, warn_of_strangers
from token_classification.errors import UserError
from token_classification.exit_codes import EXIT_MISTAKE, run_command
from token_classification.serving.listen import accept_waiting, name_address, open_socket

BODY = json.dumps({"texts": ["Anna Smith moved from Berlin to New York ."]}).encode()


def run(*argv: str) -> int:
    return run_command(cli.run, ["serve", *argv])


@pytest.mark.parametrize(
    ("typed", "models"),
    [
        (["ner-model"], {"ner-model": "ner-model"}),
        (["runs/ner model/"], {"ner-model": "runs/ner model/"}),
        (["owner/name"], {"name": "owner/name"}),
        (["ner=a", "pos=b/c"], {"ner": "a", "pos": "b/c"}),
        (["ner=a=b"], {"ner": "a=b"}),
    ],
)
def test_models_have_names(typed, models):
    assert name_models(typed) == models


def test_a_folder_whose_name_has_an_equals_sign_is_no_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("lr=3").mkdir()
    assert name_models(["lr=3"]) == {"lr-3": "lr=3"}


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        (["a b=c"], "-m a b=c: accepted are MODEL and NAME=MODEL"),
        (["../x=c"], "accepted are MODEL and NAME=MODEL"),
        (["ner="], "accepted are MODEL and NAME=MODEL"),
        (["=c"], "accepted are MODEL and NAME=MODEL"),
        (["a/best", "b/best"], "-m b/best: there are two models of the name best; type -m NAME=MODEL"),
    ],
)
def test_names_that_are_not_accepted(typed, problem):
    with pytest.raises(UserError, match=re.escape(problem)):
        name_models(typed)


def test_the_key_is_the_first_line_of_a_file(tmp_path):
    path = tmp_path / "key"
    path.write_text("s3cret:key \r\nmore\n", encoding="utf-8-sig")
    assert read_key(f"@{path}") == "s3cret:key"
    assert read_key(None) is None


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "its first line is empty"),
        (b"\nkey", "its first line is empty"),
        (b"two words\n", "blanks or characters beyond ASCII"),
        ("schlüssel".encode(), "blanks or characters beyond ASCII"),
        (b"\xff\xfe", "not UTF-8 text"),
        (None, "No such file or directory"),
    ],
)
def test_a_key_that_no_header_can_have(tmp_path, content, problem):
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=problem) as error:
        read_key(f"@{path}")
    assert str(error.value).startswith(f"--api_key @{path}: ")


def test_a_key_that_is_typed_is_refused_and_not_repeated(capsys):
    assert run("-m", "ner", "--api_key", "s3cret") == EXIT_MISTAKE
    told = capsys.readouterr().err
    assert "every user of this machine can read a key that is typed; accepted is @FILE" in told
    assert "s3cret" not in told


@pytest.mark.parametrize(
    ("address", "key", "warns"),
    [
        ("127.0.0.1", None, False),
        ("127.0.0.5", None, False),
        ("::1", None, False),
        ("0.0.0.0", None, True),
        ("::", None, True),
        ("192.168.1.5", None, True),
        ("fe80::1%eth0", None, True),
        ("0.0.0.0", "key", False),
    ],
)
def test_who_listens_to_others_without_a_key_is_warned(caplog, address, key, warns):
    warn_of_strangers(address, ServingArguments(api_key=key))
    assert ["--api_key @FILE" in record.getMessage() for record in caplog.records] == [True] * warns


def test_a_port_that_is_taken_is_one_line(tagger_folder, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert run("-m", str(tagger_folder), "--port", str(port)) == EXIT_MISTAKE
    out, told = capsys.readouterr()
    assert told.startswith(
        f"error: --host 127.0.0.1 --port {port}: another program listens there; give another --port"
    )
    assert (out, told.count("\n")) == ("", 1)


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        ([], "-m/--model [NAME=]MODEL is missing"),
        (["-m", "nowhere/at/all"], "nowhere/at/all"),
        (["-m", "ner", "--host", "no such host"], "--host no such host: "),
        (["-m", "ner", "--host", "192.0.2.1"], "no address of this machine"),
        (["-m", "ner", "--port", "65536"], "--port must be 0 (any free port) to 65535; got 65536"),
        (["-m", "ner", "--port", "http"], "invalid int value: 'http'"),
        (["-m", "ner", "--request_timeout_s", "0"], "--request_timeout_s must be a number of seconds above 0"),
        (["-m", "ner", "--prot", "1"], "did you mean --port?"),
    ],
)
def test_a_mistake_is_said_in_a_line(flags, problem, capsys):
    port = [] if "--port" in flags or "--prot" in flags else ["--port", "0"]
    assert run(*flags, *port) == EXIT_MISTAKE
    out, told = capsys.readouterr()
    assert problem in told
    assert (out, "Traceback" in told) == ("", False)


WITHOUT = """
import sys
for name in sys.argv[1:]:
    sys.modules[name] = None
from token_classification import cli
from token_classification.exit_codes import run_command
sys.exit(run_command(cli.run, ["serve", "-m", "ner", "--port", "0"]))
"""


@pytest.mark.parametrize(
    "missing",
    [["fastapi", "starlette"], ["uvicorn"], ["httptools"], ["prometheus_client"]],
    ids=lambda names: names[0],
)
def test_without_the_extra_it_says_what_to_type(missing):
    done = subprocess.run([sys.executable, "-c", WITHOUT, *missing], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (EXIT_MISTAKE, "")
    said = 'is not installed; type in the folder of this project: pip install ".[serve]"'
    assert done.stderr == f"error: {missing[0]} {said}\n"


@pytest.mark.parametrize(("host", "start"), [("127.0.0.1", "http://127.0.0.1:"), ("::1", "http://[::1]:")])
def test_the_address_is_a_url(host, start):
    try:
        listener = open_socket(host, 0)
    except UserError:
        pytest.skip(f"{host} is no address of this machine")
    with listener:
        assert name_address(listener) == f"{start}{listener.getsockname()[1]}"


def test_those_who_wait_at_the_door_are_let_in():
    with open_socket("127.0.0.1", 0) as listener:
        listener.listen(8)
        waiting = [socket.create_connection(listener.getsockname()) for _ in range(3)]
        accepted = accept_waiting(listener)
        assert [one.getpeername() for one in accepted] == [one.getsockname() for one in waiting]
        assert accept_waiting(listener) == []
        for one in [*accepted, *waiting]:
            one.close()


@contextmanager
def serving(folder: Path, log: Path, *flags: str) -> Iterator[tuple[subprocess.Popen, tuple[str, int]]]:
    """Run the command at a free port; yields the process and its address."""
    command = [sys.executable, "-m", "token_classification", "serve", "-m", f"ner={folder}", "--port", "0", *flags]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with (
        log.open("w") as stdout,
        subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE, text=True, env=environment) as process,
    ):
        killer = threading.Timer(5 * SECONDS, process.kill)
        killer.start()
        try:
            address = None
            while address is None:
                line = process.stderr.readline()
                assert line, "it ended"
                address = re.fullmatch(r"Serving ner at http://([\d.]+):(\d+)\n", line)
            yield process, (address[1], int(address[2]))
        finally:
            killer.cancel()
            process.kill()


class Client(threading.Thread):
    """Asks again and again until nobody listens any more; keeps what went wrong."""

    LONGEST = 20_000

    def __init__(self, place: tuple[str, int], keeps_alive: bool, answered: threading.Semaphore) -> None:
        super().__init__(daemon=True)
        self.place, self.keeps_alive, self.answered = place, keeps_alive, answered
        self.answers = 0
        self.problem: str | None = "it never ended"

    def run(self) -> None:
        connection = None
        for _ in range(self.LONGEST):
            if connection is None:
                connection = http.client.HTTPConnection(*self.place, timeout=SECONDS)
                try:
                    connection.connect()
                except ConnectionRefusedError:
                    self.problem = None
                    return
            try:
                connection.request("POST", "/v1/entities", BODY, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                content = json.loads(answer.read())
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.problem = repr(error)
                return
            if answer.status != 200 or len(content["results"]) != 1:
                self.problem = f"{answer.status}: {content}"
                return
            self.answers += 1
            self.answered.release()
            if not self.keeps_alive or answer.will_close:
                connection.close()
                connection = None


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_under_load_costs_nobody_an_answer(tagger_folder, tmp_path, number):
    log = tmp_path / "log"
    with serving(tagger_folder, log, "--batch_wait_ms", "20") as (process, place):
        answered = threading.Semaphore(0)
        clients = [Client(place, keeps_alive, answered) for keeps_alive in (True, False) * 8]
        for client in clients:
            client.start()
        for _ in range(100):
            assert answered.acquire(timeout=SECONDS)
        process.send_signal(number)
        for client in clients:
            client.join(SECONDS)
        told = process.stderr.read()
        assert process.wait(SECONDS) == 0
    assert [client.problem for client in clients] == [None] * len(clients)
    assert told.splitlines() == ["Every accepted request has been answered."]
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert len(lines) == sum(client.answers for client in clients) >= 100
    assert {line["status"] for line in lines} == {200}


@pytest.mark.slow
def test_one_who_has_sent_half_a_request_is_waited_for(tagger_folder, tmp_path):
    head = b"POST / HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n"
    request = head + b'{"inputs": "Anna"}'
    with serving(tagger_folder, tmp_path / "log") as (process, place):
        client = socket.create_connection(place, timeout=SECONDS)
        client.sendall(request[:-5])
        idle = socket.create_connection(place, timeout=SECONDS)
        process.send_signal(signal.SIGTERM)
        assert idle.recv(1) == b""  # closed: it has begun to shut down
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(place)
        client.sendall(request[-5:])
        assert client.recv(100).startswith(b"HTTP/1.1 200 ")
        assert process.wait(SECONDS) == 0
        client.close()
        idle.close()
