"""What every command with a spec does before its own work: results folder, log, spec, model, key, processes."""

import argparse
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from omegaconf import DictConfig

from token_classification.data.results_folder import check_own_files, claim_files, lock_folder
from token_classification.data.whole_files import write_whole
from token_classification.errors import UserError
from token_classification.reporting.run_record import read_command_line
from token_classification.tao.archive.key import check_new_key, read_key
from token_classification.tao.command_flags import LAUNCHED, REQUIRED, list_idle_flags
from token_classification.tao.command_keys import dump_spec
from token_classification.tao.dialect import speaking_tao
from token_classification.tao.logs import log_failures, tao_logging
from token_classification.tao.processes import WORKER_VARIABLE, drop_key, launch_processes
from token_classification.tao.settings import read_flag
from token_classification.tao.spec import load_spec

logger = logging.getLogger(__name__)

Work = Callable[[DictConfig, Path, str | None], None]
"""What a command does with its spec, its results folder and the key"""

SPEC_FILE, COMMAND_LINE_LOG = "spec.yaml", "cmd-args.log"
OWN_FILES = (SPEC_FILE, COMMAND_LINE_LOG)
"""What each command writes to its results folder beside its logs, which are only appended to"""


@contextmanager
def open_log(options: argparse.Namespace, results: Path | None) -> Iterator[None]:
    """Log a command, and name the flags that decide nothing."""
    with tao_logging(results, options.command):
        for flag in list_idle_flags(options):
            logger.warning("%s decides nothing in %s", flag, options.command)
        yield


def run_with_spec(options: argparse.Namespace, work: Work) -> int:
    """Prepare and run a command that has a spec, and return its exit code."""
    options = argparse.Namespace(**{"model": None, "results_dir": None, "resume": False} | vars(options))
    with speaking_tao(options.command):
        key = read_key(options.key)
        if key is not None and options.command in ("train", "finetune"):
            check_new_key(key)
        if not options.results_dir:
            raise UserError(f"-r RESULTS is missing: the folder for the results of {options.command}.")
        if (options.gpus or 1) > 1 and options.command in LAUNCHED and WORKER_VARIABLE not in os.environ:
            launch_processes(drop_key(options.argv), options.gpus, key)
        results = Path(options.results_dir)
        is_first = os.environ.get("RANK", "0") == "0"
        with lock_folder(results, "-r") if is_first else nullcontext():
            if is_first:
                check_own_files(results, OWN_FILES, "give another -r")
                claim_files(results, OWN_FILES)
            with open_log(options, results), log_failures():
                spec = read_spec(options)
                log_spec(dump_spec(spec, options.command), results)
                work(spec, results, key)
                logger.info("Internal process exited")
    return 0


def read_spec(options: argparse.Namespace) -> DictConfig:
    """Read the spec of a command; its flags win over it.

    Raises:
        UserError: something is wrong with it; see `load_spec`.
    """
    flags = [read_flag("-r", "exp_manager.explicit_log_dir", str(options.results_dir))]
    flags += [read_flag("-m", "restore_from", options.model)] if options.model else []
    flags += [read_flag("-g", "trainer.gpus", str(options.gpus))] if options.gpus else []
    flags += [read_flag("--resume", "resume", "true")] if options.command == "infer" and options.resume else []
    # A file that is typed takes the place of the folder.
    required = [key for key in REQUIRED[options.command] if not (key == "data_dir" and hasattr(options, "test_file"))]
    spec = load_spec(options.command, options.experiment_spec, options.overrides, required, flags)
    if options.gpus is None and spec.trainer.gpus > 1:
        raise UserError(
            f"trainer.gpus={spec.trainer.gpus}: several processes are started with the flag -g {spec.trainer.gpus}."
        )
    return spec


def log_spec(text: str, results: Path) -> None:
    """Log the resolved spec, and leave it and the command line in the results folder."""
    logger.info("Spec file:\n%s", text)
    logger.info("Experiments will be logged at %s", results)
    if os.environ.get("RANK", "0") == "0":
        write_whole(results / SPEC_FILE, text)
        write_whole(results / COMMAND_LINE_LOG, " ".join(read_command_line()[1:]) + "\n")
