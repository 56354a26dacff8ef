"""The report on a split as files: for programs, for the terminal, for a browser, and as pictures."""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from token_classification.data.results_folder import claim_files
from token_classification.data.whole_files import explain_unwritable, replace_whole, write_whole
from token_classification.extras import describe_missing
from token_classification.output_text import dump_json
from token_classification.reporting.confusion import can_draw, draw_confusion_matrix
from token_classification.reporting.evaluation import Evaluation
from token_classification.reporting.evaluation_page import build_page
from token_classification.reporting.evaluation_record import TrainingCourse, build_record, read_course
from token_classification.reporting.evaluation_text import format_evaluation
from token_classification.reporting.predictions import PREDICTIONS, write_tagged_words
from token_classification.reporting.robustness import Robustness, build_robustness_record, format_robustness
from token_classification.reporting.training_curve import draw_training_curve

logger = logging.getLogger(__name__)

REPORT_FOLDER = "report"
CONFUSION_PICTURE, CURVE_PICTURE = "confusion_matrix.png", "training_curve.png"
REPORT_FILES = ("report.json", "report.txt", "report.html", PREDICTIONS, CONFUSION_PICTURE, CURVE_PICTURE)


def write_evaluation_report(
    folder: Path,
    evaluation: Evaluation,
    log_history: Sequence[Mapping[str, float]] = (),
    robustness: Robustness | None = None,
) -> None:
    """Write `report.json`, `report.txt`, `report.html`, `predictions.conll` and the pictures into the folder.

    Each file appears whole or not at all and replaces that of an earlier report. Without matplotlib there are no
    pictures, and the log says so.

    Args:
        folder: Where to write; it need not exist.
        evaluation: What to report.
        log_history: What the Trainer logged, for the training curve.
        robustness: What perturbations do to the scores, if that was measured.

    Raises:
        UserError: the folder can't be written to.
    """
    with explain_unwritable(folder):
        folder.mkdir(parents=True, exist_ok=True)
    claim_files(folder, REPORT_FILES)
    split, course = evaluation.split, read_course(log_history)
    record, text = build_record(evaluation, course), format_evaluation(evaluation)
    if robustness is not None:
        record["robustness"] = build_robustness_record(robustness)
        text += f"\n{format_robustness(robustness)}\n"
    write_whole(folder / "report.json", dump_json(record))
    write_whole(folder / "report.txt", text)
    write_whole(folder / "report.html", build_page(record, evaluation))
    write_tagged_words(folder / PREDICTIONS, split.sentences, split.predicted)
    _draw_pictures(folder, evaluation, course)
    logger.info("Report on the %s split: %s", split.name, folder / "report.html")


def _draw_pictures(folder: Path, evaluation: Evaluation, course: TrainingCourse) -> None:
    """Draw what can be drawn, and remove the other pictures of an earlier report, which show something else."""
    split = evaluation.split
    pictures: dict[str, Callable[[Path], object]] = {}
    if find_spec("matplotlib") is None:
        logger.warning("No pictures in %s: %s", folder, describe_missing("matplotlib"))
    else:
        if can_draw(evaluation.tag_names):
            pictures[CONFUSION_PICTURE] = partial(draw_confusion_matrix, split.sentences.gold, split.predicted)
        if course:
            pictures[CURVE_PICTURE] = partial(draw_training_curve, course)
    for name in (CONFUSION_PICTURE, CURVE_PICTURE):
        if name in pictures:
            replace_whole(folder / name, pictures[name])
        else:
            (folder / name).unlink(missing_ok=True)
