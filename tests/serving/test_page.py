"""What is sent at `/`, and to whom; what the page does is seen in test_page_in_browser.py and test_page_in_use.py."""

import json
import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from serving_apps import build_served_app

from serving.page_server import describe_model
from token_classification.arguments.serving import ServingArguments
from token_classification.data.formats.record_columns import TEXT_COLUMNS
from token_classification.serving import page

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture
def client() -> TestClient:
    """A client of an app in which others answer at `/` too."""
    app = FastAPI()
    app.include_router(page.build_router([describe_model("ner"), describe_model("pos")], ServingArguments()))
    app.add_api_route("/", lambda: {"status": "UP"}, methods=["GET"])
    app.add_api_route("/", lambda: ["posted"], methods=["POST"])
    return TestClient(app)


def test_a_browser_gets_the_page_and_others_what_else_is_there(client) -> None:
    answer = client.get("/", headers=BROWSER)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text.startswith("<!doctype html>")
    assert answer.headers["vary"] == "Accept"
    for accepted in ("*/*", "application/json"):
        assert client.get("/", headers={"Accept": accepted}).json() == {"status": "UP"}
    assert client.post("/", headers=BROWSER).json() == ["posted"]


def test_the_page_forbids_itself_everything_but_its_own_parts(client) -> None:
    headers = client.get("/", headers=BROWSER).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert (
        policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    )
    assert policy["connect-src"] == "'self'"
    for kind in ("script-src", "style-src"):
        assert re.fullmatch(r"'sha256-[\w+/]{43}='", policy[kind])
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_the_page_names_no_model_and_nothing_outside(client) -> None:
    text = client.get("/", headers=BROWSER).text
    assert re.findall(r"\b(?:ner|pos|LOC|ORG|PER)\b", text) == []
    assert re.findall(r"https?://\S+|(?:src|href)=\S+", text) == ['href="data:,">']
    assert re.findall(r' style="| on\w+="', text) == []


def test_the_page_knows_the_columns_of_texts_and_how_many_texts_are_accepted() -> None:
    columns = json.dumps(TEXT_COLUMNS, separators=(",", ":"))
    assert f'"text_columns":{columns}' in page.build_page(ServingArguments()).text
    assert '"texts_per_request":7}' in page.build_page(ServingArguments(max_texts_per_request=7)).text


def test_the_models_are_listed(client) -> None:
    labels = ["LOC", "ORG", "PER"]
    assert client.get("/v1/models").json() == {
        "models": [{"name": name, "version": f"{name}-1", "labels": labels} for name in ("ner", "pos")]
    }


def test_the_page_needs_no_key_and_everything_behind_it_does(predictor) -> None:
    with TestClient(build_served_app(predictor, api_key="s3cret")) as client:
        page_answer = client.get("/", headers=BROWSER)
        assert page_answer.status_code == 200
        assert "s3cret" not in page_answer.text
        assert client.post("/", headers=BROWSER).status_code == 401
        assert client.get("/v1/models").status_code == 401
        answer = client.get("/v1/models", headers={"Authorization": "Bearer s3cret"})
        labels = ["LOC", "PER"]
        assert answer.json()["models"] == [
            {"name": name, "version": f"{name}-1", "labels": labels} for name in ("ner", "other")
        ]
