"""A search: begins at what is known to work, prunes, survives failed trials and kills, ends in time."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from token_classification.errors import DataError, StoppedError, UserError
from token_classification.tuning import tune as tune_module
from token_classification.tuning.space import DEFAULTS, STARTS
from token_classification.tuning.tune import tune
from tuning.searches import FakeTrainings, plan_search

pytest.importorskip("optuna", reason='needs the extra "tune"')

KILLED = """
import os, signal, sys
from token_classification import cli
from token_classification.tuning.trial import WatchTrial
see = WatchTrial.on_evaluate
def see_and_die(self, *args, **kwargs):
    see(self, *args, **kwargs)
    if self.trial.number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
WatchTrial.on_evaluate = see_and_die
cli.run(sys.argv[1:])
"""


@pytest.fixture
def trainings(monkeypatch) -> FakeTrainings:
    fake = FakeTrainings()
    monkeypatch.setattr(tune_module, "run_trial", fake)
    return fake


@pytest.fixture
def search(tmp_path, bert_folder, conll_file):
    return lambda **settings: plan_search(tmp_path, bert_folder, conll_file, **settings)


def read_rows(folder: Path) -> dict[int, dict]:
    return {row["trial"]: row for row in json.loads((folder / "trials.json").read_text())}


def test_it_begins_with_the_defaults_and_the_measured_recipe(trainings, search):
    trainings.score = lambda number, epoch: {0: 0.4, 1: 0.6}.get(number, 0.1)
    text = tune(search(trials=3), trainings.clock)
    rows = read_rows(search().folder)
    assert [rows[0]["settings"], rows[1]["settings"]] == [*STARTS]
    assert "--learning_rate=0.0001 --head_learning_rate=0.001 --layerwise_lr_decay=1.0 --num_train_epochs=4" in text
    assert "--test_file" not in text


def test_what_is_fixed_is_not_searched(trainings, search):
    tune(search(trials=3, num_train_epochs=1), trainings.clock)
    assert all("num_train_epochs" not in row["settings"] for row in read_rows(search().folder).values())
    assert all("--num_train_epochs=1" in argv for argv in trainings.argvs)


def test_the_worst_trials_end_early(trainings, search):
    trainings.score = lambda number, epoch: 0.1 if number >= 4 else 0.5 + number / 100
    tune(search(trials=7), trainings.clock)
    rows = read_rows(search().folder)
    assert [rows[number]["ended"] for number in range(4)] == ["scored"] * 4
    pruned = [row for row in rows.values() if row["ended"] == "pruned"]
    assert pruned
    assert {row["epochs"] for row in pruned} == {2}
    assert all(row["f1"] == 0.1 and "among the lowest" in row["reason"] for row in pruned)


def test_a_trial_that_fails_costs_no_other_one(trainings, search, caplog):
    trainings.fails = {1: UserError("the loss is nan at step 3"), 2: UserError("out of memory")}
    tune(search(trials=4), trainings.clock)
    rows = read_rows(search().folder)
    assert [rows[number]["ended"] for number in range(4)] == ["scored", "failed", "failed", "scored"]
    assert rows[1]["reason"] == "the loss is nan at step 3"
    assert "Trial 2 ended without a score: out of memory" in caplog.text


def test_what_fails_from_the_start_ends_the_search(trainings, search):
    trainings.fails = {number: UserError(f"no memory {number}") for number in range(9)}
    with pytest.raises(UserError, match="no memory 1"):
        tune(search(trials=9), trainings.clock)
    assert len(trainings.argvs) == len(STARTS)


def test_sigterm_keeps_what_has_ended(trainings, search):
    trainings.fails = {1: StoppedError("stopped by SIGTERM; out/trial-1/checkpoint-3 is saved.")}
    with pytest.raises(StoppedError, match=r"trials that have ended are kept in .*study\.sqlite"):
        tune(search(trials=2), trainings.clock)
    tune(search(trials=2), trainings.clock)
    rows = read_rows(search().folder)
    assert [rows[number]["ended"] for number in range(3)] == ["scored", "interrupted", "scored"]
    assert rows[2]["settings"] == rows[1]["settings"]


def test_the_search_ends_within_its_time(trainings, search):
    text = tune(search(trials=float("inf"), seconds=300.0), trainings.clock)
    assert trainings.now <= 300
    rows = read_rows(search().folder)
    assert sum(row["seconds"] for row in rows.values()) == trainings.now
    assert rows[0]["ended"] == rows[1]["ended"] == "scored"
    assert f"--num_train_epochs={rows[0]['settings']['num_train_epochs']}" in text


def test_the_time_of_earlier_calls_counts(trainings, search):
    tune(search(trials=2), trainings.clock)
    spent, begun = trainings.now, len(trainings.argvs)
    tune(search(trials=99, seconds=spent + 5), trainings.clock)
    assert len(trainings.argvs) == begun


def test_a_trial_that_cannot_end_in_time_stops_after_its_first_epoch(trainings, search):
    with pytest.raises(UserError, match=r"no trial ended with a score .*more --hours"):
        tune(search(trials=1, seconds=25.0), trainings.clock)
    # Three of them, because one that was interrupted is no trial that has ended.
    assert trainings.now <= 30
    assert read_rows(search().folder)[0] | {"reason": ""} == {
        "trial": 0,
        "ended": "interrupted",
        "f1": 0.5,
        "epochs": 1,
        "seconds": 10.0,
        "settings": DEFAULTS,
        "reason": "",
    }


def test_a_study_goes_on_only_with_its_own_settings(trainings, search, conll_file):
    tune(search(trials=1), trainings.clock)
    with pytest.raises(UserError, match="max_seq_length: None there, 32 here"):
        tune(search(trials=2, max_seq_length=32), trainings.clock)
    conll_file.write_text("Anna\tB-PER\n")
    with pytest.raises(UserError, match="validation data"):
        tune(search(trials=2), trainings.clock)


def test_files_of_somebody_else_stay(trainings, search):
    search().folder.mkdir()
    (search().folder / "trials.csv").write_text("mine")
    with pytest.raises(UserError, match=r"trials\.csv: already exists"):
        tune(search(), trainings.clock)
    assert (search().folder / "trials.csv").read_text() == "mine"


def test_a_broken_study_is_named(trainings, search):
    tune(search(trials=1), trainings.clock)
    (search().folder / "study.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(UserError, match=r"study\.sqlite: can't be used as a study"):
        tune(search(), trainings.clock)


@pytest.mark.parametrize("missing", ["validation_file"])
def test_it_needs_validation_data(trainings, search, missing):
    plan = search()
    del plan.flags[missing]
    with pytest.raises(UserError, match=r"--validation_file FILE, or --validation_split"):
        tune(plan, trainings.clock)
    assert not trainings.argvs


def test_data_that_is_wrong_ends_it_before_the_first_trial(trainings, search, conll_file):
    conll_file.write_text("Anna\tB-PER\nleft\n")
    with pytest.raises(DataError, match=r"eight\.conll:2"):
        tune(search(), trainings.clock)
    assert not trainings.argvs


def test_a_killed_study_goes_on(tmp_path, bert_folder, conll_file):
    (tmp_path / "fixed.yaml").write_text("use_cpu: true\nnum_train_epochs: 2\ncalibrate: false\n")
    argv = ["tune", "-m", bert_folder, "--train_file", conll_file, "--validation_file", conll_file, "-r", "out"]
    argv = [*map(str, argv), "--trials", "3", "--config", "fixed.yaml"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", KILLED, *argv]
    killed = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    before = read_rows(tmp_path / "out")
    assert [row["ended"] for row in before.values()] == ["scored"]
    command = [sys.executable, "-m", "token_classification", *argv]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = read_rows(tmp_path / "out")
    assert rows[0] == before[0]
    assert [rows[number]["ended"] for number in sorted(rows)] == ["scored", "interrupted", "scored", "scored"]
    assert rows[2]["settings"] == rows[1]["settings"]
    assert "Trial 1 did not end; it is begun again." in done.stderr
    assert not [*(tmp_path / "out").glob("trial-*")]
    assert "Trial 0: F1" not in done.stderr
