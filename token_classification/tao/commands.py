"""What every command does before its own work: results folder, log, spec, model, key, processes."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from omegaconf import DictConfig

from token_classification.data.results_folder import check_own_files, claim_files, lock_folder
from token_classification.data.schemes import Scheme
from token_classification.data.whole_files import write_whole
from token_classification.errors import UserError
from token_classification.tao.archive.key import check_new_key, read_key
from token_classification.tao.assess import evaluate
from token_classification.tao.command_flags import FLAG_COMMANDS, REQUIRED, list_idle_flags
from token_classification.tao.command_keys import dump_spec
from token_classification.tao.convert import convert_file, convert_folder
from token_classification.tao.export import export
from token_classification.tao.infer import infer, infer_in_bulk, is_bulk
from token_classification.tao.learn import finetune, train
from token_classification.tao.logs import (
    COMMAND_LINE_LOG,
    configure_tao_logging,
    hide_key,
    log_failures,
    write_command_line,
)
from token_classification.tao.processes import WORKER_VARIABLE, launch_processes
from token_classification.tao.settings import read_flag
from token_classification.tao.spec import load_spec

logger = logging.getLogger(__name__)

WORK = {"train": train, "finetune": finetune, "evaluate": evaluate, "infer": infer, "export": export}

SPEC_FILE = "spec.yaml"
OWN_FILES = (SPEC_FILE, COMMAND_LINE_LOG)
"""What each command writes into its results folder; logs are added to, and cost nobody anything"""


def run(options: argparse.Namespace, overrides: Sequence[str]) -> None:
    """Prepare and run a command that has a spec."""
    key = read_key(options.key)
    if key is not None and options.command in ("train", "finetune"):
        check_new_key(key)
    command_line = hide_key(sys.argv)
    sys.argv = command_line
    if options.command == "dataset_convert":
        configure_tao_logging(Path(options.results_dir) if options.results_dir else None, options.command)
        say_idle_flags(options)
        convert(options, load_spec(options.command, options.experiment_spec, overrides, []))
        return
    if not options.results_dir:
        raise UserError(f"-r RESULTS is missing: the folder for the results of {options.command}.")
    # infer and export run in one process: several would print and write the same.
    if (options.gpus or 1) > 1 and options.command in FLAG_COMMANDS["-g"] and WORKER_VARIABLE not in os.environ:
        launch_processes(_without_key(options, overrides), options.gpus, key)
    results = Path(options.results_dir)
    is_first = os.environ.get("RANK", "0") == "0"
    with lock_folder(results, "-r") if is_first else nullcontext():
        if is_first:
            check_own_files(results, OWN_FILES, "give another -r")
            claim_files(results, OWN_FILES)
        configure_tao_logging(results, options.command)
        say_idle_flags(options)
        with log_failures():
            run_on_spec(options, overrides, results, key, command_line)


def say_idle_flags(options: argparse.Namespace) -> None:
    """Warn of flags that the command accepts and has no use for."""
    for flag in list_idle_flags(options):
        logger.warning("%s decides nothing in %s", flag, options.command)


def run_on_spec(
    options: argparse.Namespace,
    overrides: Sequence[str],
    results: Path,
    key: str | None,
    command_line: Sequence[str],
) -> None:
    """Read the spec of a command and do its work, in a results folder that is its own."""
    flags = [read_flag("-r", "exp_manager.explicit_log_dir", options.results_dir)]
    flags += [read_flag("-m", "restore_from", options.model)] if options.model else []
    flags += [read_flag("-g", "trainer.gpus", str(options.gpus))] if options.gpus else []
    flags += [read_flag("--resume", "resume", "true")] if options.command == "infer" and options.resume else []
    spec = load_spec(options.command, options.experiment_spec, overrides, REQUIRED[options.command], flags)
    if options.gpus is None and spec.trainer.gpus > 1:
        raise UserError(f"trainer.gpus={spec.trainer.gpus}: several processes are started by the flag -g instead.")
    log_spec(dump_spec(spec, options.command), results, command_line)
    work = WORK[options.command]
    if work is infer and is_bulk(spec, has_spec_file=options.experiment_spec is not None):
        work = infer_in_bulk
    work(spec, results, key)
    logger.info("Internal process exited")


def log_spec(text: str, results: Path, command_line: Sequence[str]) -> None:
    """Log the resolved spec and leave it in the results folder."""
    logger.info("Spec file:\n%s", text)
    logger.info("Experiments will be logged at %s", results)
    if os.environ.get("RANK", "0") == "0":
        write_whole(results / SPEC_FILE, text)
        write_command_line(results, command_line[1:])


def convert(options: argparse.Namespace, spec: DictConfig) -> None:
    """`dataset_convert`: a folder, or one file.

    Raises:
        UserError: neither is given, an unknown scheme, or something wrong in the data.
    """
    schemes = [str(scheme) for scheme in Scheme if scheme != Scheme.PLAIN]
    if spec.scheme is not None and spec.scheme not in schemes:
        raise UserError(f"scheme={spec.scheme}: accepted are {', '.join(schemes)}, or none to keep the tags.")
    scheme = None if spec.scheme is None else Scheme(spec.scheme)
    if options.data_file:
        conversion = convert_file(Path(options.data_file), options.max_length, scheme)
    elif spec.source_data_dir and spec.target_data_dir:
        with lock_folder(Path(spec.target_data_dir), "target_data_dir"):
            conversion = convert_folder(Path(spec.source_data_dir), Path(spec.target_data_dir), scheme)
    else:
        raise UserError(
            "dataset_convert needs source_data_dir=FOLDER (train.txt, dev.txt, test.txt) and target_data_dir=FOLDER, "
            "or --data_file FILE."
        )
    for split, sentences in conversion.sentences.items():
        logger.info("%s: %s sentences, %s words", split, f"{sentences:,}", f"{conversion.words[split]:,}")
    for path in conversion.files:
        logger.info("%s written", path)


def _without_key(options: argparse.Namespace, overrides: Sequence[str]) -> list[str]:
    """The command line of a worker: it finds the key in the environment."""
    flags = {"-e": options.experiment_spec, "-r": options.results_dir, "-m": options.model, "-g": str(options.gpus)}
    given = [part for flag, value in flags.items() if value is not None for part in (flag, value)]
    return [options.command, *given, *overrides]
