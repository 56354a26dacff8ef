"""`learning_curve` as a command, on tiny models: its files, how it goes on, and what it refuses."""

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, SENTENCES, write_sentences

from token_classification import cli
from token_classification.exit_codes import run_command
from token_classification.learning_curve import points


def learning_curve(*arguments: object) -> int:
    return run_command(cli.run, ["learning_curve", *map(str, arguments)])


@pytest.fixture(scope="module")
def flags(tmp_path_factory, bert_folder) -> list:
    folder = tmp_path_factory.mktemp("data")
    train = write_sentences(folder / "train.conll", SENTENCES * 25)
    dev = write_sentences(folder / "dev.conll", SENTENCES * 4)
    files = ["--train_file", train, "--validation_file", dev]
    settings = ["--parts", 4, "--seeds", 2, "--num_train_epochs", 4, "--learning_rate", 4e-3]
    return ["-m", bert_folder, *files, *settings]


@pytest.fixture(scope="module")
def measured(flags, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("results") / "curve"
    assert learning_curve(*flags, "-r", folder) == 0
    return folder


def test_the_curve_is_written_as_table_json_and_picture(measured):
    record = json.loads((measured / "learning_curve.json").read_text())
    assert [point["sentences"] for point in record["points"]] == [25, 50, 100, 200]
    assert record["points"][-1]["f1"]["value"] > 0.3
    assert record["more"]["sentences"] == 1000
    assert record["settings"]["num_train_epochs"] == 4
    assert "1,000 more sentences should bring" in (measured / "learning_curve.txt").read_text()
    assert (measured / "learning_curve.svg").read_text().startswith("<svg ")
    assert len(list((measured / "points").iterdir())) == 8


def test_what_is_trained_is_not_trained_again(measured, flags, monkeypatch, capsys):
    before = (measured / "learning_curve.json").read_bytes()
    names = sorted(path.name for path in (measured / "points").iterdir())
    (measured / "points" / names[0]).unlink()
    (measured / "points" / names[1]).write_bytes(b"broken")
    trained, train = [], points.train_point

    def watch(*arguments):
        trained.append(arguments[-2:])
        return train(*arguments)

    monkeypatch.setattr(points, "train_point", watch)
    assert learning_curve(*flags, "-r", measured) == 0
    assert {f"sentences-{size}_seed-{seed}.npz" for size, seed in trained} == set(names[:2])
    assert (measured / "learning_curve.json").read_bytes() == before
    trained.clear()
    # Another question needs no training, other settings need all.
    assert learning_curve(*flags, "-r", measured, "--more", 50) == 0
    assert trained == []
    assert "50 more sentences should bring" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--parts", 5], "train.conll: 200 sentences, of which the smallest of 5 parts has 13; accepted: parts of 25"),
        (["--parts", 3], "--parts 3: accepted are 4 to 8"),
        (["--seeds", 1], "--seeds 1: one training says nothing"),
        (["--more", 0], "--more 0: accepted: 1 sentence or more"),
    ],
)
def test_too_little_is_refused_before_a_training(flags, tmp_path, capsys, change, message):
    assert learning_curve(*flags, "-r", tmp_path / "out", *change) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_too_few_entities_to_score_on_are_refused(flags, tmp_path, capsys):
    few = write_sentences(tmp_path / "few.conll")
    assert learning_curve(*flags, "-r", tmp_path / "out", "--validation_file", few) == 2
    assert "few.conll: 15 entities, so few that nothing could be told apart; accepted: 30" in capsys.readouterr().err


def test_the_command_of_the_page_runs(bert_folder, tmp_path, monkeypatch):
    def count_right(_train, validation, _settings, size, seed):
        counts = np.ones((len(validation.sentences), 3), dtype=np.int32)
        counts[:, 2] = np.random.default_rng(seed).random(len(counts)) < 1 - size**-0.3
        return counts

    # What a training does is tested above; the page's fifteen would take a minute.
    monkeypatch.setattr(points, "train_point", count_right)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bert-base-uncased").symlink_to(bert_folder)
    write_sentences(tmp_path / "train.conll", SENTENCES * 50)
    write_sentences(tmp_path / "dev.conll", SENTENCES * 4)
    text = (ROOT / "docs" / "learning_curve.md").read_text(encoding="utf-8")
    [block] = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
    words = shlex.split(block.replace("\\\n", " "))
    assert words[0] == "token_classification"
    assert run_command(cli.run, words[1:]) == 0
    for name in re.findall(r"`(learning_curve\.\w+)`", text):
        assert (tmp_path / "curve" / name).is_file()
