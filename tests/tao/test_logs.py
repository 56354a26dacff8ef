"""Log lines and files as NeMo writes them."""

import logging
import re
from pathlib import Path

import pytest

from token_classification.errors import UserError
from token_classification.reporting.logs import CONFIGURED_LOGGERS
from token_classification.tao.logs import (
    NemoFormatter,
    log_failures,
    tao_logging,
)

PREFIX = r"\[NeMo I \d{4}-\d\d-\d\d \d\d:\d\d:\d\d test_logs:\d+\] "


logger = logging.getLogger("token_classification.test")


def format_one(level: int, text: str) -> str:
    """Format one record with the time 2026-11-23 10:00:00."""
    record = logging.LogRecord("any", level, "somewhere/train.py", 93, text, None, None)
    formatter = NemoFormatter("train")
    formatter.formatTime = lambda *_: "2026-11-23 10:00:00"
    return formatter.format(record)


@pytest.mark.parametrize(
    ("level", "letter"), [(logging.INFO, "I"), (logging.WARNING, "W"), (logging.ERROR, "E"), (logging.DEBUG, "D")]
)
def test_the_prefix_says_level_time_and_place(level: int, letter: str) -> None:
    assert format_one(level, "Spec file:") == f"[NeMo {letter} 2026-11-23 10:00:00 train:93] Spec file:"


def test_further_lines_are_indented() -> None:
    assert format_one(logging.INFO, "a:\nb\n  c") == "[NeMo I 2026-11-23 10:00:00 train:93] a:\n    b\n      c"


def test_lines_go_to_stdout_and_into_the_results(tmp_path: Path, capsys) -> None:
    results = tmp_path / "new" / "results"
    with tao_logging(results, "train"):
        logger.info("Processing %s", "labels_train.txt")
        logger.error("wrong")
        logger.debug("too fine")
    shown = capsys.readouterr().out
    assert re.fullmatch(PREFIX + r"Processing labels_train.txt\n" + PREFIX.replace("I", "E") + r"wrong\n", shown)
    assert (results / "nemo_log_globalrank-0_localrank-0.txt").read_text() == shown
    assert (results / "nemo_error_log.txt").read_text() == shown.splitlines(keepends=True)[1]


@pytest.mark.parametrize(("kind", "has_traceback"), [(UserError, False), (RuntimeError, True)])
def test_what_ends_a_command_is_in_its_log_files(tmp_path: Path, capsys, kind, has_traceback: bool) -> None:
    with pytest.raises(kind), tao_logging(tmp_path, "train"), log_failures():
        raise kind("give a smaller --learning_rate")
    assert capsys.readouterr().out == ""
    for name in ("nemo_error_log.txt", "nemo_log_globalrank-0_localrank-0.txt"):
        text = (tmp_path / name).read_text()
        assert text.startswith("[NeMo E ")
        assert "give a smaller model.optim.lr" in text
        assert ("Traceback" in text) is has_traceback


def test_without_results_only_stdout(tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with tao_logging(None, "train"):
        logger.info("shown")
    assert "shown" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_other_processes_write_their_own_file_and_stay_silent(tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.setenv("RANK", "3")
    monkeypatch.setenv("LOCAL_RANK", "1")
    with tao_logging(tmp_path, "train"):
        logger.info("Processing")
    assert capsys.readouterr().out == ""
    assert "Processing" in (tmp_path / "nemo_log_globalrank-3_localrank-1.txt").read_text()


def test_a_second_command_logs_to_its_own_folder_only(tmp_path: Path, capsys) -> None:
    loggers = [logging.getLogger(name) for name in CONFIGURED_LOGGERS]
    before = [(list(one.handlers), one.level, one.propagate) for one in loggers]
    for name in ("first", "second"):
        with tao_logging(tmp_path / name, "train"):
            logger.info("%s command", name)
    assert capsys.readouterr().out.count("second command") == 1
    assert "second" not in (tmp_path / "first" / "nemo_log_globalrank-0_localrank-0.txt").read_text()
    assert [(list(one.handlers), one.level, one.propagate) for one in loggers] == before


def test_warnings_of_transformers_have_the_prefix_too(tmp_path: Path, capsys) -> None:
    with tao_logging(tmp_path, "train"):
        logging.getLogger("transformers.any").warning("careful")
    assert capsys.readouterr().out.startswith("[NeMo W ")
    assert "careful" in (tmp_path / "nemo_log_globalrank-0_localrank-0.txt").read_text()


def test_what_the_engine_says_is_put_into_the_words_of_the_command(tmp_path: Path) -> None:
    with tao_logging(tmp_path, "evaluate"):
        for name in ("token_classification.training.survival.watchdog", "token_classification.tao.learn", "another"):
            logging.getLogger(name).warning("%s: type %s", name, "--per_device_eval_batch_size 8")
    engine, dialect, another = (tmp_path / "nemo_log_globalrank-0_localrank-0.txt").read_text().splitlines()
    assert engine.endswith("type test_ds.batch_size=8")
    assert dialect.endswith("type --per_device_eval_batch_size 8")
    assert another.endswith("type --per_device_eval_batch_size 8")
