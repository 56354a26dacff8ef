"""The tests of a Ray cluster in a process of their own, where other tests share one with many."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

TESTS = Path(__file__).with_name("test_ray_pool.py")


@pytest.mark.slow
@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="they are run as they are")
def test_a_ray_cluster():
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(TESTS)]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout.splitlines()[-1] or "skipped" in done.stdout.splitlines()[-1], done.stdout
