"""`learning_curve`: how F1 grows with the training data, and what more of them should bring."""

import argparse
from pathlib import Path

from token_classification.commands.flags import add_column_flags
from token_classification.commands.wording import COMMON_WORDS, speaking
from token_classification.quick_imports import quick_imports

TRAINING = ("num_train_epochs", "learning_rate", "per_device_train_batch_size")


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of `learning_curve`."""
    parser.add_argument("-m", "--model", metavar="ENCODER", required=True, help="pre-trained encoder that learns")
    parser.add_argument("--train_file", type=Path, metavar="FILE", required=True, help="labelled file, of any format")
    parser.add_argument(
        "--validation_file", type=Path, metavar="FILE", required=True, help="what models are scored on"
    )
    parser.add_argument(
        *("-r", "--results_dir"),
        type=Path,
        default=Path("learning_curve"),
        metavar="OUT",
        help="results (default: learning_curve)",
    )
    parser.add_argument(
        "--parts", type=int, default=5, metavar="N", help="parts of the file, each half of the next (default: 5)"
    )
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="trainings on each part (default: 3)")
    parser.add_argument(
        "--more", type=int, default=1000, metavar="N", help="further sentences to ask about (default: 1000)"
    )
    parser.add_argument("--num_train_epochs", type=float, metavar="X", help="through all of the file (default: 5)")
    parser.add_argument("--learning_rate", type=float, metavar="RATE", help="of the encoder (default: 2e-4)")
    parser.add_argument("--per_device_train_batch_size", type=int, metavar="N", help="sentences a step (default: 16)")
    add_column_flags(parser)


def run(options: argparse.Namespace) -> int:
    """Measure a learning curve.

    Raises:
        UserError: whatever stops it.
    """
    with quick_imports():
        from token_classification.auditing.fold_training import RECIPE
        from token_classification.checking.files import ColumnChoice
        from token_classification.data.results_folder import lock_folder
        from token_classification.learning_curve.measure import measure_learning_curve
        from token_classification.learning_curve.points import CurveSettings
    columns = ColumnChoice(options.text_column_name, options.label_column_name, options.task_name, options.annotator)
    typed = {name: getattr(options, name) for name in TRAINING}
    recipe = {**RECIPE, **{name: value for name, value in typed.items() if value is not None}}
    settings = CurveSettings(options.model, options.parts, options.seeds, options.task_name, recipe)
    with speaking(COMMON_WORDS), lock_folder(options.results_dir, "-r"):
        measure_learning_curve(
            options.train_file, options.validation_file, columns, settings, options.more, options.results_dir
        )
    return 0
