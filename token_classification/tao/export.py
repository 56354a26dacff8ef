"""`export`: a trained model in the format of a faster runtime, if it scores as before."""

import argparse

from token_classification.quick_imports import quick_imports
from token_classification.tao.command_flags import add_spec_flags


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declare the flags and keys of `export`."""
    add_spec_flags(parser, "export")


def run(options: argparse.Namespace) -> int:
    """Read the spec and do the work in the results folder."""
    with quick_imports():
        from token_classification.tao.commands import run_with_spec
        from token_classification.tao.exporting import export
    return run_with_spec(options, export)
