"""A file of any size is redacted and restored in the same memory."""

import os
import subprocess
import sys

import pytest
from conftest import ROOT

SCRIPT = f"""
import json, resource, sys
sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / "tests")!r}]
from pathlib import Path
from redaction.name_finder import KEY, redact_file
from token_classification import sealing
from token_classification.data.inputs import hash_file
from token_classification.redaction.restore_file import restore_file
from token_classification.redaction.substitutes import Naming

# The 256 MiB of each guess of a key would hide what is looked for.
expensive = sealing.Scrypt
sealing.Scrypt = lambda salt, length, n, r, p: expensive(salt, length, n=2, r=1, p=1)
text = "Anna Smith met Zoë in Paris . " + "the quick brown fox . " * 20
line = json.dumps({{"text": text, "page": "x" * 9000}}, ensure_ascii=False)
for megabytes in map(int, sys.argv[2:]):
    folder = Path(sys.argv[1]) / str(megabytes)
    folder.mkdir()
    with open(folder / "in.jsonl", "w", encoding="utf-8") as file:
        for _ in range(megabytes * 2**20 // len(line)):
            file.write(line + "\\n")
    redact_file(folder / "in.jsonl", folder / "out", Naming("number"))
    restore_file(folder / "out" / "redacted.jsonl", folder / "out" / "redacted.mapping", KEY, folder / "original")
    assert hash_file(folder / "original") == hash_file(folder / "in.jsonl")
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, flush=True)
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(tmp_path):
    # A chunk is about 5 MB of these records.
    command = [sys.executable, "-c", SCRIPT, str(tmp_path), "10", "80"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    few, many = map(int, done.stdout.split())
    assert many - few < 30
