"""`audit`: which labels of a file are wrong."""

import argparse
from pathlib import Path

from token_classification.commands.flags import add_column_flags
from token_classification.commands.wording import COMMON_WORDS, speaking
from token_classification.errors import UserError
from token_classification.quick_imports import quick_imports


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of `audit`."""
    parser.add_argument("file", type=Path, metavar="FILE", help="labelled file, in any format that training reads")
    parser.add_argument("-m", "--model", metavar="ENCODER", help="pre-trained encoder that learns the labels")
    parser.add_argument(
        "-r", "--results_dir", type=Path, default=Path("audit"), metavar="OUT", help="results (default: audit)"
    )
    parser.add_argument(
        "--folds", type=int, default=5, metavar="N", help="parts, each read by a model of the others (default: 5)"
    )
    parser.add_argument("--seed", type=int, default=42, metavar="N", help="of folds and trainings (default: 42)")
    parser.add_argument("--num_train_epochs", type=int, metavar="N", help="epochs of each training (default: 5)")
    parser.add_argument("--learning_rate", type=float, metavar="RATE", help="of the encoder (default: 2e-4)")
    parser.add_argument(
        "--num_workers",
        type=int,
        metavar="N",
        help="folds that are trained at the same time (default: one for every 4 cores; 1 with a GPU)",
    )
    parser.add_argument(
        "--apply", type=Path, metavar="DECISIONS", help="write the corrected file: decisions.json of the page"
    )
    add_column_flags(parser)


def run(options: argparse.Namespace) -> int:
    """Audit a file, or write its corrected copy.

    Raises:
        UserError: neither or both are asked for, or whatever stops them.
    """
    if (options.model is None) == (options.apply is None):
        found = "neither is" if options.model is None else "both are"
        raise UserError(
            f"audit needs -m ENCODER, to find labels that are wrong, or --apply decisions.json, to correct them; "
            f"{found} given; type one of them."
        )
    with quick_imports():
        from token_classification.auditing.audit import apply_decisions, audit_file
        from token_classification.auditing.fold_training import RECIPE, FoldSettings
        from token_classification.checking.files import ColumnChoice
        from token_classification.data.results_folder import lock_folder
    columns = ColumnChoice(options.text_column_name, options.label_column_name, options.task_name, options.annotator)
    with speaking(COMMON_WORDS), lock_folder(options.results_dir, "-r"):
        if options.apply is not None:
            apply_decisions(options.file, columns, options.apply, options.results_dir)
            return 0
        typed = {name: getattr(options, name) for name in ("num_train_epochs", "learning_rate")}
        recipe = {**RECIPE, **{name: value for name, value in typed.items() if value is not None}}
        settings = FoldSettings(options.model, options.folds, options.seed, options.task_name, recipe)
        audit_file(options.file, columns, settings, options.results_dir, options.num_workers)
    return 0
