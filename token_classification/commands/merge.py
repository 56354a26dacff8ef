"""`merge`: a whole model from an adapter and its encoder."""

import argparse
from pathlib import Path

from token_classification.quick_imports import quick_imports


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of `merge`."""
    parser.add_argument(
        "-m", "--model", type=Path, metavar="ADAPTER", required=True, help="output folder of run_ner.py --lora_rank"
    )
    parser.add_argument("-r", "--results_dir", type=Path, metavar="OUT", required=True, help="folder of the new model")


def run(options: argparse.Namespace) -> int:
    """Write the model that an adapter and its encoder are together.

    Raises:
        UserError: see `write_merged`.
    """
    with quick_imports():
        from token_classification.modeling.merge import write_merged
    write_merged(options.model, options.results_dir)
    return 0
