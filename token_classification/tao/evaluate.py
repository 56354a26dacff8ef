"""`evaluate`: NeMo's report on every word of a labelled file, then the scores of whole entities."""

import argparse

from token_classification.quick_imports import quick_imports
from token_classification.tao.command_flags import add_spec_flags


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declare the flags and keys of `evaluate`."""
    add_spec_flags(parser, "evaluate")


def run(options: argparse.Namespace) -> int:
    """Read the spec and do the work in the results folder."""
    with quick_imports():
        from token_classification.tao.assess import evaluate
        from token_classification.tao.commands import run_with_spec
    return run_with_spec(options, evaluate)
