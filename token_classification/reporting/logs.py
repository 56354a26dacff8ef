"""Log lines as the upstream script writes them: `MM/DD/YYYY HH:MM:SS - LEVEL - module - text` (behaviour.md H11)."""

import logging
import sys

import datasets
import transformers

from token_classification.arguments import NerTrainingArguments


def configure_logging(training: NerTrainingArguments) -> None:
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
    logging.getLogger("run_ner").info("%s", describe_speed(training))
    datasets.utils.logging.set_verbosity(level)
    # The library warns in every process of the same things: the first one's word is enough.
    transformers.utils.logging.set_verbosity(max(level, logging.WARNING) if training.should_log else logging.ERROR)


def describe_speed(training: NerTrainingArguments) -> str:
    """What was chosen for this machine, and how to choose otherwise."""
    precision = training.mixed_precision if training.mixed_precision != "no" else "float32"
    return (
        f"Device {training.device}, matrix products in {precision} (--mixed_precision), batches "
        f"{training.train_sampling_strategy} (--train_sampling_strategy), sentences of a batch "
        f"{'in shared rows' if training.pack_windows else 'padded'} (--pack_windows)."
    )
