"""A learning curve from a labelled file: measured, fitted, written as a table, JSON and a picture."""

import logging
from pathlib import Path

from token_classification.arguments.model import ModelArguments
from token_classification.auditing.read_file import read_labelled_file
from token_classification.checking.files import ColumnChoice
from token_classification.data.inputs import keep_inputs
from token_classification.data.results_folder import check_own_files, claim_files, refuse_overwriting_inputs
from token_classification.data.whole_files import write_file_set
from token_classification.errors import UserError
from token_classification.learning_curve.fit import LearningCurve, fit_curve
from token_classification.learning_curve.picture import draw_picture
from token_classification.learning_curve.points import CurveSettings, check_validation, choose_sizes, measure_points
from token_classification.learning_curve.record import build_record, format_curve
from token_classification.modeling.build import load_config
from token_classification.modeling.source import find_model_folder, hash_model
from token_classification.output_text import dump_json, make_printable

logger = logging.getLogger(__name__)

RECORD, TABLE, PICTURE = "learning_curve.json", "learning_curve.txt", "learning_curve.svg"
LEAST_PARTS, MOST_PARTS = 4, 8
"""The law has three numbers: fewer points would always fit it; with more, the smallest part is a 256th"""


def measure_learning_curve(
    train_file: Path, validation_file: Path, columns: ColumnChoice, settings: CurveSettings, more: int, folder: Path
) -> LearningCurve:
    """Measure how F1 grows with the training data, and write what more of them should bring.

    Args:
        train_file: Labelled sentences, of which the parts are.
        validation_file: What every model is scored on.
        columns: Those of both files.
        settings: Which encoder learns, from how many parts, how often.
        more: How many further sentences are asked about.
        folder: Where the results are written, and those of each training.

    Raises:
        UserError: numbers that are not accepted, too little data, or something wrong with the encoder or the folder.
    """
    check_numbers(settings, more)
    names = (TABLE, RECORD, PICTURE)
    with keep_inputs() as opened:
        train, validation = (read_labelled_file(path, columns) for path in (train_file, validation_file))
        refuse_overwriting_inputs({f"-r: {name}:": folder / name for name in names}, list(opened))
        check_own_files(folder, names, "give another -r")
    sizes = choose_sizes(train, settings.parts)
    check_validation(validation)
    load_config(ModelArguments(settings.encoder))
    version = hash_model(find_model_folder(settings.encoder))
    counts = measure_points(train, validation, settings, folder, version)
    curve = fit_curve(counts, sizes, more)
    files = {"train_file": str(train_file), "validation_file": str(validation_file)}
    contents = {
        TABLE: format_curve(curve) + "\n",
        RECORD: dump_json(build_record(curve, settings, files)),
        PICTURE: draw_picture(curve),
    }
    claim_files(folder, names)
    write_file_set(folder, contents)
    print(f"{format_curve(curve)}\n\nPicture: {make_printable(str(folder / PICTURE))}")
    return curve


def check_numbers(settings: CurveSettings, more: int) -> None:
    """Check how many parts, seeds and further sentences are asked for.

    Raises:
        UserError: a number that is not accepted.
    """
    if not LEAST_PARTS <= settings.parts <= MOST_PARTS:
        raise UserError(
            f"--parts {settings.parts}: accepted are {LEAST_PARTS} to {MOST_PARTS}, each part twice as large as the "
            "one before; type --parts 5"
        )
    if settings.seeds < 2:
        raise UserError(
            f"--seeds {settings.seeds}: one training says nothing of how much they differ; accepted: 2 or more; type "
            "--seeds 3"
        )
    if more < 1:
        raise UserError(f"--more {more}: accepted: 1 sentence or more; type --more 1000")
