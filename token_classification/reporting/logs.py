"""Log lines as the upstream script writes them: `MM/DD/YYYY HH:MM:SS - LEVEL - module - text` (behaviour.md H11)."""

import logging
import sys

import datasets
import transformers
from transformers import TrainingArguments


def configure_logging(training: TrainingArguments) -> None:
    """Set up logging on stdout; only the main process logs more than warnings."""
    logging.basicConfig(
        format="%(asctime)s - %(levelname)s - %(name)s - %(message)s",
        datefmt="%m/%d/%Y %H:%M:%S",
        handlers=[logging.StreamHandler(sys.stdout)],
    )
    if training.should_log:
        transformers.utils.logging.set_verbosity_info()
    level = training.get_process_log_level()
    logging.getLogger("token_classification").setLevel(level)
    logging.getLogger("run_ner").setLevel(level)
    datasets.utils.logging.set_verbosity(level)
    transformers.utils.logging.set_verbosity(max(level, logging.WARNING))
