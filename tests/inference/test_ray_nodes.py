"""Two machines of a Ray cluster, one of which is lost: network namespaces, each with its own node."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import ray_nodes
from conftest import ROOT, SENTENCES

pytest.importorskip("ray", reason="see requirements-test.txt")


def explain_missing_namespaces() -> str | None:
    if shutil.which("ip") is None or os.geteuid() != 0:
        return "network namespaces take iproute2 and root"
    made = subprocess.run(["ip", "netns", "add", "ner-probe"], check=False, capture_output=True, text=True)
    subprocess.run(["ip", "netns", "delete", "ner-probe"], check=False, capture_output=True)
    return f"network namespaces can't be made here: {made.stderr.strip()}" if made.returncode else None


@pytest.mark.slow
@pytest.mark.parametrize("flags", [[], ["--records_per_part", "1000"]])
def test_a_machine_and_the_first_process_are_killed(flags, tagger_folder, tmp_path, capfd):
    if reason := explain_missing_namespaces():
        pytest.skip(reason)
    texts = tmp_path / "texts.txt"
    texts.write_text("".join(f"{' '.join(words)}\n" for words, _ in SENTENCES))
    assert ray_nodes.main([str(tagger_folder), str(texts), "--records", "40000", *flags]) == 0
    printed = capfd.readouterr().out
    assert "killed the second node" in printed
    assert "killed the first process" in printed
    assert "39,960 records and 40 bad ones; 0 twice; 0 missing; files equal" in printed


@pytest.mark.slow
def test_what_the_first_process_costs_is_measured():
    script = [sys.executable, ROOT / "benchmarks/ray_overhead.py"]
    flags = ["--workers", "1", "2", "--seconds", "0.01", "--tasks", "2"]
    printed = subprocess.run([*map(str, script), *flags], check=True, stdout=subprocess.PIPE, text=True).stdout
    rows = [line.strip("| ").split(" | ") for line in printed.splitlines() if line[:3] in ("| 1", "| 2")]
    assert [row[:2] for row in rows] == [["1", "shard"], ["1", "chunk"], ["2", "shard"], ["2", "chunk"]]
    assert all(float(row[2]) > 0 for row in rows)


@pytest.mark.slow
@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="they are run as they are")
def test_the_other_tests_of_a_cluster():
    """In this file, so that they do not run beside those above: two clusters on one machine disturb each other."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}
    file = Path(__file__).with_name("test_ray_pool.py")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(file)]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
