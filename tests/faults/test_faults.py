"""Whatever the disk refuses, and whenever a command is killed: old results or new ones, and every input as it was.

As SQLite tests it (https://www.sqlite.org/testing.html, "I/O error testing"): each change that a command makes to the
disk fails in turn. `FAULTS=all` tries every one of them; the suite takes some, spread over the whole command.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
MOST = 10_000 if os.environ.get("FAULTS") == "all" else 4
SCENARIOS = ("convert", "check", "repair", "report", "average", "seal", "export", "train")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What the driver found, by scenario. Linux and a C compiler are needed."""
    if not sys.platform.startswith("linux") or shutil.which("cc") is None:
        pytest.skip("faults are injected on Linux, by a library that a C compiler (cc) makes")
    library = tmp_path_factory.mktemp("faults") / "faults.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, HERE / "faults.c", "-ldl"], check=True)
    environment = os.environ | {"LD_PRELOAD": str(library), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, HERE / "drive.py", str(MOST), *SCENARIOS]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_old_results_or_new_ones(scenario: str, found: dict) -> None:
    print(found[scenario])
    assert found[scenario]["violations"] == []
    for fault, codes in found[scenario]["codes"].items():
        assert sum(codes.values()) >= min(MOST, found[scenario]["changes"]) // 2 > 0
        # What was merely interrupted is mostly tried again by the libraries; the others can't all end well.
        assert fault == "EINTR" or codes.keys() - {"0"}
