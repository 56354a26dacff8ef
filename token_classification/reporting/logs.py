"""Log lines as the upstream script writes them: `MM/DD/YYYY HH:MM:SS - LEVEL - module - text`."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import datasets
import transformers

from token_classification.arguments.training import NerTrainingArguments
from token_classification.output_text import make_printable_lines

logger = logging.getLogger(__name__)

CONFIGURED_LOGGERS = (None, "token_classification", "transformers", "datasets")
"""Loggers that commands set up; None is that of all"""


class PrintableFormatter(logging.Formatter):
    """Spells out what a terminal would obey: lines may quote labels, words and file names."""

    def format(self, record: logging.LogRecord) -> str:
        """Format one record, traceback included."""
        return make_printable_lines(super().format(record))


@contextmanager
def kept_loggers() -> Iterator[None]:
    """Put the loggers that a command sets up back as they were, for whatever else the process does."""
    loggers = [logging.getLogger(name) for name in CONFIGURED_LOGGERS]
    before = [(logger, list(logger.handlers), logger.level, logger.propagate) for logger in loggers]
    try:
        yield
    finally:
        for logger, handlers, level, propagate in before:
            for handler in {*logger.handlers} - {*handlers}:
                handler.close()
            logger.handlers[:] = handlers
            logger.setLevel(level)
            logger.propagate = propagate


@contextmanager
def logging_of_run(training: NerTrainingArguments) -> Iterator[None]:
    """Log a run to stdout; only the main process logs more than warnings."""
    with kept_loggers():
        _configure_logging(training)
        yield


def _configure_logging(training: NerTrainingArguments) -> None:
    handler = logging.StreamHandler(sys.stdout)
    line = "%(asctime)s - %(levelname)s - %(name)s - %(message)s"
    handler.setFormatter(PrintableFormatter(line, datefmt="%m/%d/%Y %H:%M:%S"))
    logging.basicConfig(handlers=[handler])
    if training.should_log:
        transformers.utils.logging.set_verbosity_info()
    level = training.get_process_log_level()  # type: ignore[no-untyped-call]  # the library has no type for it
    logging.getLogger("token_classification").setLevel(level)
    logger.info("%s", describe_speed(training))
    datasets.utils.logging.set_verbosity(level)
    # The library gives the same warnings in every process: those of the first are enough.
    transformers.utils.logging.set_verbosity(max(level, logging.WARNING) if training.should_log else logging.ERROR)


def describe_speed(training: NerTrainingArguments) -> str:
    """Say what was chosen for this machine, and which flags choose differently."""
    precision = training.mixed_precision if training.mixed_precision != "no" else "float32"
    return (
        f"Device: {training.device}; matrix products in {precision} (--mixed_precision); batches: "
        f"{training.train_sampling_strategy} (--train_sampling_strategy); sentences of a batch "
        f"{'share rows' if training.pack_windows else 'are padded'} (--pack_windows)."
    )
