"""germeval.sh and wnut17.sh from raw files on a loopback server to scores, and what they say when that fails."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from conftest import ROOT
from walkthrough_stand_ins import (
    GERMEVAL,
    PYTHON,
    PYTHON_WITHOUT_MODEL,
    RAW_FILES,
    TWEETS_WITH_TWO_TAGS,
    read_calls,
    set_up_environment,
)

from token_classification.data.formats import read_sentences

UNREACHABLE = "http://127.0.0.1:9"
WEB_PAGE = b"<!DOCTYPE html><html><title>Google Drive - Quota exceeded</title></html>"


@dataclass
class FileServer:
    """What is served, and what has been asked for."""

    files: dict[str, bytes] = field(default_factory=lambda: dict(RAW_FILES))
    broken: set[str] = field(default_factory=set)
    """Files whose connection ends after half of them."""
    url: str = ""
    requests: list[str] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[FileServer]:
    """The raw files on loopback."""
    served = FileServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.removeprefix("/")
            served.requests.append(name)
            content = served.files.get(name, b"")
            self.send_response(200 if content else 404)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if name in served.broken else content)

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test output clean."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{listening.server_port}"
    Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield served
    listening.shutdown()
    listening.server_close()


def run_script(
    name: str, folder: Path, *arguments: str, python: str = PYTHON_WITHOUT_MODEL, **settings: object
) -> subprocess.CompletedProcess:
    """Run a walk-through in a folder."""
    (folder / "environment").mkdir(exist_ok=True)
    environment = set_up_environment(folder / "environment", python) | {k: str(v) for k, v in settings.items()}
    command = ["bash", str(ROOT / "scripts" / name), *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_germeval_from_download_to_scores(server, bert_folder, tmp_path):
    options = ["--use_cpu", "--disable_tqdm", "true"]
    settings = {"GERMEVAL_URL": server.url, "BERT_MODEL": bert_folder, "NUM_EPOCHS": 1, "MAX_LENGTH": 64}
    done = run_script("germeval.sh", tmp_path, *options, python=PYTHON, **settings)
    assert done.returncode == 0, done.stderr
    assert server.requests == ["train.tsv", "dev.tsv", "test.tsv"]
    assert done.stderr.count("words without content 1 (U+0096 1)") == 3
    tags = {tag for _, tags in GERMEVAL for tag in tags.split()}
    assert (tmp_path / "germeval-data" / "labels.txt").read_text().split("\n")[:-1] == sorted(tags)
    results = json.loads((tmp_path / "germeval-model" / "all_results.json").read_text())
    for split in ("eval", "predict"):
        assert {f"{split}_{name}_f1" for name in ("PER", "LOC", "ORG", "LOCderiv", "ORGpart")} <= set(results)
        assert results[f"{split}_words"] == sum(len(words.split()) for words, _ in GERMEVAL) - 1
    record = json.loads((tmp_path / "germeval-model" / "config.json").read_text())
    assert set(record["label2id"]) == tags


@pytest.mark.slow
def test_wnut17_from_download_to_scores(server, bert_folder, tmp_path):
    options = ["--use_cpu", "--disable_tqdm", "true"]
    settings = {"WNUT17_URL": server.url, "BERT_MODEL": bert_folder, "NUM_EPOCHS": 1, "MAX_LENGTH": 64}
    done = run_script("wnut17.sh", tmp_path, *options, python=PYTHON, **settings)
    assert done.returncode == 0, done.stderr
    predicted = read_sentences(tmp_path / "wnut17-model" / "predictions.conll", "0", "1")
    assert [" ".join(words) for words in predicted.tokens] == [words for words, _ in TWEETS_WITH_TWO_TAGS]
    assert predicted.tags[0] == ["B-product", "O", "B-location"]
    results = json.loads((tmp_path / "wnut17-model" / "all_results.json").read_text())
    assert {"eval_person_f1", "predict_location_f1", "predict_product_f1"} <= set(results)


def test_the_variables_of_the_walkthrough_reach_the_commands(server, tmp_path):
    names = ("MAX_LENGTH", "BERT_MODEL", "OUTPUT_DIR", "BATCH_SIZE", "NUM_EPOCHS", "SAVE_STEPS", "SEED")
    settings = {name: f"{name.lower()}-given" for name in names}
    done = run_script("germeval.sh", tmp_path, "--fp16", GERMEVAL_URL=server.url, **settings)
    assert done.returncode == 0, done.stderr
    *preprocessed, trained = read_calls(tmp_path / "environment")
    assert preprocessed == [
        f"germeval-data/{split}.txt.tmp bert_model-given max_length-given" for split in ("train", "dev", "test")
    ]
    assert trained == (
        "--data_dir germeval-data --labels germeval-data/labels.txt --model_name_or_path bert_model-given "
        "--output_dir output_dir-given --max_seq_length max_length-given --num_train_epochs num_epochs-given "
        "--per_device_train_batch_size batch_size-given --save_steps save_steps-given --seed seed-given "
        "--return_entity_level_metrics --do_train --do_eval --do_predict --fp16"
    )


PUBLISHED_SETTINGS = {
    "germeval.sh": ("bert-base-multilingual-cased", "germeval-model", 750),
    "wnut17.sh": ("bert-large-cased", "wnut17-model", 425),
}


@pytest.mark.parametrize("script", PUBLISHED_SETTINGS)
def test_without_variables_the_published_settings_are_used(script, server, tmp_path):
    model, output, save_steps = PUBLISHED_SETTINGS[script]
    assert run_script(script, tmp_path, GERMEVAL_URL=server.url, WNUT17_URL=server.url).returncode == 0
    expected = f"--model_name_or_path {model} --output_dir {output} --max_seq_length 128 --num_train_epochs 3 "
    expected += f"--per_device_train_batch_size 32 --save_steps {save_steps} --seed 1 "
    assert expected in read_calls(tmp_path / "environment")[-1]


def test_words_that_begin_with_a_hash_are_no_comments(server, tmp_path):
    settings = {"GERMEVAL_URL": server.url, "WNUT17_URL": server.url}
    for script in PUBLISHED_SETTINGS:
        assert run_script(script, tmp_path, **settings).returncode == 0
    assert "#photography O\n" in (tmp_path / "germeval-data" / "train.txt").read_text()
    assert "wiki" not in (tmp_path / "germeval-data" / "train.txt").read_text()
    tweets = (tmp_path / "wnut17-data" / "test.txt").read_text()
    assert tweets.startswith("#photography B-product\nof O\nBoston B-location\n\n")


def test_what_is_there_is_not_fetched_again(server, tmp_path):
    for _ in range(2):
        assert run_script("germeval.sh", tmp_path, GERMEVAL_URL=server.url).returncode == 0
    assert server.requests == ["train.tsv", "dev.tsv", "test.tsv"]


def test_an_interrupted_download_leaves_nothing_and_the_next_run_goes_on(server, tmp_path):
    server.broken = {"dev.tsv"}
    done = run_script("germeval.sh", tmp_path, GERMEVAL_URL=server.url)
    assert done.returncode == 2
    assert "error: dev.tsv could not be fetched" in done.stderr
    assert [path.name for path in (tmp_path / "germeval-data").glob("*.tsv*")] == ["train.tsv"]
    server.broken = set()
    assert run_script("germeval.sh", tmp_path, GERMEVAL_URL=server.url).returncode == 0
    assert server.requests == ["train.tsv", "dev.tsv", "dev.tsv", "test.tsv"]


def test_a_local_folder_needs_no_server(tmp_path):
    for name, content in RAW_FILES.items():
        (tmp_path / name).write_bytes(content)
    folders = {"GERMEVAL_DIR": tmp_path, "WNUT17_DIR": tmp_path, "GERMEVAL_URL": UNREACHABLE}
    for script in PUBLISHED_SETTINGS:
        done = run_script(script, tmp_path, **folders)
        assert done.returncode == 0, done.stderr


def test_a_folder_that_is_named_wins_over_what_was_there(server, tmp_path):
    for name in RAW_FILES:
        (tmp_path / name).write_bytes(b"1\tnew\tB-NEW\tO\n")
    assert run_script("germeval.sh", tmp_path, GERMEVAL_URL=server.url).returncode == 0
    assert run_script("germeval.sh", tmp_path, GERMEVAL_DIR=tmp_path).returncode == 0
    assert (tmp_path / "germeval-data" / "labels.txt").read_text() == "B-NEW\n"


def offer_nothing(server: FileServer, folder: Path) -> dict[str, str]:
    """An address where nobody answers."""
    return {"GERMEVAL_URL": UNREACHABLE, "WNUT17_URL": UNREACHABLE}


def offer_a_web_page(server: FileServer, folder: Path) -> dict[str, str]:
    """An address that answers with a page for a browser."""
    server.files = dict.fromkeys(RAW_FILES, WEB_PAGE)
    return {"GERMEVAL_URL": server.url, "WNUT17_URL": server.url}


def offer_an_incomplete_folder(server: FileServer, folder: Path) -> dict[str, str]:
    """A folder without the files."""
    return {"GERMEVAL_DIR": str(folder), "WNUT17_DIR": str(folder)}


def offer_empty_files(server: FileServer, folder: Path) -> dict[str, str]:
    """A folder with empty files."""
    for name in RAW_FILES:
        (folder / name).touch()
    return {"GERMEVAL_DIR": str(folder), "WNUT17_DIR": str(folder)}


FAILURES: dict[Callable, str] = {
    offer_nothing: "could not be fetched from http://127.0.0.1:9/train",
    offer_a_web_page: "web page instead of train",
    offer_an_incomplete_folder: "accepted: a folder with the three raw files",
    offer_empty_files: "is empty",
}


@pytest.mark.parametrize("offer", FAILURES)
@pytest.mark.parametrize("script", PUBLISHED_SETTINGS)
def test_without_data_a_message_names_the_way_out(script, offer, server, tmp_path):
    done = run_script(script, tmp_path, **offer(server, tmp_path))
    variable = {"germeval.sh": "GERMEVAL_DIR", "wnut17.sh": "WNUT17_DIR"}[script]
    assert done.returncode == 2
    message = next(line for line in done.stderr.splitlines() if line.startswith("error: "))
    assert FAILURES[offer] in message
    assert f"{variable}=FOLDER bash scripts/{script}" in message
    left = [path for path in tmp_path.glob("*-data/*") if os.path.getsize(path)]
    assert left == []
