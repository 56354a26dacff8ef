"""Hugging Face's client for JavaScript; `make javascript-client` installs it."""

import json
import os
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("JAVASCRIPT_CLIENT", "nowhere"))
SCRIPT = """
import { InferenceClient } from "@huggingface/inference";
const client = new InferenceClient().endpoint(process.argv[1]);
console.log(JSON.stringify(await client.tokenClassification({ inputs: process.argv[2] })));
"""
TEXT = "👋 Anna Smith moved to  New York."


@pytest.mark.skipif(not (FOLDER / "node_modules").exists(), reason="make javascript-client installs the client")
@pytest.mark.parametrize("path", ["", "/models/other"])
def test_the_javascript_client_gets_the_entities(predictor, address, path):
    done = subprocess.run(
        ["node", "--input-type=module", "-e", SCRIPT, address + path, TEXT],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert predictor(TEXT)
    places = [(one["entity_group"], one["start"], one["end"]) for one in json.loads(done.stdout)]
    assert places == [(one["label"], one["start"], one["end"]) for one in predictor(TEXT)]
