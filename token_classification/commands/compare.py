"""`compare`: two runs on the same test set, from their predictions on disk."""

import argparse

from token_classification.quick_imports import quick_imports


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of `compare`."""
    place = "output folder of a run, its report folder, or a predictions.conll"
    parser.add_argument("run_a", metavar="RUN_A", help=place)
    parser.add_argument("run_b", metavar="RUN_B", help="the run to compare with it")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Print how two runs differ.

    Raises:
        UserError: a run has no predictions with gold, or the test sets are not the same.
    """
    with quick_imports():
        from token_classification.output_text import dump_json
        from token_classification.reporting.compare import (
            build_comparison_record,
            compare_runs,
            format_comparison,
            read_run,
        )
    comparison = compare_runs(read_run(options.run_a), read_run(options.run_b))
    if options.json:
        print(dump_json(build_comparison_record(comparison)), end="")
    else:
        print(format_comparison(comparison))
    return 0
