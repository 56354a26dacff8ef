"""Log lines and log files as NeMo writes them: `[NeMo I 2026-11-23 10:00:00 train:93] text`."""

import logging
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import transformers

from token_classification.errors import RejectedError, StoppedError, UserError
from token_classification.output_text import make_printable_lines
from token_classification.reporting.logs import kept_loggers
from token_classification.tao.dialect import rewrite_flags

ERROR_LOG = "nemo_error_log.txt"
ENGINE, DIALECT = ("token_classification", "run_ner"), "token_classification.tao"
"""Loggers whose lines name flags of `run_ner.py`, except for those of this dialect"""


class NemoFormatter(logging.Formatter):
    """Prefixes lines with the level's first letter, time, module and line; further lines are indented by four blanks.

    What the engine says is put into the words of the command.
    """

    def __init__(self, command: str) -> None:
        super().__init__("[NeMo %(levelname).1s %(asctime)s %(module)s:%(lineno)d] %(message)s", "%Y-%m-%d %H:%M:%S")
        self.command = command

    def format(self, record: logging.LogRecord) -> str:
        """Format one record, traceback included."""
        text = super().format(record)
        if record.name.startswith(ENGINE) and not record.name.startswith(DIALECT):
            text = rewrite_flags(text, self.command)
        return make_printable_lines(text).replace("\n", "\n    ")


class StdoutHandler(logging.StreamHandler[TextIO]):
    """Writes to what stdout is at that moment, which may be another one than when the handler was made."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # an attribute of the class above
        """Return the stdout of this moment."""
        return sys.stdout


@contextmanager
def tao_logging(results_dir: Path | None, command: str) -> Iterator[None]:
    """Log to stdout and, with a results folder, to a file there for each process; errors also to a file of their own.

    In a distributed run, all processes but the first write only errors to stdout.

    Args:
        results_dir: `-r`; made if it does not exist.
        command: The command whose words the engine's lines are put into.
    """
    with kept_loggers():
        _configure_logging(results_dir, command)
        yield


def _configure_logging(results_dir: Path | None, command: str) -> None:
    rank, local_rank = os.environ.get("RANK", "0"), os.environ.get("LOCAL_RANK", "0")
    _add_handler(StdoutHandler(), logging.INFO if rank == "0" else logging.ERROR, command)
    if results_dir is not None:
        results_dir.mkdir(parents=True, exist_ok=True)
        own_log = results_dir / f"nemo_log_globalrank-{rank}_localrank-{local_rank}.txt"
        _add_handler(logging.FileHandler(own_log, encoding="utf-8"), logging.INFO, command)
        _add_handler(logging.FileHandler(results_dir / ERROR_LOG, encoding="utf-8"), logging.ERROR, command)
    logging.getLogger("token_classification").setLevel(logging.INFO)
    # Otherwise its lines would lack the prefix, and would not be in the files.
    transformers.utils.logging.disable_default_handler()
    transformers.utils.logging.enable_propagation()


@contextmanager
def log_failures() -> Iterator[None]:
    """Write what ends this block to the log files, too; the terminal gets it from `run_command`."""
    try:
        yield
    except Exception as error:
        is_foreseen = isinstance(error, (UserError, RejectedError, StoppedError))
        place = traceback.extract_tb(error.__traceback__)[-1]
        record = logging.LogRecord(
            name=ENGINE[0],
            level=logging.ERROR,
            pathname=place.filename,
            lineno=place.lineno or 0,
            msg="%s",
            args=(error,),
            exc_info=None if is_foreseen else sys.exc_info(),
        )
        for handler in _list_own_handlers():
            if isinstance(handler, logging.FileHandler):
                handler.handle(record)
        raise


def _add_handler(handler: logging.Handler, level: int, command: str) -> None:
    handler.setLevel(level)
    handler.setFormatter(NemoFormatter(command))
    logging.getLogger().addHandler(handler)


def _list_own_handlers() -> list[logging.Handler]:
    return [handler for handler in logging.getLogger().handlers if isinstance(handler.formatter, NemoFormatter)]
