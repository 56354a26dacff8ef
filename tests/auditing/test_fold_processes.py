"""Folds that are trained at the same time: the same results, and what becomes of processes that end early."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from conftest import write_sentences

from token_classification.auditing import fold_processes, out_of_fold
from token_classification.auditing.audit import audit_file
from token_classification.auditing.fold_training import FoldSettings
from token_classification.auditing.out_of_fold import choose_workers
from token_classification.checking.files import USUAL_COLUMNS
from token_classification.errors import UserError

RECIPE = {"num_train_epochs": 1, "use_cpu": True, "disable_tqdm": True}


class Unspeakable:
    """A value that nobody has foreseen."""

    def __str__(self) -> str:
        raise RuntimeError("it has no text")


def make_settings(encoder: Path, **more: object) -> FoldSettings:
    """Two folds of a tiny encoder."""
    return FoldSettings(str(encoder), folds=2, recipe={**RECIPE, **more})


def read_folds(folder: Path) -> dict[str, bytes]:
    """The results of the folds of an audit."""
    return {path.name: path.read_bytes() for path in (folder / "folds").iterdir()}


def test_two_at_a_time_find_what_one_after_the_other_finds(bert_folder, conll_file, tmp_path, caplog):
    caplog.set_level("INFO", "token_classification")
    settings = make_settings(bert_folder)
    one = audit_file(conll_file, USUAL_COLUMNS, settings, tmp_path / "one", workers=1)
    assert "at the same time" not in caplog.text
    two = audit_file(conll_file, USUAL_COLUMNS, settings, tmp_path / "two", workers=2)
    assert "2 folds are trained at the same time, each with one thread" in caplog.text
    assert one == two
    assert read_folds(tmp_path / "one") == read_folds(tmp_path / "two")
    for name in ("audit.json", "audit.txt", "audit.html"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_killed_process_is_one_message_and_costs_no_finished_fold(bert_folder, conll_file, tmp_path, monkeypatch):
    start, killed = fold_processes.start_process, []

    def start_and_kill_the_last(number):
        connection, process = start(number)
        if number == 3:
            process.kill()
            killed.append(process)
        return connection, process

    monkeypatch.setattr(fold_processes, "start_process", start_and_kill_the_last)
    settings = FoldSettings(str(bert_folder), folds=3, recipe=RECIPE)
    message = r"fold 3: its process was killed by SIGKILL, as .* memory runs out; the folds that are finished are kept"
    with pytest.raises(UserError, match=message):
        audit_file(conll_file, USUAL_COLUMNS, settings, tmp_path / "out", workers=2)
    # The third was started when one of the others had finished.
    before = read_folds(tmp_path / "out")
    assert killed
    assert before
    monkeypatch.undo()
    audit_file(conll_file, USUAL_COLUMNS, settings, tmp_path / "out", workers=1)
    after = read_folds(tmp_path / "out")
    assert len(after) == 3
    assert before.items() <= after.items()


def test_the_mistake_of_a_fold_is_that_of_one_after_the_other(bert_folder, conll_file, tmp_path):
    settings = make_settings(bert_folder, no_such_flag=1)
    messages = []
    for workers in (1, 2):
        with pytest.raises(UserError) as error:
            audit_file(conll_file, USUAL_COLUMNS, settings, tmp_path / "out", workers=workers)
        messages.append(str(error.value))
    assert "no_such_flag" in messages[0]
    assert messages[0] == messages[1]


def test_a_bug_in_a_fold_brings_its_traceback(bert_folder, conll_file, tmp_path, monkeypatch):
    monkeypatch.setattr(out_of_fold, "make_key", lambda *_: "a checksum")
    settings = make_settings(bert_folder, learning_rate=Unspeakable())
    with pytest.raises(RuntimeError, match=r"^fold \d: RuntimeError: it has no text") as bug:
        audit_file(conll_file, USUAL_COLUMNS, settings, tmp_path / "out", workers=2)
    assert "in __str__" in "".join(bug.value.__notes__)


@pytest.mark.parametrize(
    ("number", "is_for_all", "code", "message"),
    [
        (signal.SIGTERM, False, 143, "stopped by SIGTERM; the folds that are finished are kept in"),
        (signal.SIGINT, True, 130, "interrupted"),
        (signal.SIGKILL, False, -9, ""),
    ],
)
def test_no_process_outlives_the_command(number, is_for_all, code, message, bert_folder, tmp_path):
    path = write_sentences(tmp_path / "x.conll")
    (tmp_path / "temporary").mkdir()
    command = [sys.executable, "-m", "token_classification", "audit", path.name, "-m", str(bert_folder)]
    command += ["--folds", "3", "--num_workers", "2", "--num_train_epochs", "1"]
    project = Path(__file__).parents[2]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(project), "TMPDIR": str(tmp_path / "temporary")},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as running:
        heard = iter(running.stderr)
        assert any("Fold" in line and "of 3 is done" in line for line in heard)
        # The third has begun, since it takes the place of the first one that is finished.
        (os.killpg if is_for_all else os.kill)(running.pid, number)
        # This ends only when no process holds the other end.
        rest = "".join(heard)
    assert running.returncode == code
    # One that was just being started may say that nobody told it what to do.
    assert message in rest
    assert read_folds(tmp_path / "audit")
    assert not (tmp_path / "audit" / "audit.json").exists()
    if number != signal.SIGKILL:
        assert list((tmp_path / "temporary").iterdir()) == []


def test_cores_decide_how_many_folds_are_trained_at_the_same_time(monkeypatch):
    monkeypatch.setattr(out_of_fold, "has_accelerator", lambda: False)
    chosen = {}
    for threads in (1, 2, 8, 64):
        monkeypatch.setattr(torch, "get_num_threads", lambda threads=threads: threads)
        chosen[threads] = choose_workers(None, 5)
    assert chosen == {1: 1, 2: 1, 8: 2, 64: 5}
    assert choose_workers(3, 5) == 3
    assert choose_workers(9, 5) == 5
    assert choose_workers(2, 0) == 1
    monkeypatch.setattr(out_of_fold, "has_accelerator", lambda: True)
    assert choose_workers(None, 5) == 1
    with pytest.raises(UserError, match=r"--num_workers 0: accepted: 1 or more .*type --num_workers 1"):
        choose_workers(0, 5)
