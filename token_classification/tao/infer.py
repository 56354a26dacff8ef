"""`infer`: tags behind the words of some texts, or the entities of a file of any size in a file."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from token_classification.quick_imports import quick_imports
from token_classification.tao.command_flags import add_spec_flags

if TYPE_CHECKING:
    from omegaconf import DictConfig


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declare the flags and keys of `infer`."""
    add_spec_flags(parser, "infer")
    parser.add_argument("--resume", action="store_true", help="go on where a killed run on input_file stopped")


def run(options: argparse.Namespace) -> int:
    """Read the spec and do the work in the results folder."""
    with quick_imports():
        from token_classification.tao.commands import run_with_spec
        from token_classification.tao.tagging import infer, infer_in_bulk, is_bulk

    def work(spec: "DictConfig", results: Path, key: str | None) -> None:
        is_for_files = is_bulk(spec, has_spec_file=options.experiment_spec is not None)
        (infer_in_bulk if is_for_files else infer)(spec, results, key)

    return run_with_spec(options, work)
