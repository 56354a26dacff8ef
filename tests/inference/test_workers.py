"""Several processes that tag a file: the bytes of one, whoever dies."""

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from conftest import SENTENCES

from token_classification import Predictor, cli
from token_classification.errors import OutputError, UserError
from token_classification.inference import predictor as predictor_module
from token_classification.inference.bulk import BulkSettings, tag_file
from token_classification.inference.workers import Workers

TEXTS = [words for words, _ in SENTENCES]
COUNT = 60


@pytest.fixture
def texts_file(tmp_path) -> Path:
    """Texts, of which each seventh can't be read."""
    lines = [json.dumps({"id": place, "text": TEXTS[place % 8]}) for place in range(COUNT)]
    lines[6::7] = ["{broken"] * len(lines[6::7])
    (tmp_path / "texts.jsonl").write_text("\n".join(lines) + "\n")
    return tmp_path / "texts.jsonl"


def read_files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("predictions*"))}


def test_the_files_are_those_of_one_process(texts_file, tagger_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(predictor_module, "TEXTS_PER_CHUNK", 4)
    predictor = Predictor.from_pretrained(tagger_folder)
    opener = partial(Predictor.from_pretrained, str(tagger_folder))
    found = []
    for name, count in (("one", 1), ("two", 2)):
        (tmp_path / name).mkdir()
        settings = BulkSettings(str(texts_file), tmp_path / name)
        progress = tag_file(predictor, settings, tagger_folder, Workers(count, opener))
        found.append((read_files(tmp_path / name), progress.records, progress.bad_records, progress.entities))
    assert found[0] == found[1]
    assert {"predictions.jsonl", "predictions.errors.jsonl"} <= {*found[0][0]}
    assert found[0][1] == COUNT


def die_once(model: str, marker: str) -> Predictor:
    """Open a model; the first process that comes here dies of it."""
    predictor = Predictor.from_pretrained(model)
    if not Path(marker).exists():
        Path(marker).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return predictor


def test_a_process_that_dies_ends_the_run_and_it_goes_on(texts_file, tagger_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(predictor_module, "TEXTS_PER_CHUNK", 4)
    predictor = Predictor.from_pretrained(tagger_folder)
    (tmp_path / "out").mkdir()
    settings = BulkSettings(str(texts_file), tmp_path / "out")
    opener = partial(die_once, str(tagger_folder), str(tmp_path / "died"))
    with pytest.raises(UserError, match="--resume"):
        tag_file(predictor, settings, tagger_folder, Workers(2, opener))
    resumed = BulkSettings(str(texts_file), tmp_path / "out", resume=True)
    tag_file(predictor, resumed, tagger_folder, Workers(2, opener))
    (tmp_path / "one").mkdir()
    tag_file(predictor, BulkSettings(str(texts_file), tmp_path / "one"), tagger_folder)
    assert read_files(tmp_path / "out") == read_files(tmp_path / "one")


def list_descendants(pid: int) -> set[int]:
    """The processes that a process and those that it has started have started."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue  # it has ended meanwhile
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def is_running(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks processes up in /proc")
def test_nobody_is_left_behind_when_the_first_process_is_killed(tagger_folder, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    command = [sys.executable, "-m", "token_classification", "infer", "-m", str(tagger_folder), "-r", tmp_path / "out"]
    command += ["--input_file", tmp_path / "pipe", "--input_format", "text", "--num_workers", "2"]
    process = subprocess.Popen([*map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with (tmp_path / "pipe").open("w") as pipe:
        deadline = time.monotonic() + 120
        children: set[int] = set()
        # Two workers, the server that they are forks of, and who tracks resources.
        while len(children) < 4 and time.monotonic() < deadline:
            pipe.write("Anna left Paris.\n" * 5000)
            pipe.flush()
            children = list_descendants(process.pid)
        assert len(children) >= 4
        process.kill()
        process.wait()
    while any(map(is_running, children)) and time.monotonic() < deadline:
        pass
    assert not any(map(is_running, children))


@pytest.mark.parametrize("flags", [["--num_workers", "0"], ["--num_workers", "-1"]])
def test_fewer_than_one_process_is_refused(texts_file, tagger_folder, tmp_path, flags):
    with pytest.raises(UserError, match="--num_workers"):
        cli.run(["infer", "-m", str(tagger_folder), "-r", str(tmp_path), "--input_file", str(texts_file), *flags])


def test_an_error_of_another_process_keeps_its_words():
    error = pickle.loads(pickle.dumps(OutputError("NaN", "run it in float32")))
    assert (str(error), error.problem) == ("NaN; run it in float32", "NaN")
