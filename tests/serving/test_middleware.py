"""What surrounds every request: ids, the access log, metrics, the key."""

import asyncio
import base64
import json
import logging
import re
from io import StringIO

import pytest
from serving_apps import build_served_app
from starlette.testclient import TestClient

from token_classification.serving.access_log import AccessLog
from token_classification.serving.auth import OPEN_PATHS
from token_classification.serving.exchange import Exchange

SECRET = "Zanzibar"


def read_log(log: StringIO) -> list[dict]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_a_request_leaves_a_line_without_its_texts(predictor):
    log = StringIO()
    with TestClient(build_served_app(predictor, log)) as client:
        client.post("/probe/ner", json=[SECRET, f"{SECRET} again"], headers={"X-Request-Id": "order-17"})
        client.post(f"/probe/{SECRET}", json=[SECRET])
        client.get(f"/{SECRET}?text={SECRET}")
    first, second, third = read_log(log)
    time, milliseconds = first.pop("time"), first.pop("ms")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", time)
    assert 0 < milliseconds < 60_000
    assert first == {
        "request_id": "order-17",
        "method": "POST",
        "path": "/probe/{name}",
        "status": 200,
        "error_type": None,
        "texts": 2,
        "characters": len(SECRET) * 2 + len(" again"),
    }
    assert (second["path"], second["status"], second["error_type"]) == ("/probe/{name}", 404, "unknown_model")
    assert (third["path"], third["status"], third["error_type"]) == ("unknown", 404, "not_found")
    assert SECRET not in log.getvalue()


@pytest.mark.parametrize("sent", ["order-17", "a.B_c-9", "x" * 64])
def test_a_plain_request_id_is_taken_over(client, sent):
    assert client.get("/live", headers={"X-Request-Id": sent}).headers["x-request-id"] == sent


@pytest.mark.parametrize("sent", ["", "x" * 65, "two words", 'a"b', "a\\u000ab", "é".encode(), "{}"])
def test_any_other_request_id_is_replaced(client, sent):
    ids = [client.get("/live", headers={"X-Request-Id": sent}).headers["x-request-id"] for _ in range(2)]
    assert all(re.fullmatch("[0-9a-f]{16}", one) for one in ids)
    assert ids[0] != ids[1]


def test_a_bug_is_logged_with_its_place_but_without_values(predictor, caplog):
    log = StringIO()
    with TestClient(build_served_app(predictor, log)) as client, caplog.at_level(logging.ERROR):
        answer = client.post("/bug", json=SECRET, headers={"X-Request-Id": "order-17"})
        assert client.get("/live").status_code == 200
    assert answer.json() == {"error": "a bug of the server; its log says more", "error_type": "internal_error"}
    assert read_log(log)[0]["status"] == 500
    [record] = caplog.records
    assert "order-17: KeyError" in record.getMessage()
    assert "serving_apps.py" in record.getMessage()
    assert SECRET not in caplog.text


def test_a_log_that_nobody_reads_ends_and_says_so(caplog):
    class Closed(StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError(32, "Broken pipe")

    log = AccessLog(Closed())
    log.write(Exchange("GET"))
    log.write(Exchange("GET"))
    assert [record.getMessage() for record in caplog.records] == [
        "The access log can't be written (Broken pipe): it ends here."
    ]


def read_metrics(client: TestClient) -> dict[str, float]:
    """Series -> value."""
    lines = [line for line in client.get("/metrics").text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_metrics_count_requests_texts_and_batches(predictor):
    with TestClient(build_served_app(predictor)) as client:
        before = read_metrics(client)
        for _ in range(3):
            client.post("/probe/other", json=["Anna left Paris .", "Boston"])
        client.post("/probe/nowhere", json=["Anna"])
        after = read_metrics(client)

    def grew(name: str) -> float:
        return after[f"token_classification_{name}"] - before.get(f"token_classification_{name}", 0)

    assert grew('requests_total{method="POST",path="/probe/{name}",status="200"}') == 3
    assert grew('requests_total{method="POST",path="/probe/{name}",status="404"}') == 1
    assert grew('errors_total{kind="unknown_model"}') == 1
    assert grew('texts_total{model="other"}') == 6
    assert grew('characters_total{model="other"}') == 3 * len("Anna left Paris .Boston")
    assert grew('request_seconds_count{path="/probe/{name}"}') == 4
    # Warming up has run batches of both models; only one has been asked since.
    assert grew('batch_windows_count{model="ner"}') == 0
    assert grew('batch_windows_sum{model="other"}') == 6
    tokens, positions = grew('tokens_total{model="other"}'), grew('positions_total{model="other"}')
    assert 0 < tokens < positions
    sums = [after[f'token_classification_{name}_total{{model="other"}}'] for name in ("tokens", "positions")]
    assert after['token_classification_padding_share{model="other"}'] == pytest.approx(1 - sums[0] / sums[1])
    assert after['token_classification_queue_length{model="other"}'] == 0


def test_the_length_of_the_queue_is_read_when_it_is_asked_for(predictor):
    app = build_served_app(predictor)
    with TestClient(app) as client:
        app.state.models.choose("other").queue.depth = 7
        assert read_metrics(client)['token_classification_queue_length{model="other"}'] == 7
        app.state.models.choose("other").queue.depth = 0


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.fixture(scope="module")
def guarded(predictor):
    with TestClient(build_served_app(predictor, api_key="s3cret:key")) as client:
        yield client


@pytest.mark.parametrize(
    "sent", ["Bearer s3cret:key", "bearer s3cret:key", basic("label-studio", "s3cret:key"), basic("", "s3cret:key")]
)
def test_who_has_the_key_is_answered(guarded, sent):
    assert guarded.post("/probe/ner", json=["Anna"], headers={"Authorization": sent}).status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "",
        "Bearer",
        "Bearer s3cret",
        "Bearer s3cret:key2",
        "s3cret:key",
        "Token s3cret:key",
        basic("s3cret", "key"),
        basic("s3cret:key", ""),
        "Basic %%%",
        "Basic s3cret:key",
        "Bearer é".encode(),
    ],
)
@pytest.mark.parametrize("path", ["/probe/ner", "/metrics", "/openapi.json", "/nowhere"])
def test_who_has_not_is_refused_before_anything_is_read(guarded, sent, path):
    headers = {} if sent is None else {"Authorization": sent}
    answer = guarded.request("POST" if path == "/probe/ner" else "GET", path, headers=headers)
    assert (answer.status_code, answer.json()["error_type"]) == (401, "unauthorized")
    assert answer.headers["www-authenticate"] == 'Bearer, Basic realm="token_classification", charset="UTF-8"'
    assert "s3cret" not in answer.text


def test_health_checks_need_no_key(guarded):
    assert {guarded.get(path).status_code for path in ("/live", "/ready", "/health")} == {200}
    assert {"/live", "/ready", "/health"} <= OPEN_PATHS


def test_a_request_that_is_cancelled_is_still_answered(predictor):
    """The server cancels what takes too long while it shuts down."""
    app = build_served_app(predictor)  # its queues are not started: nothing is ever tagged
    sent = []

    async def send(message: dict) -> None:
        sent.append(message)

    async def ask() -> None:
        messages = [{"type": "http.request", "body": b'["Anna"]', "more_body": False}]

        async def receive() -> dict:
            return messages.pop() if messages else await asyncio.Event().wait()

        scope = {"type": "http", "method": "POST", "path": "/probe/ner", "query_string": b"", "headers": []}
        task = asyncio.create_task(app(scope | {"raw_path": b"/probe/ner"}, receive, send))
        while not app.state.models.choose(None).queue.depth:
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait_for(task, 10)

    asyncio.run(ask())
    assert sent[0]["status"] == 503
    assert json.loads(sent[1]["body"])["error_type"] == "shutting_down"
