"""The report on a split, as files: for programs, for the terminal, for a browser, as pictures."""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from token_classification.output_text import dump_json
from token_classification.reporting.confusion import draw_confusion_matrix
from token_classification.reporting.evaluation import Evaluation
from token_classification.reporting.evaluation_page import DRAWN_TAGS, build_page
from token_classification.reporting.evaluation_record import build_record, read_course
from token_classification.reporting.evaluation_text import format_evaluation
from token_classification.reporting.predictions import PREDICTIONS, write_tagged_words
from token_classification.reporting.training_curve import draw_training_curve

logger = logging.getLogger(__name__)

REPORT_FOLDER = "report"


def write_evaluation_report(
    folder: Path, evaluation: Evaluation, log_history: Sequence[Mapping[str, float]] = ()
) -> None:
    """Write `report.json`, `report.txt`, `report.html`, `predictions.conll` and the pictures into the folder.

    Each file appears whole or not at all. Without matplotlib there are no pictures, and the log says so.

    Args:
        folder: Made if it doesn't exist.
        evaluation: What to report.
        log_history: What the Trainer logged, for the course of the training.
    """
    folder.mkdir(parents=True, exist_ok=True)
    split, course = evaluation.split, read_course(log_history)
    record = build_record(evaluation, course)
    texts = {
        "report.json": dump_json(record),
        "report.txt": format_evaluation(evaluation),
        "report.html": build_page(record, evaluation),
    }
    for name, text in texts.items():
        _write_whole(folder / name, partial(Path.write_text, data=text, encoding="utf-8"))
    write_tagged_words(folder / PREDICTIONS, split.sentences, split.predicted)
    if find_spec("matplotlib") is None:
        logger.warning("No pictures in %s: they need matplotlib (pip install matplotlib).", folder)
    else:
        if len(evaluation.tag_names) <= DRAWN_TAGS:
            draw = partial(draw_confusion_matrix, split.sentences.tags, split.predicted)
            _write_whole(folder / "confusion_matrix.png", draw)
        else:
            logger.warning("No confusion_matrix.png of more than %s tags; report.json has the counts.", DRAWN_TAGS)
        if course:
            _write_whole(folder / "training_curve.png", partial(draw_training_curve, course))
    if log_history and not course:
        logger.info("No training curve: less than two points were logged (--logging_steps 50 --eval_strategy epoch).")
    logger.info("Report on the %s split: %s", split.name, folder / "report.html")


def _write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write under another name and rename when it is done."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write(unfinished)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
