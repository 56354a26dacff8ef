"""`average`: one model from several trainings."""

import argparse
from pathlib import Path

from token_classification.quick_imports import quick_imports


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of `average`."""
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="output folder of a training")
    parser.add_argument("-r", "--results_dir", type=Path, metavar="OUT", required=True, help="folder of the new model")


def run(options: argparse.Namespace) -> int:
    """Average the models of some runs.

    Raises:
        UserError: see `average_models`.
    """
    with quick_imports():
        from token_classification.modeling.average import average_models
    average_models(options.runs, options.results_dir)
    return 0
