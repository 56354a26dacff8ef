"""A Ray cluster that tags: the bytes of one process, also when a machine is lost, or the first process is killed."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest
from conftest import SENTENCES

from token_classification import Predictor, cli
from token_classification.commands.model_choice import TaggingChoice, open_predictor
from token_classification.errors import UserError
from token_classification.inference import predictor as predictor_module
from token_classification.inference.bulk import BulkSettings, tag_file
from token_classification.inference.progress import AppendedFile
from token_classification.inference.ray_pool import MOST_TRIES, RayPool, open_ray_pool
from token_classification.inference.workers import Workers

ray = pytest.importorskip("ray", reason="see requirements-test.txt")
TEXTS = [words for words, _ in SENTENCES]
COUNT = 400
# Two clusters that start at the same time on one machine disturb each other.
pytestmark = pytest.mark.skipif("PYTEST_XDIST_WORKER" in os.environ, reason="see test_ray_nodes.py")
TEXTS_PER_CHUNK = predictor_module.TEXTS_PER_CHUNK


@pytest.fixture(scope="module")
def cluster():
    """Two machines with a worker's place each; to Ray they are two, though they are processes of this one."""
    from ray.cluster_utils import Cluster

    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled"}
    built = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    built.second = built.add_node(num_cpus=1)
    built.wait_for_nodes(timeout=60)
    yield built
    built.shutdown()


@pytest.fixture
def texts_file(tmp_path, monkeypatch) -> Path:
    """Texts in chunks of four, some of which can't be read."""
    monkeypatch.setattr(predictor_module, "TEXTS_PER_CHUNK", 4)
    lines = [json.dumps({"id": place, "text": TEXTS[place % 8]}) for place in range(COUNT)]
    lines[6::7] = ["{broken"] * len(lines[6::7])
    (tmp_path / "texts.jsonl").write_text("\n".join(lines) + "\n")
    return tmp_path / "texts.jsonl"


def read_files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("predictions*.jsonl"))}


@pytest.fixture
def expected(texts_file, tagger_folder, tmp_path) -> dict[str, bytes]:
    """What one process writes."""
    (tmp_path / "one").mkdir()
    tag_file(Predictor.from_pretrained(tagger_folder), BulkSettings(str(texts_file), tmp_path / "one"), tagger_folder)
    return read_files(tmp_path / "one")


@pytest.mark.slow
def test_the_first_process_is_killed_and_the_job_goes_on(cluster, texts_file, expected, tagger_folder, tmp_path):
    command = [sys.executable, "-c", RUN_IN_SMALL_CHUNKS, "infer", "-m", tagger_folder, "-r", tmp_path / "out"]
    command += ["--input_file", texts_file, "--engine", "ray", "--ray_address", cluster.address, "--num_workers", 2]
    process = subprocess.Popen([*map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 600
    partial_file = tmp_path / "out" / "predictions.jsonl.partial"
    while not (partial_file.exists() and partial_file.stat().st_size) and time.monotonic() < deadline:
        assert process.poll() is None, process.stderr.read().decode()
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.stderr is not None
    process.stderr.close()
    done = len(partial_file.read_bytes().splitlines())
    assert 0 < done < COUNT
    flags = ["--engine", "ray", "--ray_address", cluster.address, "--num_workers", "2", "--resume"]
    source = ["-m", str(tagger_folder), "-r", str(tmp_path / "out"), "--input_file", str(texts_file)]
    handler = signal.getsignal(signal.SIGTERM)
    assert cli.run(["infer", *source, *flags]) == 0
    assert signal.getsignal(signal.SIGTERM) is handler
    assert read_files(tmp_path / "out") == expected


RUN_IN_SMALL_CHUNKS = """
import sys
from token_classification import cli
from token_classification.inference import predictor
predictor.TEXTS_PER_CHUNK = 4
sys.exit(cli.run(sys.argv[1:]))
"""


def test_a_machine_is_lost_and_the_others_tag_its_records(
    cluster, texts_file, expected, tagger_folder, tmp_path, monkeypatch, caplog
):
    flush, send, lost = AppendedFile.flush, RayPool._send, threading.Event()
    deadline = time.monotonic() + 300

    def flush_and_lose_a_machine(self):
        size = flush(self)
        if size and not lost.is_set():
            lost.set()
            cluster.remove_node(cluster.second, allow_graceful=False)
        return size

    def send_once_both_are_there(self, unsent, ahead):
        # What is sent to a machine that has just been lost may still be answered; then nobody notices.
        while lost.is_set() and sum(node["Alive"] for node in ray.nodes()) > 1:
            assert time.monotonic() < deadline
        if len(self._workers) == 2 or lost.is_set():
            send(self, unsent, ahead)

    monkeypatch.setattr(AppendedFile, "flush", flush_and_lose_a_machine)
    monkeypatch.setattr(RayPool, "_send", send_once_both_are_there)
    (tmp_path / "out").mkdir()
    settings = BulkSettings(str(texts_file), tmp_path / "out")
    workers = Workers(
        2, partial(open_predictor, TaggingChoice(model=str(tagger_folder)), str(tagger_folder)), cluster.address
    )
    progress = tag_file(Predictor.from_pretrained(tagger_folder), settings, tagger_folder, workers)
    assert lost.is_set()
    assert progress.records == COUNT
    assert read_files(tmp_path / "out") == expected
    assert "A worker of the Ray cluster died" in caplog.text


def test_a_model_that_is_not_on_the_other_machines_is_named(cluster, texts_file, tagger_folder, tmp_path):
    elsewhere = str(tmp_path / "elsewhere")
    workers = Workers(1, partial(open_predictor, TaggingChoice(model=elsewhere), elsewhere), cluster.address)
    with pytest.raises(UserError, match="elsewhere"):
        tag_file(
            Predictor.from_pretrained(tagger_folder), BulkSettings(str(texts_file), tmp_path), tagger_folder, workers
        )


def test_workers_read_and_write_shards_wherever_they_run(cluster, texts_file, tagger_folder, tmp_path, monkeypatch):
    # That of the other processes, since rounding depends on what is tagged at the same time.
    monkeypatch.setattr(predictor_module, "TEXTS_PER_CHUNK", TEXTS_PER_CHUNK)
    monkeypatch.chdir(tmp_path)
    Path("model").symlink_to(tagger_folder)
    source = ["-m", "model", "--input_file", "texts.jsonl", "--records_per_part", "30"]
    flags = ["--engine", "ray", "--ray_address", cluster.address, "--num_workers", "2"]
    assert cli.run(["infer", *source, "-r", "here"]) == 0
    assert cli.run(["infer", *source, "-r", "there", *flags]) == 0
    parts = [
        {path.relative_to(folder): path.read_bytes() for path in Path(folder).rglob("*.json*")}
        for folder in ("here", "there")
    ]
    assert parts[0] == parts[1]
    assert len([*Path("there/predictions").iterdir()]) == 14


def test_more_workers_than_places_hold_nothing_up(cluster, texts_file, expected, tagger_folder, tmp_path, caplog):
    flags = ["--engine", "ray", "--ray_address", cluster.address, "--num_workers", "8"]
    source = ["-m", str(tagger_folder), "-r", str(tmp_path / "out"), "--input_file", str(texts_file)]
    assert cli.run(["infer", *source, *flags]) == 0
    assert read_files(tmp_path / "out") == expected
    assert "the other workers start when there are more" in caplog.text


def test_a_task_that_kills_every_worker_is_given_up(cluster, tagger_folder, caplog):
    opener = partial(open_predictor, TaggingChoice(model=str(tagger_folder)), str(tagger_folder))
    tasks = [("first", lambda _: os.kill(os.getpid(), signal.SIGKILL))]
    with (
        open_ray_pool(cluster.address, 1, opener) as pool,
        pytest.raises(UserError, match=f"{MOST_TRIES} workers of the Ray cluster have died of the same records"),
    ):
        list(pool.run(tasks, 2))
    assert caplog.text.count("A worker of the Ray cluster died") == MOST_TRIES


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--engine", "ray", "--ray_address", "127.0.0.1:1"], "ray start --head"),
        (["--ray_address", "127.0.0.1:6379"], "--engine ray"),
    ],
)
def test_without_a_cluster_it_says_how_to_start_one(texts_file, tagger_folder, tmp_path, flags, expected):
    with pytest.raises(UserError, match=expected):
        cli.run(["infer", "-m", str(tagger_folder), "-r", str(tmp_path), "--input_file", str(texts_file), *flags])
