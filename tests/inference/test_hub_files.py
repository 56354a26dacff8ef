"""`hf://` addresses, from and to a stand-in of the Hub: the answers of files of this machine."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import SENTENCES
from hub_stand_in import GOOD_TOKEN, Hub, serve_hub

TEXTS = [words for words, _ in SENTENCES]
pytestmark = pytest.mark.slow


@pytest.fixture
def sources(tmp_path) -> dict[str, bytes]:
    """Lines, of which one can't be read, and a table of several groups of rows."""
    lines = [json.dumps({"text": text}) for text in TEXTS]
    lines[3] = "{broken"
    table = io.BytesIO()
    pq.write_table(pa.table({"text": TEXTS}), table, row_group_size=3)
    (tmp_path / "in").mkdir()
    files = {"texts/lines.jsonl": "\n".join(lines).encode(), "texts/table.parquet": table.getvalue()}
    for name, content in files.items():
        (tmp_path / "in" / Path(name).name).write_bytes(content)
    return files


def infer(hub: Hub, model: Path, folder: Path | str, source: Path | str, *flags: str, token: str = GOOD_TOKEN):
    """Run it in a process of its own, because the Hub's library reads its settings when it is imported."""
    command = ["infer", "-m", str(model), "-r", str(folder), "--input_file", str(source), *flags]
    environment = os.environ | {"HF_ENDPOINT": hub.endpoint, "HF_HUB_OFFLINE": "0", "HF_TOKEN": token}
    return subprocess.run(
        [sys.executable, "-m", "token_classification", *command],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


def count_commits(hub: Hub) -> int:
    return sum("/commit/" in request for request in hub.requests)


def read_parts(files: dict[str, bytes]) -> dict[str, bytes]:
    return {name: content for name, content in files.items() if "part-" in name and "shards" not in name}


def test_a_dataset_is_read_and_results_are_committed(sources, tagger_folder, tmp_path):
    flags = ("--records_per_part", "4")
    datasets = {"me/texts": {"main": sources}, "me/tags": {"main": {"README.md": b"# tags"}}}
    with serve_hub(datasets=datasets, gated=["me/texts"]) as hub:
        done = infer(hub, tagger_folder, "hf://datasets/me/tags/run", "hf://datasets/me/texts/texts/*", *flags)
        assert done.returncode == 0, done.stderr
        written = dict(hub.repositories["datasets"]["me/tags"]["main"])
        hub.repositories["datasets"]["me/tags"]["main"] = {
            name: content for name, content in written.items() if not name.endswith("manifest.json")
        }
        commits = count_commits(hub)
        resumed = infer(
            hub, tagger_folder, "hf://datasets/me/tags/run", "hf://datasets/me/texts/texts/*", *flags, "--resume"
        )
        assert resumed.returncode == 0, resumed.stderr
        assert count_commits(hub) - commits < commits
        here = infer(hub, tagger_folder, tmp_path / "here", tmp_path / "in", *flags)
    assert here.returncode == 0, here.stderr
    assert hub.repositories["datasets"]["me/tags"]["main"] == written
    near = {str(path.relative_to(tmp_path / "here")): path.read_bytes() for path in (tmp_path / "here").rglob("*.*")}
    far = {name.removeprefix("run/"): content for name, content in written.items()}
    predictions = [name for name in read_parts(near) if name.startswith("predictions")]
    assert len(predictions) == 2 + 3  # fours of lines, groups of rows
    assert all(far[name] == near[name] for name in predictions)
    assert json.loads(far["errors/part-000000.jsonl"])["line"] == 4
    assert json.loads(far["manifest.json"])["records"] == 2 * len(TEXTS)


def test_a_gate_that_stays_closed_is_named(sources, tagger_folder, tmp_path):
    with serve_hub(datasets={"me/texts": {"main": sources}}, gated=["me/texts"]) as hub:
        refused = infer(
            hub, tagger_folder, tmp_path / "out", "hf://datasets/me/texts/texts/lines.jsonl", token="hf_another"
        )
    assert refused.returncode == 2
    assert "hf://datasets/me/texts/texts/lines.jsonl" in refused.stderr
    assert "Traceback" not in refused.stderr
