"""Commands in one process, one after another: the same each time, and nothing of the process is left changed."""

import csv
import logging
import os
import signal
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import datasets
import pytest
import transformers
from conftest import write_sentences

import run_ner
from token_classification import cli
from token_classification.exit_codes import ending_at_sigterm
from token_classification.reporting.logs import CONFIGURED_LOGGERS

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def read_state() -> dict[str, object]:
    """What a command could change for whatever else the process does."""
    loggers = [logging.getLogger(name) for name in CONFIGURED_LOGGERS]
    return {
        "environment": dict(os.environ),
        "command line": list(sys.argv),
        "loggers": [(list(logger.handlers), logger.level, logger.propagate) for logger in loggers],
        "verbosity": (transformers.utils.logging.get_verbosity(), datasets.utils.logging.get_verbosity()),
        "signals": [signal.getsignal(number) for number in SIGNALS],
        "warnings": list(warnings.filters),
        "missing modules": [name for name, module in sys.modules.items() if module is None],
        "longest field": csv.field_size_limit(),
        "standard streams": (sys.stdout, sys.stderr),
        "folder": Path.cwd(),
    }


def check_twice(command: Callable[[], int], capsys: pytest.CaptureFixture, written: Path | None = None) -> str:
    """Run a command three times: the first one imports, the others do the same and change nothing.

    Args:
        command: What to run.
        capsys: What it says.
        written: A file that it writes, the same each time.

    Returns:
        What the second one says.
    """
    said, contents = [], []
    with pytest.MonkeyPatch.context() as patch:
        # As in a process of its own: nobody listens to the log yet.
        patch.setattr(logging.getLogger(), "handlers", [])
        assert command() == 0
        capsys.readouterr()
        before = read_state()
        for _ in range(2):
            assert command() == 0
            assert read_state() == before
            said.append(capsys.readouterr())
            contents.append(written.read_bytes() if written else b"")
    assert contents[0] == contents[1]
    assert [len(one.out.splitlines()) for one in said] == 2 * [len(said[0].out.splitlines())]
    return said[0].out + said[0].err


def test_run_ner_in_one_process(bert_folder, conll_file, tmp_path, capsys):
    files = ["--train_file", conll_file, "--validation_file", conll_file, "--test_file", conll_file]
    steps = ["--do_train", "--do_eval", "--do_predict", "--max_steps", 2, "--overwrite_output_dir"]
    output = ["--output_dir", tmp_path / "model", "--logging_dir", tmp_path / "logs", "--disable_tqdm", "true"]
    argv = [str(word) for word in ["--model_name_or_path", bert_folder, *files, *steps, *output]]

    said = check_twice(lambda: run_ner.main(argv), capsys, tmp_path / "model" / "predictions.conll")
    for noise in ("Ledger(", "LOAD REPORT", "Loading weights", "Writing model shards"):
        assert noise not in said
    for needed in ("nothing cut", "New classification head", f"{tmp_path}/model/report/report.html", "--do_predict"):
        assert needed in said
    for file in (tmp_path / "model" / "all_results.json", tmp_path / "model" / "predictions.conll"):
        assert file.is_file()
        assert str(file) in said


def test_a_training_with_a_spec_in_one_process(bert_folder, tmp_path, capsys):
    (tmp_path / "iob").mkdir()
    for name in ("train", "dev"):
        write_sentences(tmp_path / "iob" / f"{name}.txt")
    convert = ["dataset_convert", f"source_data_dir={tmp_path}/iob", f"target_data_dir={tmp_path}/data"]
    check_twice(lambda: cli.run(convert), capsys)
    settings = [f"data_dir={tmp_path}/data", f"model.language_model.pretrained_model_name={bert_folder}"]
    train = ["train", "-r", str(tmp_path / "results"), *settings, "trainer.max_steps=2", "report=false"]
    said = check_twice(lambda: cli.run(train), capsys)
    assert "token_classification infer -m" in said
    assert "LOAD REPORT" not in said


def test_a_check_in_one_process(conll_file, capsys):
    check_twice(lambda: cli.run(["check", str(conll_file)]) and 0, capsys)


def test_sigterm_ends_a_command_like_an_error_and_only_meanwhile():
    before, cleaned = signal.getsignal(signal.SIGTERM), []

    def be_told_to_end() -> None:
        with ending_at_sigterm():
            try:
                os.kill(os.getpid(), signal.SIGTERM)
                signal.pause()
            finally:
                cleaned.append(True)

    with pytest.raises(SystemExit, match="143"):
        be_told_to_end()
    assert cleaned
    assert signal.getsignal(signal.SIGTERM) is before
