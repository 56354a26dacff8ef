"""Every command of the README and the docs runs, in a folder that holds what the command names, without a network."""

import re
import shlex
from pathlib import Path

import pytest
from conftest import ROOT, SENTENCES, write_sentences
from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value

import run_ner
from token_classification.command_line import run_command

RUN_ELSEWHERE = {"bash run.sh": "test_run_sh.py", "make test": "what runs this very test"}


def read_commands(page: Path) -> list[str]:
    """The commands of a page's bash blocks, continued lines joined."""
    blocks = re.findall(r"```bash\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    return [line for block in blocks for line in block.replace("\\\n", " ").splitlines() if line.strip()]


@pytest.fixture
def user_folder(tmp_path, bert_folder, monkeypatch) -> Path:
    """A working folder with the files, the model and the data set that the commands name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bert-base-uncased").symlink_to(bert_folder)
    for name in ("path_to_train_file", "path_to_validation_file", "train.conll", "dev.conll", "test.conll"):
        write_sentences(tmp_path / name)
    rows = "1\tHe\t_\tPRON\t_\t_\t_\t_\t_\t_\n2\twent\t_\tVERB\t_\t_\t_\t_\t_\t_\n\n"
    for name in ("train.conllu", "test.conllu"):
        (tmp_path / name).write_text(rows)
    save_conll2003(tmp_path / "conll2003")
    config = ["model_name_or_path: bert-base-uncased", "train_file: train.conll", "do_train: true", "max_steps: 1"]
    (tmp_path / "config.yaml").write_text("\n".join([*config, "output_dir: from-config"]))
    return tmp_path


def save_conll2003(folder: Path) -> None:
    """A data set of that name and with its columns."""
    names = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
    features = Features({"tokens": List(Value("string")), "ner_tags": List(ClassLabel(names=names))})
    rows = {
        "tokens": [words.split() for words, _ in SENTENCES],
        "ner_tags": [[names.index(tag) for tag in tags.split()] for _, tags in SENTENCES],
    }
    split = Dataset.from_dict(rows, features=features)
    DatasetDict({"train": split, "validation": split, "test": split}).save_to_disk(str(folder))


@pytest.mark.parametrize("page", ["README.md"])
def test_every_command_runs(page, user_folder):
    commands = read_commands(ROOT / page)
    assert len(commands) > 5
    for number, command in enumerate(commands):
        if command in RUN_ELSEWHERE:
            continue
        words = shlex.split(command.replace("/tmp/test-ner", f"{user_folder}/output-{number}"))
        assert words[:2] == ["python", "run_ner.py"], f"no test runs: {command}"
        assert run_command(run_ner.main, [*words[2:], "--use_cpu"]) == 0, command


def test_make_help_lists_every_target():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.search(r"\.PHONY: (.*)", text)[1].split())
    assert targets == set(re.findall(r"^([a-z]+):.*## ", text, re.MULTILINE))
