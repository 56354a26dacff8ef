"""Datasets by Hub name, from a stand-in on loopback: every road that gives rows, every message where there are none.

The libraries read `HF_ENDPOINT` and `HF_HUB_OFFLINE` when they are imported, so each kind of network (there, switched
off, unreachable) is one fresh process that loads a list of datasets and writes down what came of each.
"""

import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from datasets import ClassLabel, Dataset, Features, List, Value
from hub_stand_in import GOOD_TOKEN, Hub, serve_hub

from token_classification.data.hub import class_label_names

ROOT = Path(__file__).parents[2]
TAGS = ["O", "B-PER", "I-PER"]
FEATURES = Features({"tokens": List(Value("string")), "ner_tags": List(ClassLabel(names=TAGS))})
PARQUET_BRANCH = "refs/convert/parquet"
TWO_CONFIGS = b"""---
configs:
- {config_name: de, data_files: [{split: train, path: de.parquet}]}
- {config_name: en, data_files: [{split: train, path: en.parquet}]}
---
"""

LOAD_ALL = """
import json, logging, sys, time
import datasets
from token_classification.data.hub import class_label_names, load_hub_dataset
from token_classification.errors import UserError

datasets.config.USE_PARQUET_EXPORT = False  # it would ask the name server for datasets-server.127.0.0.1
datasets.disable_progress_bars()
time.sleep = lambda seconds: None  # the client waits 23 seconds, all in all, between its tries to reach a Hub
log = []
handler = logging.Handler()
handler.emit = lambda record: log.append(record.getMessage())
logging.getLogger("token_classification").addHandler(handler)
outcomes = {}
for scenario, asked in json.loads(sys.argv[1]).items():
    log.clear()
    outcome = {}
    try:
        splits = load_hub_dataset(**asked)
        outcome["rows"] = {split: len(rows) for split, rows in splits.items()}
        outcome["label_names"] = class_label_names(next(iter(splits.values())).features, "ner_tags")
    except UserError as error:
        outcome["message"] = str(error)
        outcome["caused_by"] = type(error.__cause__ or error.__context__).__name__
    outcomes[scenario] = outcome | {"log": log[:]}
print(json.dumps(outcomes))
"""


@dataclass
class Outcome:
    """What came of one call of `load_hub_dataset` in another process."""

    rows: dict[str, int] | None = None
    label_names: list[str] | None = None
    message: str = ""
    caused_by: str = ""
    log: list[str] = field(default_factory=list)


Outcomes = dict[str, Outcome]
"""Scenario -> what came of it."""


def make_rows(count: int) -> Dataset:
    """Make labelled sentences."""
    row = {"tokens": ["Ada", "Lovelace", "wrote"], "ner_tags": [1, 2, 0]}
    return Dataset.from_list([row] * count, features=FEATURES)


def make_parquet(count: int) -> bytes:
    """Make the content of a Parquet file, written by `datasets` as on the Hub."""
    content = io.BytesIO()
    make_rows(count).to_parquet(content)
    return content.getvalue()


def ask(name: str, config_name: str | None = None, **options: object) -> dict[str, object]:
    """Give the arguments for `load_hub_dataset`."""
    return {"name": name, "config_name": config_name, **options}


def load_in_new_process(asked: dict[str, dict[str, object]], folder: Path, **environment: str) -> Outcomes:
    """Load datasets with a Hub cache, a working folder and an environment of their own."""
    own = {"HF_HOME": str(folder / "cache"), "PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1"} | environment
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    done = subprocess.run(
        [sys.executable, "-c", LOAD_ALL, json.dumps(asked)],
        env=inherited | own,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return {name: Outcome(**outcome) for name, outcome in json.loads(done.stdout).items()}


def script_repository(name: str, copy: dict[str, int] | None = None) -> dict[str, dict[str, bytes]]:
    """Make a repository that holds a loading script and, if given, the Hub's Parquet copy (file: rows)."""
    revisions = {"main": {f"{name}.py": b"raise SystemExit", "README.md": b"# A script\n"}}
    if copy is not None:
        files = {f"{path}.parquet": make_parquet(count) for path, count in copy.items()}
        revisions[PARQUET_BRANCH] = {".gitattributes": b"", **files}
    return revisions


HUB_DATASETS = {
    "me/plain": {"main": {"data/train.parquet": make_parquet(3), "data/test.parquet": make_parquet(1)}},
    "me/two": {"main": {"README.md": TWO_CONFIGS, "de.parquet": make_parquet(2), "en.parquet": make_parquet(5)}},
    "me/gated": {"main": {"train.jsonl": b'{"tokens": ["a"], "ner_tags": ["O"]}\n'}},
    "me/broken": {"main": {"train.parquet": b"PAR1 and no more"}},
    "me/squad": {"main": {"train.parquet": make_parquet(4)}},
    "eriktks/conll2003": script_repository("conll2003", {"conll2003/train/0": 3, "conll2003/validation/0": 2}),
    "me/script_default": script_repository("script_default", {"default/train/0": 3}),
    "me/script_many": script_repository(
        "script_many", {"de/train/0": 2, "en/train/0": 3, "en/train/1": 4, "en/dev_tweets/0": 1}
    ),
    "me/script_huge": script_repository("script_huge", {"default/partial-train/0": 1}),
    "me/script_gated": script_repository("script_gated", {"default/train/0": 1}),
    "me/script_only": script_repository("script_only"),
    "leondz/wnut_17": script_repository("wnut_17"),
    "GermanEval/germeval_14": script_repository("germeval_14"),
}

SCENARIOS = {
    "plain": ask("me/plain"),
    "config": ask("me/two", "en"),
    "config missing": ask("me/two"),
    "config unknown": ask("me/two", "fr"),
    "config where there is one": ask("me/plain", "conll2003"),
    "old name": ask("squad"),
    "script": ask("eriktks/conll2003", "conll2003"),
    "script, old name": ask("conll2003"),
    "script, address": ask("hf://datasets/eriktks/conll2003"),
    "script, copy called default": ask("me/script_default", "plain_text"),
    "script, one config of many": ask("me/script_many", "en"),
    "script, many configs": ask("me/script_many"),
    "script, unknown config": ask("me/script_many", "fr"),
    "script, copy not complete": ask("me/script_huge"),
    "script, gated": ask("me/script_gated", token=GOOD_TOKEN),
    "script, no copy": ask("me/script_only", "de", trust_remote_code=True),
    "script, wnut": ask("leondz/wnut_17"),
    "script, germeval": ask("GermanEval/germeval_14"),
    "unknown": ask("me/nothing"),
    "unknown old name": ask("nothing"),
    "impossible name": ask("me/no such name"),
    "gated, no token": ask("me/gated"),
    "gated, other token": ask("me/gated", token="hf_other"),
    "gated, good token": ask("me/gated", token=GOOD_TOKEN),
    "broken file": ask("me/broken"),
    "hidden by a local script": ask("conll_local/conll2003"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the working folder of all processes; it holds one local script in a folder named like a Hub dataset."""
    folder = tmp_path_factory.mktemp("hub")
    script = folder / "conll_local" / "conll2003" / "conll2003.py"
    script.parent.mkdir(parents=True)
    script.write_text("raise SystemExit")
    return folder


@pytest.fixture(scope="module")
def hub() -> Hub:
    """Serve the datasets above."""
    moved = {"conll2003": "eriktks/conll2003", "squad": "me/squad"}
    with serve_hub(HUB_DATASETS, gated={"me/gated", "me/script_gated"}, moved=moved) as hub:
        yield hub


@pytest.fixture(scope="module")
def online(hub: Hub, folder: Path) -> Outcomes:
    """Load everything with the Hub in reach."""
    return load_in_new_process(SCENARIOS, folder, HF_ENDPOINT=hub.endpoint)


@pytest.mark.parametrize(
    ("scenario", "rows"),
    [
        ("plain", {"train": 3, "test": 1}),
        ("config", {"train": 5}),
        ("old name", {"train": 4}),
        ("script", {"train": 3, "validation": 2}),
        ("script, old name", {"train": 3, "validation": 2}),
        ("script, address", {"train": 3, "validation": 2}),
        ("script, copy called default", {"train": 3}),
        ("script, one config of many", {"train": 7, "dev_tweets": 1}),
        ("script, gated", {"train": 1}),
    ],
)
def test_every_split_is_loaded_with_its_label_names(online: Outcomes, scenario: str, rows: dict[str, int]) -> None:
    assert online[scenario].rows == rows, online[scenario].message
    assert online[scenario].label_names == TAGS


def test_string_tags_have_no_label_names(online: Outcomes) -> None:
    assert online["gated, good token"].rows == {"train": 1}
    assert online["gated, good token"].label_names is None


def test_reading_the_parquet_copy_is_said_once(online: Outcomes) -> None:
    assert online["plain"].log == []
    assert len(online["script, copy called default"].log) == 1
    for said in ("me/script_default", PARQUET_BRANCH, "default"):
        assert said in online["script, copy called default"].log[0]


def test_no_other_configuration_is_downloaded(online: Outcomes, hub: Hub) -> None:
    downloads = [path for path in hub.requests if path.startswith("GET /datasets/me/script_many/resolve/")]
    assert len([path for path in downloads if "/en/" in path]) == 3
    assert not [path for path in downloads if "/de/" in path]


@pytest.mark.parametrize(
    ("scenario", "said"),
    [
        ("config missing", ["needs a configuration", "--dataset_config_name with one of: de, en"]),
        ("config unknown", ["no configuration 'fr'", "--dataset_config_name with one of: de, en"]),
        ("config where there is one", ["no configuration 'conll2003'", "Leave --dataset_config_name out"]),
        ("script, many configs", ["needs a configuration", "with one of: de, en"]),
        ("script, unknown config", ["no configuration 'fr'", "with one of: de, en"]),
        ("script, copy not complete", ["no complete Parquet copy", "--train_file"]),
        ("script, no copy", ["--trust_remote_code no longer", '"me/script_only", "de"', "--train_file"]),
        ("script, no copy", ["datasets-cli convert_to_parquet me/script_only", "datasets<4"]),
        ("script, wnut", ["emerging.test.annotated -o test.conll", "--test_file test.conll"]),
        ("script, germeval", ["bash scripts/germeval.sh"]),
        ("unknown", ["me/nothing", "no such dataset", "hf auth login", "--train_file"]),
        ("unknown old name", ["nothing", "no such dataset", "owner/name"]),
        ("impossible name", ["no name that the Hub could have", "--train_file"]),
        ("gated, no token", ["on request", "/datasets/me/gated", "hf auth login"]),
        ("gated, other token", ["on request", "/datasets/me/gated", "--token TOKEN"]),
        ("broken file", ["me/broken", "could not be read", "--train_file"]),
        ("hidden by a local script", ["conll_local/conll2003/conll2003.py", "hides the Hub's dataset"]),
        ("hidden by a local script", ["hf://datasets/conll_local/conll2003", "--dataset_name tomaarsen/conll2003"]),
    ],
)
def test_what_fails_says_what_to_type(online: Outcomes, scenario: str, said: list[str]) -> None:
    assert online[scenario].rows is None
    assert [part for part in said if part not in online[scenario].message] == [], online[scenario].message


def test_the_error_of_the_library_stays_in_the_chain(online: Outcomes) -> None:
    assert online["config unknown"].caused_by == "ValueError"
    assert online["script, no copy"].caused_by == "RuntimeError"
    assert online["gated, no token"].caused_by == "DatasetNotFoundError"
    assert online["broken file"].caused_by == "ArrowInvalid"


def test_a_local_script_is_not_replaced_by_what_the_hub_has(online: Outcomes, hub: Hub) -> None:
    assert not [path for path in hub.requests if "conll_local" in path]


def test_offline_reads_the_cache_and_says_how_to_go_on(online: Outcomes, hub: Hub, folder: Path) -> None:
    before = len(hub.requests)
    scenarios = {name: SCENARIOS[name] for name in ("plain", "config", "config unknown", "script", "unknown old name")}
    offline = load_in_new_process(scenarios, folder, HF_ENDPOINT=hub.endpoint, HF_HUB_OFFLINE="1")
    assert len(hub.requests) == before
    assert offline["plain"].rows == {"train": 3, "test": 1}
    assert offline["config"].rows == {"train": 5}
    assert "in the cache" in offline["config unknown"].message
    assert "with one of: en" in offline["config unknown"].message
    for scenario, name in [("script", "eriktks/conll2003"), ("unknown old name", "nothing")]:
        message = offline[scenario].message
        for said in (name, "HF_HUB_OFFLINE=1 is set", "--train_file", "load_hub_dataset(", "--dataset_name FOLDER"):
            assert said in message
        assert offline[scenario].caused_by == "ConnectionError"


def test_an_unreachable_hub_is_told_from_a_missing_dataset(folder: Path) -> None:
    with serve_hub() as hub:
        closed = hub.endpoint
    scenarios = {"new": ask("me/never_loaded", "de"), "old name": ask("never_loaded")}
    for outcome in load_in_new_process(scenarios, folder, HF_ENDPOINT=closed).values():
        assert "the Hub can't be reached" in outcome.message
        assert "--train_file" in outcome.message


def test_label_names_are_given_for_label_columns_only() -> None:
    assert class_label_names(FEATURES, "ner_tags") == TAGS
    assert class_label_names(FEATURES, "tokens") is None
    assert class_label_names(Features({"label": ClassLabel(names=TAGS)}), "label") is None
    with pytest.raises(KeyError):
        class_label_names(FEATURES, "pos_tags")
