"""The application around the protocols: errors, health, limits, what a client sees of them."""

import json

import pytest
from conftest import SENTENCES
from serving_apps import build_served_app
from starlette.testclient import TestClient

from token_classification.serving.requests import DEEPEST_NESTING

TEXTS = [words for words, _ in SENTENCES]


def test_texts_are_tagged_as_predictor_does(client, predictor):
    answer = client.post("/probe/ner", json=TEXTS)
    assert answer.status_code == 200
    assert [[tag["tag"] for tag in tags] for tags in answer.json()] == [
        [tag["tag"] for tag in tags] for tags in predictor.tag(TEXTS)
    ]


def test_half_characters_go_in_and_out(client):
    body = json.dumps(["Anna \ud83d met 東京 \U0001f600"]).encode()
    answer = client.post("/probe/ner", content=body)
    assert [tag["text"] for tag in json.loads(answer.text)[0]] == ["Anna", "\ud83d", "met", "東", "京", "\U0001f600"]
    assert "東" in answer.text


@pytest.mark.parametrize(
    ("body", "status", "error_type", "words"),
    [
        (b"", 400, "invalid_json", "not JSON"),
        (b"{", 400, "invalid_json", "not JSON"),
        (b'["a"] x', 400, "invalid_json", "character 6"),
        (b"\xff", 400, "invalid_json", "not UTF-8"),
        (b'["\xed\xa0\x80"]', 400, "invalid_json", "not UTF-8"),
        ('["a"]'.encode("utf-16"), 400, "invalid_json", "not UTF-8"),
        (b"[NaN]", 400, "invalid_json", "NaN"),
        (b"[-Infinity]", 400, "invalid_json", "-Infinity"),
        (b"[1e999]", 400, "invalid_json", "too large"),
        (b"[" + b"9" * 5000 + b"]", 400, "invalid_json", "5,000 digits"),
        (b"[" * (DEEPEST_NESTING + 1) + b"]" * (DEEPEST_NESTING + 1), 400, "invalid_json", "too deeply"),
        (b"[" * 100_000 + b"]" * 100_000, 400, "invalid_json", "too deeply"),
        (b'{"a":' * 100_000, 400, "invalid_json", "too deeply"),
        (b"[1]", 400, "invalid_request", "text 0"),
        (b'["a", ["b", 2]]', 400, "invalid_request", "text 1"),
        (json.dumps(["a"] * 9).encode(), 413, "too_many_texts", "accepted are 8"),
        (json.dumps(["a" * 501]).encode(), 413, "text_too_long", "501 characters; accepted are 500"),
        (b" " * 10_001, 413, "body_too_large", "10,000 bytes"),
    ],
)
def test_what_is_wrong_with_a_body_is_said(predictor, body, status, error_type, words):
    app = build_served_app(predictor, max_texts_per_request=8, max_text_characters=500, max_body_bytes=10_000)
    if len(body) > 10_000 and status == 400:
        app = build_served_app(predictor)
    with TestClient(app) as client:
        answer = client.post("/probe/ner", content=body)
        assert (answer.status_code, answer.json()["error_type"]) == (status, error_type)
        assert words in answer.json()["error"]
        assert client.post("/probe/ner", json=["Anna"]).status_code == 200


def test_as_many_levels_as_are_accepted(client):
    body = b"[" * DEEPEST_NESTING + b"]" * DEEPEST_NESTING
    assert client.post("/probe/ner", content=body).json()["error_type"] == "invalid_request"


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json; charset=utf-8", 200),
        ("APPLICATION/JSON", 200),
        ("application/vnd.api+json", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("json", 415),
    ],
)
def test_only_json_is_read(client, kind, status):
    assert client.post("/probe/ner", content=b'["Anna"]', headers={"Content-Type": kind}).status_code == status


@pytest.mark.parametrize(
    ("method", "path", "status", "error_type"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/probe/ner", 405, "method_not_allowed"),
        ("POST", "/live", 405, "method_not_allowed"),
        ("POST", "/probe/nre", 404, "unknown_model"),
        ("POST", "/probe/..%2f..%2fetc%2fpasswd", 404, "not_found"),
        ("POST", "/probe/%2e%2e", 404, "unknown_model"),
        ("POST", "/bug", 500, "internal_error"),
    ],
)
def test_every_error_is_json(client, method, path, status, error_type):
    answer = client.request(method, path, json=["Zanzibar"] if method == "POST" else None)
    assert (answer.status_code, answer.json()["error_type"]) == (status, error_type)
    assert "Zanzibar" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["x-request-id"]


def test_ready_only_once_the_models_are_warm(predictor):
    app = build_served_app(predictor)
    cold = TestClient(app)
    assert [cold.get(path).status_code for path in ("/live", "/ready", "/health")] == [200, 503, 503]
    with TestClient(app) as warm:
        assert [warm.get(path).status_code for path in ("/live", "/ready", "/health")] == [200, 200, 200]
        assert warm.get("/health").json()["models"] == {"ner": "ner-1", "other": "other-1"}
    assert cold.get("/ready").json()["error_type"] == "not_ready"
