"""Every command of the README and the docs runs, in a folder that holds what the command names, without a network."""

import hashlib
import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT, write_sentences
from data_sets import save_conll2003
from nested_sentences import write_nested
from table_model import save_table
from unsure_model import CLEAR_TRUTH, ROWS, write_labelled
from walkthrough_stand_ins import (
    PYTHON,
    PYTHON_WITHOUT_MODEL,
    RAW_FILES,
    read_calls,
    set_up_environment,
    write_program,
)

import run_ner
from token_classification import cli
from token_classification.arguments.command_line import parse_command_line
from token_classification.exit_codes import run_command

RUN_ELSEWHERE = {"bash run.sh": "test_run_sh.py", "make test": "what runs this very test"}

SERVING_PAGE = ROOT / "docs" / "serving.md"
"""Its commands need a server that runs: test_serving_page.py"""
SHELL_PAGE = ROOT / "docs" / "walkthroughs.md"

CURL = """#!/usr/bin/env bash
while [ $# -gt 0 ]; do
  case "$1" in
    --output) exec >"$2"; shift ;;
    http*) url="$1" ;;
  esac
  shift
done
case "$url" in
  *1Jjhbal535VVz2ap4v4r_rN1UEHTdLK5P) cat "{folder}/germeval2014/train.tsv" ;;
  *1ZfRcQThdtAR5PPRjIDtrVP7BtXSCUBbm) cat "{folder}/germeval2014/dev.tsv" ;;
  *1u9mb7kNJHWQCWyweMDRMuTFoOHOfeBTH) cat "{folder}/germeval2014/test.tsv" ;;
  */emerging_entities_17/raw/master/wnut17train.conll) cat "{folder}/wnut17/train.conll" ;;
  */emerging_entities_17/raw/master/emerging.dev.conll) cat "{folder}/wnut17/dev.conll" ;;
  */emerging_entities_17/raw/master/emerging.test.annotated) cat "{folder}/wnut17/test.conll" ;;
  *) exit 22 ;;
esac
"""


def read_shell_sections(page: Path) -> dict[str, str]:
    """Heading -> the commands of a page's section, as one script."""
    sections = re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    scripts = {
        section.partition("\n")[0]: re.findall(r"```bash\n(.*?)```", section, re.DOTALL) for section in sections
    }
    return {heading: "".join(blocks) for heading, blocks in scripts.items() if blocks}


def read_blocks(page: Path, language: str) -> list[str]:
    """The blocks of a page that are in a language."""
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def read_commands(page: Path) -> list[str]:
    """The commands of a page's bash blocks, continued lines joined."""
    return [
        line for block in read_blocks(page, "bash") for line in block.replace("\\\n", " ").splitlines() if line.strip()
    ]


@pytest.fixture
def user_folder(tmp_path, bert_folder, monkeypatch) -> Path:
    """A working folder with the files, the model and the data set that the commands name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bert-base-uncased").symlink_to(bert_folder)
    data = ("train.conll", "dev.conll", "test.conll", "new.conll")
    for name in ("path_to_train_file", "path_to_validation_file", *data):
        write_sentences(tmp_path / name)
    for name in ("train.tsv", "dev.tsv", "test.tsv"):
        write_nested(tmp_path / name)
    sha256 = hashlib.sha256((tmp_path / "train.conll").read_bytes()).hexdigest()
    (tmp_path / "decisions.json").write_text(json.dumps({"sha256": sha256, "candidates": []}))
    rows = "1\tHe\t_\tPRON\t_\t_\t_\t_\t_\t_\n2\twent\t_\tVERB\t_\t_\t_\t_\t_\t_\n\n"
    for name in ("train.conllu", "test.conllu"):
        (tmp_path / name).write_text(rows)
    save_conll2003(tmp_path / "conll2003")
    (tmp_path / "redact.key").write_text("0123456789abcdef" * 4)
    (tmp_path / "iob").mkdir()
    for name in ("train.txt", "dev.txt", "test.txt"):
        write_sentences(tmp_path / "iob" / name)
    (tmp_path / "texts.jsonl").write_text('{"id": 1, "text": "Anna Smith moved to New York."}\n{broken\n')
    annotated = {"id": 1, "text": "Anna Smith moved to New York.", "label": [[0, 10, "PER"], [20, 28, "LOC"]]}
    (tmp_path / "annotated.jsonl").write_text(json.dumps(annotated) + "\n")
    for name, text in (("labelled", "Anna Smith left."), ("corrected", "Anna Smith is here.")):
        regions = [
            {
                "from_name": "label",
                "to_name": "text",
                "type": "labels",
                "value": {"start": 0, "end": 10, "labels": ["PER"]},
            }
        ]
        task = {"id": 1, "data": {"text": text}, "annotations": [{"result": regions}]}
        (tmp_path / f"{name}.json").write_text(json.dumps([task]))
    config = ["model_name_or_path: bert-base-uncased", "train_file: train.conll", "do_train: true", "max_steps: 1"]
    (tmp_path / "config.yaml").write_text("\n".join([*config, "output_dir: from-config"]))
    return tmp_path


class Finder:
    """Finds Anna, as a model of GLiNER would."""

    def predict_entities(self, text: str, labels: list[str]) -> list[dict]:
        found = {"start": 0, "end": 4, "text": "Anna", "label": labels[0], "score": 0.9}
        return [found] if text.startswith("Anna") else []


PAGES = {
    "README.md": 6,
    "docs/run_ner.md": 8,
    "docs/tao.md": 6,
    "docs/check.md": 4,
    "docs/annotation.md": 13,
    "docs/audit.md": 2,
    "docs/report.md": 4,
    "docs/export.md": 3,
    "docs/recipes.md": 11,
    "docs/redact.md": 5,
    "docs/robustness.md": 4,
}
"""Page -> how many commands it has at least."""


@pytest.mark.parametrize(("page", "least"), PAGES.items())
def test_every_command_runs(page, least, user_folder, monkeypatch, request):
    if page in ("docs/export.md", "docs/tao.md"):
        pytest.importorskip("openvino", reason='needs the extra "export"')
    if page == "docs/robustness.md":
        pytest.importorskip("faker", reason='needs the extra "redact"')
    if page == "docs/recipes.md":
        pytest.importorskip("optuna", reason='needs the extra "tune"')
        pytest.importorskip("peft", reason='needs the extra "lora"')
    if page == "docs/redact.md":
        pytest.importorskip("faker", reason='needs the extra "redact"')
        (user_folder / "ner-model").symlink_to(request.getfixturevalue("tagger_folder"))
    if page == "docs/recipes.md":
        [of_adapters, of_spans] = read_blocks(ROOT / page, "python")
        exec(of_spans, {"json": json, "gliner": Finder(), "texts": ["Anna left", "Where is Bob ?"]})
    monkeypatch.setenv("KEY", "a secret")
    commands = read_commands(ROOT / page)
    assert len(commands) >= least
    run_elsewhere = {*RUN_ELSEWHERE, *read_commands(SERVING_PAGE)}
    for number, command in enumerate(commands):
        if command in run_elsewhere:
            continue
        words = shlex.split(os.path.expandvars(command.replace("/tmp/test-ner", f"{user_folder}/output-{number}")))
        if words[1] == "tune":
            words[words.index("--trials") + 1] = "2"
        # The files hold the same sentences, which a check warns of.
        accepted = (0, 1) if "check" in words or "--check_only" in words else (0,)
        if words[0] == "token_classification":
            assert run_command(cli.run, words[1:]) in accepted, command
            continue
        assert words[:2] == ["python", "run_ner.py"], f"no test runs: {command}"
        assert run_command(run_ner.main, [*words[2:], "--use_cpu"]) in accepted, command
    if page == "docs/recipes.md":
        exec(of_adapters, {})
    if page == "README.md":
        names: dict = {}
        for example in read_blocks(ROOT / page, "python"):
            exec(example, names)
        assert names["run"].report.path.exists()


def test_the_example_of_the_python_page_runs(user_folder):
    page = ROOT / "docs" / "python.md"
    [example] = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    names: dict = {}
    exec(example, names)
    assert names["run"].report.path.is_file()


def test_every_way_from_text_to_entities_works(user_folder, tagger_folder):
    (user_folder / "ner-model").symlink_to(tagger_folder)
    page = ROOT / "docs" / "inference.md"
    [example] = read_blocks(page, "python")
    names: dict = {}
    exec(example, names)
    assert names["predictor"].tag("Anna")
    commands = read_commands(page)
    assert len(commands) == 5
    for command in commands:
        assert run_command(cli.run, shlex.split(command)[1:]) == 0, command


def test_every_command_about_scores_works(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_table(tmp_path / "ner-model", ROWS)
    write_labelled(tmp_path / "dev.conll", 1, sentences=600, truth=CLEAR_TRUTH)
    (tmp_path / "texts.jsonl").write_text('{"text": "Mira met Tol in Ber"}\n')
    commands = read_commands(ROOT / "docs" / "scores.md")
    assert len(commands) == 5
    for command in commands:
        assert run_command(cli.run, shlex.split(command)[1:]) == 0, command
    entities = json.loads((tmp_path / "found" / "predictions.jsonl").read_text())["entities"]
    assert [entity["text"] for entity in entities] == ["Tol"]
    points = json.loads((tmp_path / "ner-model" / "calibration.json").read_text())["operating_points"]
    assert set(points) == {"balanced", "high_precision", "high_recall", "strict"}


@pytest.fixture
def walkthrough_folder(tmp_path, bert_folder) -> Path:
    """What looks like the project's folder, with a tiny model for each that is named and small raw files."""
    for name in ("scripts", "run_ner.py", "requirements.txt", "pyproject.toml"):
        (tmp_path / name).symlink_to(ROOT / name)
    for name in ("bert-base-multilingual-cased", "bert-base-german-cased", "bert-large-cased"):
        (tmp_path / name).symlink_to(bert_folder)
    write_program(tmp_path / "sample" / "encoder.py", f"print({str(bert_folder)!r})")
    for name, content in RAW_FILES.items():
        folder = tmp_path / {".tsv": "germeval2014", ".conll": "wnut17"}[Path(name).suffix]
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("section", read_shell_sections(SHELL_PAGE))
def test_every_walkthrough_runs(section, walkthrough_folder, tmp_path_factory, monkeypatch):
    script, folder = read_shell_sections(SHELL_PAGE)[section], tmp_path_factory.mktemp("environment")
    # germeval.sh and wnut17.sh run as a whole in test_walkthroughs.py: here, what they ask of run_ner.py is only read.
    names_run_ner = "run_ner.py" in script
    environment = set_up_environment(folder, PYTHON if names_run_ner else PYTHON_WITHOUT_MODEL) | {"NUM_EPOCHS": "1"}
    write_program(folder / "bin" / "curl", CURL.format(folder=walkthrough_folder))
    command = ["bash", "-euo", "pipefail", "-c", script]
    done = subprocess.run(
        command, cwd=walkthrough_folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    if names_run_ner:
        assert list(walkthrough_folder.glob("*/predict_results.json"))
        return
    monkeypatch.chdir(walkthrough_folder)
    trained = [call for call in read_calls(folder) if "--do_train" in call]
    assert len(trained) == script.count("bash scripts/") > 0
    for call in trained:
        arguments, _ = parse_command_line(shlex.split(call))
        assert Path(arguments.model.model_name_or_path, "config.json").exists()


def test_make_help_lists_every_target():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.search(r"\.PHONY: (.*)", text)[1].split())
    assert targets == set(re.findall(r"^([a-z-]+):.*## ", text, re.MULTILINE))
