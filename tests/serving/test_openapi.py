"""The OpenAPI document: what it says holds, whatever is sent."""

import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

CONFIG = """
[checks.negative_data_rejection]
# A text or a list that is too long is refused with 413.
expected-statuses = [400, 401, 404, 405, 413, 415, 422]

[[operations]]
# JSON schemas can't say that a tensor has as many texts as its shape says.
include-path-regex = "/infer$"
checks.positive_data_acceptance.enabled = false
"""
EXAMPLES = 10
"""Random requests for each path and method, beside those that go through the fields one by one"""


def test_schemathesis_finds_nothing(address, tmp_path):
    pytest.importorskip("schemathesis", reason="see requirements-test.txt")
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")), "--config-file", "schemathesis.toml"),
        *("run", f"{address}/openapi.json", "--max-examples", str(EXAMPLES), "--generation-deterministic"),
        "--no-color",
    ]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, "\n".join(line[:300] for line in run.stdout.splitlines()[-100:])
    assert "No issues found" in run.stdout


def test_the_document_names_the_models_their_labels_and_the_limits(address):
    document = httpx2.get(f"{address}/openapi.json").json()
    [name] = document["paths"]["/models/{name}"]["post"]["parameters"]
    assert name["schema"]["enum"] == ["ner", "other"]
    question = document["paths"]["/v1/entities"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    threshold = question["properties"]["threshold"]["anyOf"][0]["anyOf"][1]
    assert threshold["properties"].keys() == {"LOC", "PER"}
    texts = question["properties"]["texts"]
    assert texts["maxItems"] == 1024
    assert texts["items"]["anyOf"][0]["maxLength"] == 100_000


def test_examples_are_answered(address):
    document = httpx2.get(f"{address}/openapi.json").json()
    answered = []
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            if "requestBody" not in described:
                continue
            body = described["requestBody"]["content"]["application/json"].get("example")
            if body is not None:
                url = address + path.format(name="ner", version="ner-1")
                assert httpx2.request(method, url, json=body).status_code == 200
                answered.append(path)
    assert {"/", "/v1/entities", "/v2/models/{name}/infer"} <= set(answered)
